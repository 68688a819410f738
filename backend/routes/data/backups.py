"""The page of the backups."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final

from backend.errors import BackupLockedError, InvalidInputError
from backend.keys.database_key import MAX_SECRET_CHARS
from backend.live.notices import Toast
from backend.routes.pages import Pages, no_content
from backend.services.notices import Tone
from backend.stored_values import SnapshotReason
from backend.web.http import Request, Response, Router
from backend.web.rendering import Template

if TYPE_CHECKING:
    from backend.container import GetOffline
    from backend.services.protection.backups import Backup, Restored

_REASONS: Final[Mapping[str, str]] = {
    SnapshotReason.MANUAL: "Made by you",
    SnapshotReason.DAILY: "Daily",
    SnapshotReason.BEFORE_UPDATE: "Before an update",
    SnapshotReason.BEFORE_RESTORE: "Before a restore",
    SnapshotReason.BEFORE_REPAIR: "Before a repair",
    SnapshotReason.BEFORE_IMPORT: "Before an import",
}
_KB: Final = 1024


@dataclass(frozen=True)
class BackupItem(Template):
    """One backup."""

    template: ClassVar[str] = "backups/_item.html"
    backup: "Backup"
    reason: str
    size: str


@dataclass(frozen=True)
class BackupList(Template):
    """All backups."""

    template: ClassVar[str] = "backups/_list.html"
    items: Sequence[BackupItem]


@dataclass(frozen=True)
class BackupsView(Template):
    """The page."""

    template: ClassVar[str] = "backups/_view.html"
    list: BackupList
    folder: str
    is_away: bool


@dataclass(frozen=True)
class KeyView(Template):
    """Asks for the key of a backup that is to be restored.

    Attributes:
        problem: What was wrong with what was entered last; "" for nothing.
    """

    template: ClassVar[str] = "backups/_key.html"
    backup: "Backup"
    problem: str = ""
    max_chars: int = MAX_SECRET_CHARS


def build_router(offline: "GetOffline", pages: Pages) -> Router:
    """Return the routes of backups."""
    router = Router()

    @router.get("/backups")
    async def show(request: Request) -> Response:
        return pages.show(request, "Backups", await view())

    @router.get("/backups/list")
    async def list_(_request: Request) -> Response:
        return pages.fragment(await list_all())

    @router.post("/backups")
    async def make(_request: Request) -> Response:
        await (await offline()).backups.make()
        toast = Toast("The backup was made and verified.", tone=Tone.SUCCESS)
        return pages.toast(toast)

    @router.post("/backups/:name/verify")
    async def verify(request: Request) -> Response:
        await (await offline()).backups.verify(request.path_params["name"])
        return pages.toast(Toast("This backup is intact.", tone=Tone.SUCCESS))

    @router.post("/backups/:name/restore")
    async def restore(request: Request) -> Response:
        backups, name = (await offline()).backups, request.path_params["name"]
        secret = request.form().get("secret", "")
        try:
            restored = await backups.restore(name, secret)
        except BackupLockedError:
            return await ask_for_key(request, name)
        except InvalidInputError as exc:
            return await ask_for_key(request, name, str(exc))
        toast = pages.toast(_restored_toast(restored))
        if not secret:
            return toast
        shown = pages.show(request, "Backups", await view())
        return Response(body=f"{shown.body!s}{toast.body!s}")

    @router.post("/backups/folder")
    async def choose(request: Request) -> Response:
        backups = (await offline()).backups
        await backups.choose_folder(request.form().get("path", ""))
        return no_content()

    async def view() -> BackupsView:
        backups = (await offline()).backups
        return BackupsView(await list_all(), str(backups.folder), backups.is_away)

    async def ask_for_key(request: Request, name: str, problem: str = "") -> Response:
        backup = await (await offline()).backups.find(name)
        shown = pages.show(request, "Restore a backup", KeyView(backup, problem))
        # The button stands in a list: the question takes the place of the page.
        headers = {"HX-Retarget": "#main", "HX-Reswap": "innerHTML"}
        return Response(body=shown.body, headers=headers)

    async def list_all() -> BackupList:
        found = await (await offline()).backups.all()
        return BackupList([_item(backup) for backup in found])

    return router


def _restored_toast(restored: "Restored") -> Toast:
    undo = f"/backups/{restored.before}/restore" if restored.before else ""
    sentence = "The backup is restored."
    if restored.asks_at_start:
        sentence += (
            " Hearth asks for its passphrase or recovery code at every start: this "
            "computer does not keep its key."
        )
    return Toast(sentence, tone=Tone.SUCCESS, undo=undo)


def _item(backup: "Backup") -> BackupItem:
    reason = _REASONS.get(backup.reason, "Automatic")
    if backup.owner and backup.reason == SnapshotReason.MANUAL:
        reason = "Made by hand"
    return BackupItem(backup, reason, _size(backup.size))


def _size(count: float) -> str:
    for unit in ("bytes", "KB", "MB"):
        if count < _KB:
            return f"{count:.0f} {unit}"
        count /= _KB
    return f"{count:.1f} GB"
