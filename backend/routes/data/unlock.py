"""The page of a store that does not open: enter its key, try again, restore."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Protocol

from backend.errors import HearthError, StoreClosedError
from backend.keys.database_key import MAX_SECRET_CHARS
from backend.keys.key_file import KeyMode
from backend.routes.pages import Pages, no_content
from backend.web.http import Request, Response, Router
from backend.web.rendering import Template

if TYPE_CHECKING:
    from collections.abc import Awaitable, Sequence

    from backend.container import Keeping, Services
    from backend.services.protection.backups import Backup

_SHOWN_BACKUPS = 5
_HOME = {"HX-Redirect": "/"}


class ClosedHouse(Protocol):
    """What can be done about a store that does not open."""

    @property
    def state(self) -> str:
        """Whether it is locked, or failed for another reason."""
        ...

    async def services(self) -> "Services":
        """Wait for the services."""
        ...

    async def unlock(self, secret: str) -> None:
        """Open it with a passphrase or a recovery code."""
        ...

    async def try_again(self) -> None:
        """Open it, now that something may have changed."""
        ...

    async def begin_anew(self) -> None:
        """Put a locked one away, and begin with an empty one."""
        ...

    def keeping(self) -> "Awaitable[Keeping]":
        """Return what works on its files."""
        ...


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


def build_router(house: ClosedHouse, pages: Pages) -> Router:
    """Return the routes of a closed store."""
    router = Router()

    @router.get("/unlock")
    async def show(request: Request) -> Response:
        return await answer(request)

    @router.post("/unlock")
    async def unlock(request: Request) -> Response:
        try:
            await house.unlock(request.form().get("secret", ""))
        except StoreClosedError:
            return await answer(request)
        except HearthError as exc:
            return await answer(request, str(exc))
        return no_content(_HOME)

    @router.post("/unlock/again")
    async def again(request: Request) -> Response:
        try:
            await house.try_again()
        except StoreClosedError:
            return await answer(request)
        return no_content(_HOME)

    @router.post("/unlock/anew")
    async def begin_anew(_: Request) -> Response:
        await house.begin_anew()
        return no_content(_HOME)

    async def answer(request: Request, problem: str = "") -> Response:
        try:
            await house.services()
        except StoreClosedError as exc:
            is_locked = house.state == "locked"
            keeping = await house.keeping()
            known = [] if is_locked else await keeping.backups.all()
            asks = await keeping.encryption.mode() is KeyMode.KEYRING
            shown = known[:_SHOWN_BACKUPS]
            view = UnlockView(str(exc), is_locked, shown, asks, problem)
            return pages.show(request, "Your data", view)
        return Response(status=303, headers={"Location": "/", **_HOME})

    return router
