"""The page of a store that does not open: enter its key, try again, restore."""

import asyncio
from typing import TYPE_CHECKING, ClassVar

from backend.errors import HearthError, StoreClosedError
from backend.keys.database_key import MAX_SECRET_CHARS
from backend.keys.key_file import KeyMode
from backend.routes.app_context import AppContext
from backend.routes.pages import no_content
from backend.store.states.store_state import StoreState
from backend.web.http import AppRouter, Request, Response
from backend.web.rendering import Template

if TYPE_CHECKING:
    from collections.abc import Sequence

    from backend.lifecycle.open_store import OfflineServices
    from backend.services.protection.backup_record import Backup

_SHOWN_BACKUPS = 5
_HOME = {"HX-Redirect": "/"}


class UnlockView(Template, frozen=True):
    """Why the store does not open, and the ways forward.

    Attributes:
        asks_keyring: Its key should be in the keyring, which can be asked again.
        problem: What was wrong with what was entered last; "" for nothing.
    """

    template: ClassVar[str] = "unlock/_view.html"
    sentence: str
    is_locked: bool
    backups: "Sequence[Backup]"
    asks_keyring: bool
    problem: str = ""
    max_chars: int = MAX_SECRET_CHARS


router = AppRouter[AppContext]()


@router.get("/unlock")
async def show(request: Request, app: AppContext) -> Response:
    """Show why the store does not open; of an open one, the first page."""
    return await _answer(request, app)


@router.post("/unlock")
async def unlock(request: Request, app: AppContext) -> Response:
    """Open a locked store with what was entered."""
    try:
        await app.store.unlock(request.form().get("secret", ""))
    except StoreClosedError:
        return await _answer(request, app)
    except HearthError as exc:
        return await _answer(request, app, str(exc))
    return no_content(_HOME)


@router.post("/unlock/again")
async def again(request: Request, app: AppContext) -> Response:
    """Try to open the store once more."""
    try:
        await app.store.try_again()
    except StoreClosedError:
        return await _answer(request, app)
    return no_content(_HOME)


@router.post("/unlock/anew")
async def start_over(_request: Request, app: AppContext) -> Response:
    """Put a locked store away and begin with an empty one."""
    await app.store.start_over()
    return no_content(_HOME)


async def _answer(request: Request, app: AppContext, problem: str = "") -> Response:
    try:
        await app.store.services()
    except StoreClosedError as exc:
        offline = await app.store.offline()
        view = await asyncio.to_thread(_view, app, offline, str(exc), problem)
        return app.pages.show(request, "Your data", view)
    return Response(status=303, headers={"Location": "/", **_HOME})


def _view(
    app: AppContext, offline: "OfflineServices", sentence: str, problem: str
) -> UnlockView:
    is_locked = app.store.state is StoreState.LOCKED
    known = [] if is_locked else offline.backups.all()
    asks = offline.encryption.mode() is KeyMode.KEYRING
    return UnlockView(sentence, is_locked, known[:_SHOWN_BACKUPS], asks, problem)
