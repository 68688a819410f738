"""The page of a store that does not open: enter its key, try again, restore."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from backend.errors import HearthError, StoreClosedError
from backend.keys.database_key import MAX_SECRET_CHARS
from backend.keys.key_file import KeyMode
from backend.routes.pages import Pages, no_content
from backend.store.store_state import StoreState
from backend.store_lifecycle import StoreLifecycle
from backend.web.http import Request, Response, Router
from backend.web.rendering import Template

if TYPE_CHECKING:
    from collections.abc import Sequence

    from backend.services.protection.backups import Backup

_SHOWN_BACKUPS = 5
_HOME = {"HX-Redirect": "/"}


@dataclass(frozen=True)
class UnlockView(Template):
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


def build_router(store: StoreLifecycle, pages: Pages) -> Router:
    """Return the routes of a closed store."""
    router = Router()

    @router.get("/unlock")
    async def show(request: Request) -> Response:
        return await answer(request)

    @router.post("/unlock")
    async def unlock(request: Request) -> Response:
        try:
            await store.unlock(request.form().get("secret", ""))
        except StoreClosedError:
            return await answer(request)
        except HearthError as exc:
            return await answer(request, str(exc))
        return no_content(_HOME)

    @router.post("/unlock/again")
    async def again(request: Request) -> Response:
        try:
            await store.try_again()
        except StoreClosedError:
            return await answer(request)
        return no_content(_HOME)

    @router.post("/unlock/anew")
    async def start_over(_: Request) -> Response:
        await store.start_over()
        return no_content(_HOME)

    async def answer(request: Request, problem: str = "") -> Response:
        try:
            await store.services()
        except StoreClosedError as exc:
            is_locked = store.state is StoreState.LOCKED
            offline = await store.offline()
            known = [] if is_locked else await offline.backups.all()
            asks = await offline.encryption.mode() is KeyMode.KEYRING
            shown = known[:_SHOWN_BACKUPS]
            view = UnlockView(str(exc), is_locked, shown, asks, problem)
            return pages.show(request, "Your data", view)
        return Response(status=303, headers={"Location": "/", **_HOME})

    return router
