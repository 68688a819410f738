"""Attached files: those of a draft, adding and removing them, and what is in one."""

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Final
from urllib.parse import unquote

from backend.api_types import Done
from backend.attachments.pictures import KEPT_TYPES, media_type_of
from backend.documents.passages import place_of
from backend.errors import InvalidInputError, NotFoundError
from backend.ids import NEW
from backend.routes.app_context import OpenContext
from backend.routes.model_picker import chosen_in
from backend.routes.pages import no_content
from backend.services.engines.engines import Choice
from backend.services.engines.sights import Sight
from backend.web.http import AppRouter, Request, Response, as_json
from backend.web.rendering import Template

if TYPE_CHECKING:
    from collections.abc import Sequence

    from backend.store.models import DraftAttachment

NAME_HEADER: Final = "x-file-name"
_SECTIONS_SHOWN: Final = 100
_UNKNOWN: Final = "application/octet-stream"


@dataclass(frozen=True)
class Drafted(Template):
    """The files of a draft, and what is to be said of them before they are sent.

    Attributes:
        model: What is chosen to answer.
        is_blind: It cannot see pictures.
        may_try: That is no more than what it answered once.
    """

    template: ClassVar[str] = "attachments/_drafted.html"
    draft_id: str
    files: "Sequence[DraftAttachment]"
    model: str = ""
    is_blind: bool = False
    may_try: bool = False


@dataclass(frozen=True)
class ShownText(Template):
    """A part of what was read of a document.

    Attributes:
        sections: Place and text of each.
        following: Which one is the first of the next part; 0 at the end.
    """

    template: ClassVar[str] = "attachments/_text.html"
    id: str
    sections: "Sequence[tuple[str, str]]"
    following: int


router = AppRouter[OpenContext]()


@router.get("/drafts/:id/attachments")
async def show(request: Request, app: OpenContext) -> Response:
    """Show the files of a draft."""
    draft_id = request.path_params["id"]
    of_draft = app.services.attachments.of_draft
    files = await asyncio.to_thread(of_draft, draft_id)
    choice = await _choice(app, draft_id) if files else None
    sight = await app.services.pictures.sight_of_draft(draft_id, choice)
    model, is_refused = choice.model if choice else "", sight is Sight.REFUSED
    drafted = Drafted(draft_id, files, model, sight.is_none, is_refused)
    return app.pages.fragment(drafted)


@router.post("/drafts/:id/attachments", takes_file=True)
def add(request: Request, app: OpenContext) -> Response:
    """Attach a file that was pasted or dropped: the body of the request."""
    name = unquote(request.headers.get(NAME_HEADER, ""))
    app.services.attachments.add(request.path_params["id"], name, request.body)
    return no_content()


@router.post("/drafts/:id/files")
def add_path(request: Request, app: OpenContext) -> Response:
    """Attach a file that was chosen in a dialog of the shell."""
    path = Path(request.form().get("path", ""))
    if not path.is_absolute():
        raise InvalidInputError("Choose a file in one of your folders.")
    app.services.attachments.add_path(request.path_params["id"], path)
    return as_json(Done())


@router.delete("/attachments/:id")
def remove(request: Request, app: OpenContext) -> Response:
    """Take a file off its draft."""
    app.services.attachments.remove(request.path_params["id"])
    return no_content()


@router.delete("/drafts/:id/refusal")
async def try_again(request: Request, app: OpenContext) -> Response:
    """Let a model be asked about a picture though it refused one once."""
    if choice := await _choice(app, request.path_params["id"]):
        await asyncio.to_thread(app.services.pictures.sights.forget, choice)
    return no_content()


@router.get("/attachments/:id/text")
def text(request: Request, app: OpenContext) -> Response:
    """Show what was read of a document, some sections at a time."""
    id = request.path_params["id"]
    _, document = app.services.attachments.document(id)
    start = max(request.number("from"), 0)
    end = start + _SECTIONS_SHOWN
    sections = document.sections[start:end]
    shown = [(place_of(document, each), each.text) for each in sections]
    following = end if end < len(document.sections) else 0
    return app.pages.fragment(ShownText(id, shown, following))


@router.get("/attachments/:id/content")
def content(request: Request, app: OpenContext) -> Response:
    """Return a picture; anything else only as a download of no known kind."""
    file, found = app.services.attachments.open(request.path_params["id"])
    is_picture = file.media_type in KEPT_TYPES and _is(file.media_type, found)
    if is_picture:
        return Response(body=found, content_type=file.media_type)
    headers = {"content-disposition": "attachment"}
    return Response(body=found, content_type=_UNKNOWN, headers=headers)


def _is(media_type: str, found: bytes) -> bool:
    """Look again: a row may come from a file somebody else made."""
    try:
        return media_type_of(found) == media_type
    except InvalidInputError:
        return False


async def _choice(app: OpenContext, draft_id: str) -> Choice | None:
    """Return what would answer; None while nothing could."""
    try:
        return await chosen_in(app, draft_id)
    except NotFoundError:
        return await chosen_in(app, NEW)
