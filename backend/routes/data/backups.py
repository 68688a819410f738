"""The page of the backups."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar, Final

from backend.errors import BackupLockedError, InvalidInputError
from backend.interface.stored_values import SnapshotReason
from backend.keys.database_key import MAX_SECRET_CHARS
from backend.live.notices import Toast
from backend.routes.app_context import OfflineContext
from backend.routes.pages import no_content
from backend.routes.sizes import size_text
from backend.services.notices import Tone
from backend.web.http import AppRouter, Request, Response
from backend.web.rendering import Template

if TYPE_CHECKING:
    from backend.services.protection.backup_record import Backup, Restored
    from backend.services.protection.going_back import Missing

_REASONS: Final[Mapping[str, str]] = {
    SnapshotReason.MANUAL: "Made by you",
    SnapshotReason.DAILY: "Daily",
    SnapshotReason.BEFORE_UPDATE: "Before an update",
    SnapshotReason.BEFORE_RESTORE: "Before a restore",
    SnapshotReason.BEFORE_GOING_BACK: "Before you went back to an earlier version",
    SnapshotReason.BEFORE_REPAIR: "Before a repair",
    SnapshotReason.BEFORE_IMPORT: "Before an import",
}


class BackupItem(Template, frozen=True):
    """One backup."""

    template: ClassVar[str] = "backups/_item.html"
    backup: "Backup"
    reason: str
    size: str


class BackupList(Template, frozen=True):
    """All backups."""

    template: ClassVar[str] = "backups/_list.html"
    items: Sequence[BackupItem]


class BackupsView(Template, frozen=True):
    """The page."""

    template: ClassVar[str] = "backups/_view.html"
    list: BackupList
    folder: str
    is_away: bool


class KeyView(Template, frozen=True):
    """Asks for the key of a backup that is to be restored.

    Attributes:
        problem: What was wrong with what was entered last; "" for nothing.
    """

    template: ClassVar[str] = "backups/_key.html"
    backup: "Backup"
    problem: str = ""
    max_chars: int = MAX_SECRET_CHARS


class MissingView(Template, frozen=True):
    """Says what would be missing with a backup, and asks whether to restore it.

    Attributes:
        backup: Which; None when no backup can be gone back to.
        missing: What the present data has more; None where nobody can tell.
        goes_back: The present data is of a newer Hearth.
    """

    template: ClassVar[str] = "backups/_missing.html"
    backup: "Backup | None"
    missing: Sequence[str] | None
    goes_back: bool


router = AppRouter[OfflineContext]()


@router.get("/backups")
def show(request: Request, app: OfflineContext) -> Response:
    """Show all backups."""
    return app.pages.show(request, "Backups", _view(app))


@router.get("/backups/list")
def list_(_request: Request, app: OfflineContext) -> Response:
    """Show the list as it is now."""
    return app.pages.fragment(_list(app))


@router.get("/backups/back")
def go_back(request: Request, app: OfflineContext) -> Response:
    """Ask whether to go back to a copy that this Hearth can write."""
    backup = app.offline.going_back.copy()
    missing = app.offline.going_back.missing(backup.name) if backup else None
    view = MissingView(backup, _lines(missing), goes_back=True)
    return app.pages.show(request, "Go back to an earlier version", view)


@router.get("/backups/:name/missing")
def look(request: Request, app: OfflineContext) -> Response:
    """Ask whether to restore a backup, and say what it lacks."""
    name = request.path_params["name"]
    missing = app.offline.going_back.missing(name)
    backup = app.offline.backups.find(name)
    view = MissingView(backup, _lines(missing), goes_back=False)
    return app.pages.show(request, "Restore a backup", view)


@router.post("/backups")
async def make(_request: Request, app: OfflineContext) -> Response:
    """Make a backup."""
    await app.offline.backups.make()
    toast = Toast("The backup was made and verified.", tone=Tone.SUCCESS)
    return app.pages.toast(toast)


@router.post("/backups/:name/verify")
async def verify(request: Request, app: OfflineContext) -> Response:
    """Look through all of a backup."""
    await app.offline.backups.verify(request.path_params["name"])
    return app.pages.toast(Toast("This backup is intact.", tone=Tone.SUCCESS))


@router.post("/backups/:name/restore")
async def restore(request: Request, app: OfflineContext) -> Response:
    """Let a backup be the present state, or ask for its key."""
    name = request.path_params["name"]
    secret = request.form().get("secret", "")
    try:
        restored = await app.offline.backups.restore(name, secret)
    except BackupLockedError:
        return await asyncio.to_thread(_ask_for_key, request, app, name)
    except InvalidInputError as exc:
        return await asyncio.to_thread(_ask_for_key, request, app, name, str(exc))
    toast = app.pages.toast(_restored_toast(restored))
    if not (secret or request.form().get("shows")):
        return toast
    shown = await asyncio.to_thread(show, request, app)
    return Response(body=f"{shown.body!s}{toast.body!s}")


@router.post("/backups/folder")
def choose(request: Request, app: OfflineContext) -> Response:
    """Put new backups into another folder."""
    app.offline.backups.choose_folder(request.form().get("path", ""))
    return no_content()


def _lines(missing: "Missing | None") -> list[str] | None:
    return None if missing is None else list(missing.sentences())


def _view(app: OfflineContext) -> BackupsView:
    backups = app.offline.backups
    return BackupsView(_list(app), str(backups.folder), backups.is_away)


def _list(app: OfflineContext) -> BackupList:
    return BackupList([_item(backup) for backup in app.offline.backups.all()])


def _ask_for_key(
    request: Request, app: OfflineContext, name: str, problem: str = ""
) -> Response:
    view = KeyView(app.offline.backups.find(name), problem)
    shown = app.pages.show(request, "Restore a backup", view)
    # The button stands in a list: the question takes the place of the page.
    headers = {"HX-Retarget": "#main", "HX-Reswap": "innerHTML"}
    return Response(body=shown.body, headers=headers)


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
    return BackupItem(backup, reason, size_text(backup.size))
