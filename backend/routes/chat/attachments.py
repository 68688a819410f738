"""Attached files: those of a draft, adding and removing them, and what is in one."""

import asyncio
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Final
from urllib.parse import unquote, urlencode

from msgspec import Struct

from backend.attachments.pictures import KEPT_TYPES, media_type_of
from backend.documents.document import Document
from backend.documents.passages import Passage, place_of
from backend.errors import InvalidInputError, NotFoundError
from backend.ids import NEW
from backend.interface.api_types import Done
from backend.routes.app_context import OpenContext
from backend.routes.model_picker import chosen_in
from backend.routes.pages import no_content
from backend.services.engines.engines import Choice
from backend.services.engines.sights import Sight
from backend.web.http import AppRouter, Request, Response, as_json
from backend.web.rendering import Template

if TYPE_CHECKING:
    from backend.services.attachments import ShownPassage
    from backend.store.models import AttachedFile, DraftAttachment

NAME_HEADER: Final = "x-file-name"
_SECTIONS_SHOWN: Final = 100
_SECTIONS_BEFORE: Final = 2
"""So much is shown before a passage."""
_UNKNOWN: Final = "application/octet-stream"


class Drafted(Template, frozen=True):
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


class ShownSection(Struct, frozen=True):
    """A section of a document: its place, and its text around what is marked."""

    place: str
    before: str
    marked: str = ""
    after: str = ""


class ShownText(Template, frozen=True):
    """A part of what was read of a document.

    Attributes:
        following: Which section is the first of the next part; 0 at the end.
    """

    template: ClassVar[str] = "attachments/_text.html"
    id: str
    sections: Sequence[ShownSection]
    following: int


class DocumentView(Template, frozen=True):
    """The page of what was read of a document, around a passage.

    Attributes:
        back: Where its question is.
        earlier: Where the text before is; "" at the beginning.
    """

    template: ClassVar[str] = "attachments/_view.html"
    name: str
    notice: str
    back: str
    earlier: str
    text: ShownText


class PassageList(Template, frozen=True):
    """The passages an answer was given."""

    template: ClassVar[str] = "attachments/_passages.html"
    passages: "Sequence[ShownPassage]"


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
    return app.pages.fragment(_text(id, document, start))


@router.get("/attachments/:id/read")
def read(request: Request, app: OpenContext) -> Response:
    """Show the page of a document at a passage of it."""
    id = request.path_params["id"]
    file, document = app.services.attachments.document(id)
    marked = Passage(*map(request.number, ("section", "start", "end")))
    start = max(marked.section - _SECTIONS_BEFORE, 0)
    if "from" in request.query:
        start = max(request.number("from"), 0)
    earlier = max(start - _SECTIONS_SHOWN, 0)
    query = urlencode(asdict(marked) | {"from": earlier})
    view = DocumentView(
        file.name,
        file.notice,
        _question_path(app, file),
        f"/attachments/{id}/read?{query}" if start else "",
        _text(id, document, start, marked),
    )
    return app.pages.show(request, file.name, view)


@router.get("/messages/:id/passages")
def passages(request: Request, app: OpenContext) -> Response:
    """Show the passages an answer was given."""
    message = app.services.messages.get(request.path_params["id"])
    found = app.services.attachments.passages(message)
    return app.pages.fragment(PassageList(found))


@router.get("/attachments/:id/content")
def content(request: Request, app: OpenContext) -> Response:
    """Return a picture; anything else only as a download of no known kind."""
    file, found = app.services.attachments.open(request.path_params["id"])
    is_picture = file.media_type in KEPT_TYPES and _is(file.media_type, found)
    if is_picture:
        return Response(body=found, content_type=file.media_type)
    headers = {"content-disposition": "attachment"}
    return Response(body=found, content_type=_UNKNOWN, headers=headers)


def _text(
    id: str, document: Document, start: int, marked: Passage | None = None
) -> ShownText:
    end = start + _SECTIONS_SHOWN
    shown: list[ShownSection] = []
    for number, each in enumerate(document.sections[start:end], start):
        place, text = place_of(document, each), each.text
        if marked and marked.section == number:
            parts = text[: marked.start], marked.piece(each).text, text[marked.end :]
            shown.append(ShownSection(place, *parts))
        else:
            shown.append(ShownSection(place, text))
    return ShownText(id, shown, end if end < len(document.sections) else 0)


def _question_path(app: OpenContext, file: "AttachedFile") -> str:
    message_id = getattr(file, "message_id", "")
    if not message_id:  # it is not asked about yet
        return "/"
    message = app.services.messages.get(message_id)
    around = f"around={message.id}#message-{message.id}"
    return f"/conversations/{message.conversation_id}?{around}"


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
