"""Imports: choose a file, see what it holds, import, cancel, undo."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Final

from msgspec import Struct

from backend.errors import InvalidInputError
from backend.routes.app_context import OpenContext
from backend.routes.pages import no_content
from backend.services.transfer.import_reports import Report, Summary
from backend.services.transfer.import_states import ImportState
from backend.services.transfer.imports import Import
from backend.web.http import AppRouter, Request, Response
from backend.web.rendering import Template

if TYPE_CHECKING:
    from backend.store.models import ImportRun


_MANY_UPDATED: Final = (
    "titles, shown branches, notes, assistants, quick actions or folders"
)


class Skipped(Struct, frozen=True):
    """What is left out for one reason, and what some of it is called."""

    count: int
    why: str
    names: Sequence[str]


class Current(Template, frozen=True):
    """The import the user is at, in whatever state it is."""

    template: ClassVar[str] = "imports/_current.html"
    id: str
    name: str
    state: ImportState
    percent: int
    holds: str
    source: str
    first_ms: int
    last_ms: int
    account: str
    skipped: Sequence[Skipped]
    came_to: Sequence[str]
    can_undo: bool
    error: str


class Past(Struct, frozen=True):
    """An import that has ended."""

    id: str
    name: str
    source: str
    at: int
    came_to: str
    can_undo: bool


class State(Template, frozen=True):
    """What changes on the page of imports."""

    template: ClassVar[str] = "imports/_state.html"
    current: Current | None
    past: Sequence[Past]


class ImportView(Template, frozen=True):
    """The page of imports."""

    template: ClassVar[str] = "imports/_view.html"
    state: State


router = AppRouter[OpenContext]()


@router.get("/imports")
def show(request: Request, app: OpenContext) -> Response:
    """Show the current import and those that have ended."""
    return app.pages.show(request, "Import", ImportView(_state(app)))


@router.get("/imports/state")
def state(_request: Request, app: OpenContext) -> Response:
    """Show what has changed of that."""
    return app.pages.fragment(_state(app))


@router.post("/imports")
async def look(request: Request, app: OpenContext) -> Response:
    """Begin to look at a file."""
    path = Path(request.form().get("path", ""))
    if "\0" in str(path) or not path.is_absolute():
        raise InvalidInputError("There is no such file. Choose it again.")
    app.services.imports.look(path)
    return no_content()


@router.post("/imports/:id/begin")
async def begin(request: Request, app: OpenContext) -> Response:
    """Import what was looked at."""
    app.services.imports.begin(request.path_params["id"])
    return no_content()


@router.post("/imports/:id/cancel")
async def cancel(request: Request, app: OpenContext) -> Response:
    """End an import, or put an ended one away."""
    app.services.imports.cancel(request.path_params["id"])
    return no_content()


@router.post("/imports/:id/undo")
async def undo(request: Request, app: OpenContext) -> Response:
    """Take a past import back."""
    await app.services.imports.undo(request.path_params["id"])
    return no_content()


def _state(app: OpenContext) -> State:
    current = app.services.imports.current
    runs = app.services.imports.past()
    past = [
        _past(run)
        for run in runs
        if run.state in {ImportState.DONE, ImportState.UNDONE}
        and not (current and current.id == run.id)
    ]
    return State(_current(current) if current else None, past)


def _current(current: Import) -> Current:
    summary = current.summary
    return Current(
        id=current.id,
        name=current.path.name,
        state=current.state,
        percent=round(100 * current.share),
        holds=_holds(summary) if summary else "",
        source=summary.source if summary else "",
        first_ms=summary.first_ms if summary else 0,
        last_ms=summary.last_ms if summary else 0,
        account=_account(summary) if summary else "",
        skipped=_skipped(summary) if summary else [],
        came_to=_came_to(current.report, is_back=current.state is ImportState.UNDONE),
        can_undo=current.report.has_added,
        error=current.error,
    )


def _skipped(summary: Summary) -> list[Skipped]:
    most_first = sorted(summary.skipped.items(), key=lambda s: -s[1])
    return [Skipped(n, why, summary.names.get(why, ())) for why, n in most_first]


def _past(run: "ImportRun") -> Past:
    report = Report.from_json(run.report)
    is_done = run.state == ImportState.DONE
    came_to = " ".join(_came_to(report, is_back=not is_done))
    can_undo = is_done and report.has_added
    return Past(run.id, run.name, run.source, run.created_at, came_to, can_undo)


def _holds(summary: Summary) -> str:
    aside = f" ({summary.aside:,} of them in other versions)" if summary.aside else ""
    counted = [
        _counted(summary.conversations, "conversation"),
        _counted(summary.messages, "message") + aside,
    ]
    if summary.notes:
        counted.append(_counted(summary.notes, "note"))
    if summary.assistants:
        counted.append(_counted(summary.assistants, "assistant"))
    if summary.actions:
        counted.append(_counted(summary.actions, "quick action"))
    if summary.folders:
        counted.append(_counted(summary.folders, "folder"))
    return _listed(counted)


def _account(summary: Summary) -> str:
    """Say what becomes of the messages of a file, unless all come as they are."""
    left = summary.found - summary.messages - summary.joined
    if not left and not summary.joined:
        return ""
    parts = [f"{summary.messages:,} are imported unchanged"]
    if summary.joined:
        parts.append(f"{summary.joined:,} are joined to the answer they belong to")
    if left:
        parts.append(f"{left:,} {'is' if left == 1 else 'are'} left out")
    return f"Of {_counted(summary.found, 'message')}, {_listed(parts)}."


def _came_to(report: Report, *, is_back: bool) -> list[str]:
    """Say what an import came to, or what was left of it, in sentences."""
    if is_back:
        kept = _counted(report.kept, "conversation")
        stayed = f"{kept} stayed, because you added to them."
        return ["Undone.", *([stayed] if report.kept else [])]
    sentences = [*_added(report), *_met(report), *_changed(report), *_left(report)]
    return sentences or ["Nothing was added."]


def _added(report: Report) -> Iterator[str]:
    if report.new:
        new = _counted(report.new, "new conversation")
        yield f"{new} with {_counted(report.new_messages, 'message')}."
    elif report.new_messages:
        yield f"{_counted(report.new_messages, 'new message')}."
    if report.new_notes:
        yield f"{_counted(report.new_notes, 'new note')}."
    if report.new_assistants:
        yield f"{_counted(report.new_assistants, 'new assistant')}."
    if report.new_actions:
        yield f"{_counted(report.new_actions, 'new quick action')}."
    if report.new_folders:
        yield f"{_counted(report.new_folders, 'new folder')}."
    if report.restored:
        yield f"{report.restored:,} restored from the trash."


def _met(report: Report) -> Iterator[str]:
    if report.known:
        yield f"{report.known:,} {_were(report.known)} already here."
    if report.known_messages:
        yield f"{_counted(report.known_messages, 'message')} had not changed."


def _changed(report: Report) -> Iterator[str]:
    if report.updated_messages:
        counted = _counted(report.updated_messages, "message")
        yield f"{counted} {_were(report.updated_messages)} updated."
    if report.updated:
        what = "title, shown branch, note, assistant, quick action or folder"
        counted = f"{report.updated:,} {what if report.updated == 1 else _MANY_UPDATED}"
        yield f"{counted} {_were(report.updated)} updated."
    if report.replaced:
        counted = _counted(report.replaced, "message")
        yield f"{counted} moved to the trash, because the export no longer has them."


def _left(report: Report) -> Iterator[str]:
    if report.stayed:
        counted = _counted(report.stayed, "message")
        yield (
            f"{counted} kept although the export no longer has them, because you have "
            "added to them."
        )
    if report.older:
        counted = _counted(report.older, "older message")
        yield f"{counted} not imported, because the ones here are newer."
    if report.binned:
        counted = _counted(report.binned, "message")
        yield f"{counted} left in the trash, where you put them."
    if report.unfit:
        what = "quick action or assistant"
        many = "quick actions or assistants"
        yield (
            f"{report.unfit:,} {what if report.unfit == 1 else many} made by a newer "
            "version of Hearth not imported. Update Hearth to import them."
        )


def _listed(parts: Sequence[str]) -> str:
    """Return several parts as a sentence lists them."""
    *most, last = parts
    return f"{', '.join(most)} and {last}"


def _were(count: int) -> str:
    return "was" if count == 1 else "were"


def _counted(count: int, one: str) -> str:
    return f"{count:,} {one if count == 1 else one + 's'}"
