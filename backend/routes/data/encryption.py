"""The page of the encryption: how it is, another way, the recovery code."""

import asyncio
from typing import TYPE_CHECKING, ClassVar

from backend.keys.database_key import MAX_SECRET_CHARS, MIN_PASSPHRASE_CHARS
from backend.live.notices import Toast
from backend.routes.app_context import OfflineContext
from backend.services.notices import Tone
from backend.web.http import AppRouter, Request, Response
from backend.web.rendering import Template

if TYPE_CHECKING:
    from backend.lifecycle.open_store import OfflineServices


class Code(Template, frozen=True):
    """A new recovery code, shown this once."""

    template: ClassVar[str] = "encryption/_code.html"
    code: str


class EncryptionView(Template, frozen=True):
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


router = AppRouter[OfflineContext]()


@router.get("/encryption")
def show(request: Request, app: OfflineContext) -> Response:
    """Show how the data is kept."""
    view = encryption_view(app.offline)
    return app.pages.show(request, "Encryption", view)


@router.post("/encryption/keyring")
async def use_keyring(request: Request, app: OfflineContext) -> Response:
    """Encrypt with a key in the keyring."""
    await app.offline.encryption.use_keyring()
    return await _done(request, app, "Encrypted with a key in the keyring.")


@router.post("/encryption/passphrase")
async def use_passphrase(request: Request, app: OfflineContext) -> Response:
    """Encrypt with a key that a passphrase opens."""
    form = request.form()
    await app.offline.encryption.use_passphrase(
        form.get("passphrase", ""), form.get("again", "")
    )
    return await _done(request, app, "Encrypted with your passphrase.")


@router.post("/encryption/none")
async def decrypt(request: Request, app: OfflineContext) -> Response:
    """Keep the data as plain files."""
    await app.offline.encryption.decrypt()
    return await _done(request, app, "Your data is no longer encrypted.")


@router.post("/encryption/code")
def make_code(_request: Request, app: OfflineContext) -> Response:
    """Show a new recovery code, once."""
    return app.pages.fragment(Code(app.offline.encryption.new_recovery_code()))


async def _done(request: Request, app: OfflineContext, sentence: str) -> Response:
    shown = await asyncio.to_thread(show, request, app)
    toast = app.pages.toast(Toast(sentence, tone=Tone.SUCCESS))
    return Response(body=f"{shown.body!s}{toast.body!s}")


def encryption_view(offline: "OfflineServices") -> EncryptionView:
    """Return how the data is kept, as the page shows it."""
    state = offline.encryption.state()
    mode = "none"
    if state.is_encrypted:
        kept = state.mode.value if state.mode else "none"
        mode = "given" if state.is_given else kept
    return EncryptionView(
        mode, state.has_recovery_code, state.keyring_problem, state.has_keyring
    )
