"""The page of the encryption: how it is, another way, the recovery code."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from backend.keys.database_key import MAX_SECRET_CHARS, MIN_PASSPHRASE_CHARS
from backend.live.notices import Toast
from backend.routes.pages import Pages
from backend.services.notices import Tone
from backend.web.http import Request, Response, Router
from backend.web.rendering import Template

if TYPE_CHECKING:
    from backend.container import GetOffline, OfflineServices


@dataclass(frozen=True)
class Code(Template):
    """A new recovery code, shown this once."""

    template: ClassVar[str] = "encryption/_code.html"
    code: str


@dataclass(frozen=True)
class EncryptionView(Template):
    """The page.

    Attributes:
        mode: "keyring", "passphrase", "given", or "none" while it is plain.
        problem: Why the keyring cannot be used; "" when it can.
        has_keyring: There is one, though it may be locked.
        least: How many characters a passphrase has at least.
    """

    template: ClassVar[str] = "encryption/_view.html"
    mode: str
    has_recovery_code: bool
    problem: str
    has_keyring: bool
    least: int = MIN_PASSPHRASE_CHARS
    max_chars: int = MAX_SECRET_CHARS


def build_router(offline: "GetOffline", pages: Pages) -> Router:
    """Return the routes of the encryption."""
    router = Router()

    @router.get("/encryption")
    async def show(request: Request) -> Response:
        return await answer(request)

    @router.post("/encryption/keyring")
    async def use_keyring(request: Request) -> Response:
        await (await offline()).encryption.use_keyring()
        return await answer(request, "Encrypted with a key in the keyring.")

    @router.post("/encryption/passphrase")
    async def use_passphrase(request: Request) -> Response:
        form = request.form()
        await (await offline()).encryption.use_passphrase(
            form.get("passphrase", ""), form.get("again", "")
        )
        return await answer(request, "Encrypted with your passphrase.")

    @router.post("/encryption/none")
    async def decrypt(request: Request) -> Response:
        await (await offline()).encryption.decrypt()
        return await answer(request, "Your data is no longer encrypted.")

    @router.post("/encryption/code")
    async def make_code(_request: Request) -> Response:
        code = await (await offline()).encryption.new_recovery_code()
        return pages.fragment(Code(code))

    async def answer(request: Request, done: str = "") -> Response:
        view = await encryption_view(await offline())
        shown = pages.show(request, "Encryption", view)
        if not done:
            return shown
        toast = pages.toast(Toast(done, tone=Tone.SUCCESS))
        return Response(body=f"{shown.body!s}{toast.body!s}")

    return router


async def encryption_view(offline: "OfflineServices") -> EncryptionView:
    """Return how the data is kept, as the page shows it."""
    state = await offline.encryption.state()
    mode = "none"
    if state.is_encrypted:
        kept = state.mode.value if state.mode else "none"
        mode = "given" if state.is_given else kept
    return EncryptionView(
        mode, state.has_recovery_code, state.keyring_problem, state.has_keyring
    )
