"""The forms of an export: Markdown, HTML and JSON, written piece by piece."""

import io
import json
from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from enum import StrEnum
from itertools import islice
from typing import IO, TYPE_CHECKING, ClassVar, Final, TypeAlias

from msgspec import field
from msgspec.structs import replace

from backend.attachments.pictures import KEPT_TYPES
from backend.importing.markup import fenced
from backend.importing.programs.hearth import FORMAT, VERSION
from backend.interface.stored_values import DERIVED
from backend.services.chat.endings import note_of
from backend.services.transfer.drawings import Drawing, drawn
from backend.services.transfer.export_text import closed, escaped, file_name
from backend.web.markdown.markdown import Block, render
from backend.web.rendering import Template

if TYPE_CHECKING:
    from backend.store.models import (
        Action,
        Assistant,
        Attachment,
        Conversation,
        Folder,
        Logged,
        Message,
        Note,
    )

_INNER: Final = {"deleted_at", "conversation_id"} | DERIVED
_MAX_RENDERED_CHARS: Final = 400_000
_KEPT_AS: Final = frozenset({"file", "text_file", "file_key", "size"})
_TURNS: Final = "<!--turns-->"
_DRAWN_TOGETHER: Final = 20
"""Messages whose diagrams are drawn by one process: it is slow to begin."""


class ExportFormat(StrEnum):
    """What an export can be; the value ends the names of its files."""

    MARKDOWN = "md"
    HTML = "html"
    JSON = "json"


Pieces = Iterator[str]
Render = Callable[[Template], str]
Attached: TypeAlias = "tuple[Attachment, bytes, str]"
"""A file, what is in it, and what was read out of it."""
Messages = Callable[["Conversation"], Iterable["Message"]]


class Page(Template, frozen=True):
    """An exported page, around what it shows."""

    template: ClassVar[str] = "exports/_page.html"
    title: str
    created_at: int
    kind: str
    exported_at: int


class ExportedTurn(Template, frozen=True):
    """One exported message, or the text of a note.

    Attributes:
        drawings: The diagrams that could be drawn, by their code as it is rendered.
        plain: Text that is shown as it is, instead of blocks.
        scope: Names the text among others on the page.
        files: The names of attached files, and pictures as addresses.
    """

    template: ClassVar[str] = "exports/_turn.html"
    who: str
    role: str
    at: int
    reasoning: str
    plain: str
    blocks: list[Block]
    error: str
    scope: str = "text"
    files: Sequence[tuple[str, str]] = ()
    drawings: Mapping[str, Drawing] = field(default_factory=dict)


def conversation_pieces(
    form: ExportFormat,
    conversation: "Conversation",
    messages: Iterable["Message"],
    show: Render,
    parameters: str = "",
    attached: Iterable[Attached] = (),
) -> Pieces:
    """Yield one conversation in a form; only JSON says how it is answered."""
    match form:
        case ExportFormat.MARKDOWN:
            return _markdown(
                conversation, _read_in_turn(messages), _by_message(attached)
            )
        case ExportFormat.HTML:
            files = _by_message(attached)
            return _html(conversation, _read_in_turn(messages), show, files)
        case ExportFormat.JSON:
            whole = _json_conversation(conversation, messages, parameters)
            return _json(
                conversations=[whole],
                notes=[],
                assistants=[],
                actions=[],
                attached=map(_file, attached),
            )


def _by_message(attached: Iterable[Attached]) -> Mapping[str, Sequence[Attached]]:
    found: dict[str, list[Attached]] = {}
    for one in attached:
        found.setdefault(one[0].message_id, []).append(one)
    return found


def _read_in_turn(messages: Iterable["Message"]) -> Iterator["Message"]:
    """Yield what is shown of a conversation, then what is in other branches."""
    aside = []
    for message in messages:
        if message.aside:
            aside.append(message)
        else:
            yield message
    yield from aside


def note_pieces(form: ExportFormat, note: "Note", show: Render) -> Pieces:
    """Yield one note as Markdown or HTML."""
    if form is ExportFormat.HTML:
        page = Page(note.title or "Note", note.created_at, "Note", _now())
        head, foot = show(page).split(_TURNS)
        turn = ExportedTurn("", "note", note.updated_at, "", "", render(note.body), "")
        yield head
        yield from _with_drawings([turn], show)
        yield foot
        return
    yield _front_matter(note, note.title)
    yield note.body.rstrip() + "\n"


def all_as_json(
    conversations: Iterable["Conversation"],
    messages: Messages,
    notes: Iterable["Note"],
    assistants: Iterable["Assistant"],
    actions: Iterable["Action"],
    *,
    folders: Iterable["Folder"] = (),
    parameters: Callable[[str], str] = lambda _: "",
    attached: Iterable[Attached] = (),
) -> Pieces:
    """Yield everything as one JSON document."""
    parts = (
        _json_conversation(one, messages(one), parameters(one.id))
        for one in conversations
    )
    return _json(
        conversations=parts,
        notes=map(_row, notes),
        assistants=map(_json_assistant, assistants),
        actions=map(_row, actions),
        folders=map(_row, folders),
        attached=map(_file, attached),
    )


class Archive:
    """A zip file of exported pages."""

    def __init__(self, file: IO[bytes]) -> None:
        import zipfile  # noqa: PLC0415 slow to import, rarely needed

        self._zip = zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED)

    def add(self, folder: str, row: "Conversation | Note", form: str) -> IO[bytes]:
        """Open a new file, named after its day, its title and its id."""
        name = file_name(row.title, "Untitled")
        day = datetime.fromtimestamp(row.created_at / 1000).astimezone().date()
        whole = f"{folder}/{day} {name} {row.id[-6:]}.{form}"
        return self._zip.open(whole, "w", force_zip64=True)

    def close(self) -> None:
        """Write the list of the files."""
        self._zip.close()


@contextmanager
def archive_in(file: IO[bytes]) -> Iterator[Archive]:
    """Lend an archive that is whole at the end of the block."""
    archive = Archive(file)
    yield archive
    archive.close()


def write_pieces(pieces: Pieces, file: IO[bytes]) -> None:
    """Write text into a file."""
    for piece in pieces:
        file.write(piece.encode("utf-8", "replace"))


def _markdown(
    conversation: "Conversation",
    messages: Iterable["Message"],
    files: Mapping[str, Sequence[Attached]],
) -> Pieces:
    yield _front_matter(conversation, conversation.title)
    yield f"# {' '.join(conversation.title.split()) or 'Conversation'}\n"
    for message in messages:
        yield f"\n## {_who(message)}\n\n*{_iso(message.created_at)}*\n\n"
        if message.reasoning:
            yield "<details><summary>Reasoning</summary>\n\n"
            yield f"{fenced(message.reasoning.strip(), 'text')}\n\n</details>\n\n"
        for file, _, _ in files.get(message.id, ()):
            yield f"*Attached: {escaped(file.name)}*\n\n"
        yield closed(message.text) + "\n"
        if note := _note(message):
            yield f"\n> {note}\n"


def _html(
    conversation: "Conversation",
    messages: Iterable["Message"],
    show: Render,
    files: Mapping[str, Sequence[Attached]],
) -> Pieces:
    title = conversation.title or "Conversation"
    page = Page(title, conversation.created_at, "Conversation", _now())
    head, foot = show(page).split(_TURNS)
    yield head
    following = iter(messages)
    while together := [*islice(following, _DRAWN_TOGETHER)]:
        turns = [_turn(one, files.get(one.id, ())) for one in together]
        yield from _with_drawings(turns, show)
    yield foot


def _turn(message: "Message", files: Sequence[Attached]) -> ExportedTurn:
    is_plain = message.role == "user" or len(message.text) > _MAX_RENDERED_CHARS
    return ExportedTurn(
        _who(message),
        message.role,
        message.created_at,
        message.reasoning,
        message.text if is_plain else "",
        [] if is_plain else render(message.text),
        _note(message),
        message.id,
        [_shown(*one) for one in files],
    )


def _with_drawings(turns: Sequence[ExportedTurn], show: Render) -> Pieces:
    """Yield turns with their diagrams, and nothing after each that was drawn.

    So who no longer wants the export need not wait for all of them.
    """
    drawings = dict[str, Drawing]()
    for html, drawing in drawn([block for turn in turns for block in turn.blocks]):
        drawings[html] = drawing
        yield ""
    for turn in turns:
        yield show(replace(turn, drawings=drawings))


def _json(attached: Iterable[str], **lists: Iterable[Iterable[str]]) -> Pieces:
    head = {"format": FORMAT, "version": VERSION, "exported_at": _now()}
    yield json.dumps(head)[:-1]
    for name, rows in lists.items():
        yield f',\n"{name}": ['
        for number, row in enumerate(rows):
            yield ",\n" if number else "\n"
            yield from row
        yield "\n]"
    # Last, as whoever reads must know the messages before, and only when there are any.
    number = -1
    for number, row in enumerate(attached):
        yield ",\n" if number else ',\n"attachments": [\n'
        yield row
    yield "}\n" if number < 0 else "\n]}\n"


def _file(attached: Attached) -> str:
    file, content, text = attached
    fields = file.model_dump(exclude={*_INNER, *_KEPT_AS})
    fields["content"] = b64encode(content).decode()
    return _as_json(fields | ({"text": text} if text else {}))


def _shown(file: "Attachment", content: bytes, _: str) -> tuple[str, str]:
    if file.media_type not in KEPT_TYPES:
        return file.name, ""
    return file.name, f"data:{file.media_type};base64,{b64encode(content).decode()}"


def _json_conversation(
    conversation: "Conversation", messages: Iterable["Message"], parameters: str
) -> Pieces:
    fields = _fields(conversation) | _parameters(parameters)
    yield f'{_as_json(fields)[:-1]}, "messages": ['
    for number, message in enumerate(messages):
        yield ",\n" if number else "\n"
        yield _as_json(_fields(message))
    yield "]}"


def _json_assistant(row: "Assistant") -> str:
    fields = _fields(row)
    del fields["parameters"]
    return _as_json(fields | _parameters(row.parameters))


def _parameters(text: str) -> dict[str, object]:
    """Return how is answered as a field; none where nothing is set."""
    with suppress(ValueError):
        return {"parameters": json.loads(text)}
    return {}


def _row(row: "Logged") -> str:
    return _as_json(_fields(row))


def _fields(row: "Logged") -> dict[str, object]:
    return row.model_dump(exclude=_INNER)


def _as_json(fields: dict[str, object]) -> str:
    return json.dumps(fields, ensure_ascii=False)


def _front_matter(row: "Conversation | Note", title: str) -> str:
    output = io.StringIO()
    output.write("---\n")
    # A JSON string is a YAML string too.
    output.write(f"title: {escaped(json.dumps(title, ensure_ascii=False))}\n")
    output.write(f"created: {_iso(row.created_at)}\n")
    output.write(f"updated: {_iso(row.updated_at)}\n")
    output.write(f"id: {row.id}\nsource: Hearth\n---\n\n")
    return output.getvalue()


def _note(message: "Message") -> str:
    """Return in one line how an answer ended; "" for one that is whole."""
    note = note_of(message) if message.role != "user" else message.error
    return " ".join(note.split())


def _who(message: "Message") -> str:
    return f"{_name_of(message)}{' (another version)' if message.aside else ''}"


def _name_of(message: "Message") -> str:
    if message.role == "user":
        return "You"
    if message.role == "summary":
        return "Summary of the oldest messages"
    return (
        " · ".join(
            name for name in (message.assistant, message.engine, message.model) if name
        )
        or "Answer"
    )


def _iso(ms: int) -> str:
    at = datetime.fromtimestamp(ms / 1000, UTC)
    return at.isoformat(timespec="seconds").replace("+00:00", "Z")


def _now() -> int:
    return int(datetime.now(UTC).timestamp() * 1000)
