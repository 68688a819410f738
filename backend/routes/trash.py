"""The trash: what was deleted, taking it back, deleting for good."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, Final

from backend.errors import InvalidInputError
from backend.live.notices import Toast
from backend.routes.app_context import OpenContext
from backend.routes.pages import page_size, undo_path
from backend.services.trash import KEPT_DAYS, PAGE_SIZE
from backend.web.http import AppRouter, Request, Response, whole_number
from backend.web.rendering import Template

if TYPE_CHECKING:
    from backend.store.history.trash import Discarded

_KINDS: Final = {
    "conversation": ("message-square", "Conversation"),
    "note": ("notebook-pen", "Note"),
    "message": ("message-square", "Message"),
    "folder": ("folder", "Folder"),
    "assistant": ("sparkles", "Assistant"),
}
_UNTITLED: Final = "Untitled"

router = AppRouter[OpenContext]()


class TrashItem(Template, frozen=True):
    """One thing in the trash."""

    template: ClassVar[str] = "trash/_item.html"
    path: str
    history: str
    key: str
    icon_name: str
    kind: str
    title: str
    deleted_at: int
    days_left: int


class ItemList(Template, frozen=True):
    """A page of what is in the trash."""

    template: ClassVar[str] = "trash/_list.html"
    items: Sequence[TrashItem]
    more: str
    is_first: bool


class TrashView(Template, frozen=True):
    """The trash."""

    template: ClassVar[str] = "trash/_view.html"
    list: ItemList
    kept_days: int = KEPT_DAYS


@router.get("/trash")
def show(request: Request, app: OpenContext) -> Response:
    """Show the trash."""
    return app.pages.show(request, "Trash", TrashView(_list(app, None)))


@router.get("/trash/list")
def list_(request: Request, app: OpenContext) -> Response:
    """Show a page of the trash."""
    before = request.query.get("before")
    size = page_size(request, PAGE_SIZE)
    return app.pages.fragment(_list(app, _cursor(before) if before else None, size))


@router.post("/trash/:table/:id/restore")
def restore(request: Request, app: OpenContext) -> Response:
    """Take something out of the trash."""
    table, row_id = request.path_params["table"], request.path_params["id"]
    restored = app.services.trash.restore(table, row_id)
    return app.pages.toast(Toast("Restored.", undo=undo_path(restored)))


@router.delete("/trash/:table/:id")
def forget(request: Request, app: OpenContext) -> Response:
    """Delete something for good."""
    app.services.trash.forget(request.path_params["table"], request.path_params["id"])
    return app.pages.toast(Toast("Deleted permanently."))


@router.delete("/trash")
def empty(request: Request, app: OpenContext) -> Response:
    """Delete everything in the trash for good."""
    app.services.trash.empty()
    app.pages.announce(Toast("The trash is empty."))
    return app.pages.show(request, "Trash", TrashView(_list(app, None)))


def _list(
    app: OpenContext, before: tuple[int, str] | None, size: int = PAGE_SIZE
) -> ItemList:
    trash = app.services.trash
    found = trash.page(before, size)
    items = [_item(one, trash.days_left(one.since)) for one in found]
    last = found[-1] if len(found) == size else None
    more = f"{last.deleted_at}-{last.id}" if last else ""
    return ItemList(items, more, is_first=before is None)


def _item(found: "Discarded", days_left: int) -> TrashItem:
    icon_name, kind = _KINDS[found.table]
    return TrashItem(
        path=f"/trash/{found.table}/{found.id}",
        # A folder has no text that could be shown.
        history="" if found.table == "folder" else f"/history/{found.table}/{found.id}",
        key=found.id,
        icon_name=icon_name,
        kind=kind,
        title=found.title.strip() or _UNTITLED,
        deleted_at=found.deleted_at,
        days_left=days_left,
    )


def _cursor(text: str) -> tuple[int, str]:
    digits, _, row_id = text.partition("-")
    at = whole_number(digits)
    if at is None:
        raise InvalidInputError("This page of the trash is not there. Reload it.")
    return at, row_id
