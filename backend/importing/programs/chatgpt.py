"""ChatGPT's export: a list of conversations, each a tree of messages."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from backend.importing.markup import fenced, joined, paragraphs, titled
from backend.importing.programs.documents import Documents, Replays
from backend.importing.programs.marks import without_marks
from backend.importing.records import (
    ImportCounts,
    Skip,
    SourceConversation,
    SourceFolder,
    SourceMessage,
)
from backend.importing.said import Said, leave_out
from backend.importing.trees import branches_from
from backend.importing.values import (
    as_dict,
    as_list,
    as_ms,
    as_text,
    first_text,
)

_POINTERS: Final = frozenset(
    {
        "image_asset_pointer",
        "audio_asset_pointer",
        "video_container_asset_pointer",
        "real_time_user_audio_video_asset_pointer",
    }
)
_CANVAS: Final = "canmore."
_MARKS: Final = ("gizmo_id", "conversation_template_id")
_PROJECT: Final = "g-p-"
"""What begins with it is a project, of which the export tells no more."""


@dataclass(slots=True)
class _Turn:
    """What was thought and done since the last answer, and belongs to the next."""

    key: str = ""
    end: str = ""
    thoughts: list[str] = field(default_factory=list)
    blocks: list[str] = field(default_factory=list)
    at_ms: int | None = None
    joined: int = 0

    def add(self, key: str, message: Mapping[str, Any]) -> None:
        """Take a message in."""
        self.key = self.key or key
        self.end = key
        self.at_ms = self.at_ms or as_ms(message.get("create_time"))
        self.joined += 1


def read(item: object, tally: ImportCounts) -> SourceConversation:
    """Return a conversation with all its branches."""
    data = as_dict(item)
    nodes = as_dict(data.get("mapping"))
    messages = {key: _message(node) for key, node in nodes.items()}
    parents = {key: as_text(as_dict(node).get("parent")) for key, node in nodes.items()}
    leaf = as_text(data.get("current_node"))
    said, shown = Said(tally), ""
    replays = Replays(lambda key, documents: _replay(messages[key], key, documents))
    for keys in branches_from(leaf, parents, messages, "create_time"):
        branch = _Branch(tally, said, replays.along(keys, parents), parents[keys[0]])
        for key in keys:
            branch.take(key, messages[key])
        branch.finish()
        tally.skip(Skip.VERSION, branch.documents.superseded)
        shown = shown or said.last
    marks = {as_text(data.get(mark)) for mark in _MARKS} - {""}
    projects = sorted(mark for mark in marks if mark.startswith(_PROJECT))
    tally.skip(Skip.MARK, len(marks) - len(projects))
    return SourceConversation(
        key=first_text(data.get("conversation_id"), data.get("id")),
        title=as_text(data.get("title")),
        at_ms=as_ms(data.get("create_time")),
        said=said.messages,
        shown=shown,
        is_pinned=bool(data.get("is_starred") or data.get("pinned_time")),
        is_archived=bool(data.get("is_archived")),
        folder=_folder(projects[0]) if projects else None,
    )


def _folder(project: str) -> SourceFolder:
    short = project.removeprefix(_PROJECT)[:4]
    return SourceFolder(key=project, name=f"ChatGPT project {short}")


def _message(node: object) -> dict[str, Any]:
    """Return the message of a node; none for an empty one, which begins every tree."""
    message = as_dict(as_dict(node).get("message"))
    parts = as_list(as_dict(message.get("content")).get("parts"))
    return {} if _role(message) == "system" and not any(parts) else message


@dataclass(slots=True)
class _Branch:
    """The messages of a branch, each joined with what was done for it.

    Attributes:
        below: The node at which it begins, until one of its messages is taken.
    """

    tally: ImportCounts
    said: Said
    documents: Documents
    below: str | None
    _turn: _Turn = field(default_factory=_Turn)

    def take(self, key: str, message: dict[str, Any]) -> None:
        """Take one message, or an empty node, which begins every tree."""
        self.said.pass_over(key, self.below)
        if not message:
            return
        content = as_dict(message.get("content"))
        kind = content.get("content_type")
        if _is_hidden(message):
            leave_out(Skip.HIDDEN, self.tally)
        elif kind == "thoughts":
            self._turn.add(key, message)
            self._turn.thoughts += _thoughts(content)
        elif kind == "execution_output" and (words := _words(content)):
            self._turn.add(key, message)
            self._turn.blocks.append(titled("Output", fenced(words, "text")))
        elif _role(message) == "assistant" and _recipient(message) != "all":
            self._call(key, message)
        else:
            self._say(key, message)

    def finish(self) -> None:
        """Keep what was thought or done for an answer that never came."""
        turn, self._turn = self._turn, _Turn()
        if not turn.joined:
            return
        candidate = SourceMessage(
            key=turn.key,
            role="assistant",
            text=paragraphs(*turn.blocks),
            reasoning=paragraphs(*turn.thoughts),
            at_ms=turn.at_ms,
            state="complete" if turn.blocks else "interrupted",
        )
        self._place(candidate, turn.end)
        self._join(turn.joined - 1)

    def _say(self, key: str, message: dict[str, Any]) -> None:
        role = _role(message)
        if role == "user":
            self.finish()
        if role == "tool":
            files = _pointers(as_dict(message.get("content")))
            self.tally.skip(Skip.ATTACHMENT, len(files), files)
        candidate = _said(key, message, self._turn)
        if self._place(candidate, key) and role == "assistant":
            self._join(self._turn.joined)
            self._turn = _Turn()

    def _call(self, key: str, message: dict[str, Any]) -> None:
        """Keep what was written or run; other input of a tool is no answer."""
        recipient = _recipient(message)
        code = _words(as_dict(message.get("content")))
        if recipient.startswith(_CANVAS):
            self._turn.add(key, message)
            self._turn.blocks += self.documents.shown_in(key)
        elif recipient.partition(".")[0] == "python" and code:
            self._turn.add(key, message)
            self._turn.blocks.append(fenced(code, "python"))
        else:
            leave_out(Skip.INSTRUCTIONS, self.tally)

    def _place(self, candidate: SourceMessage, key: str) -> bool:
        is_taken = self.said.take(candidate, key, self.below)
        self.below = None if is_taken else self.below
        return is_taken

    def _join(self, count: int) -> None:
        self.tally.found += count
        self.tally.joined += count


def _said(key: str, message: dict[str, Any], turn: _Turn) -> SourceMessage:
    content = as_dict(message.get("content"))
    metadata = as_dict(message.get("metadata"))
    candidate = SourceMessage(
        key=first_text(message.get("id"), key),
        role=_role(message),
        text=_text(content),
        at_ms=as_ms(message.get("create_time")),
        files=_files(content, metadata),
    )
    if candidate.role != "assistant":
        return candidate
    text = without_marks(candidate.text, metadata)
    return replace(
        candidate,
        text=paragraphs(*turn.blocks, text),
        reasoning=paragraphs(*turn.thoughts),
        model=as_text(metadata.get("model_slug")),
        state=_state(message),
    )


def _state(message: Mapping[str, Any]) -> str:
    """Return how an answer ended."""
    details = as_dict(as_dict(message.get("metadata")).get("finish_details"))
    if message.get("status") == "in_progress":
        return "interrupted"
    return "stopped" if details.get("type") == "interrupted" else "complete"


def _text(content: Mapping[str, Any]) -> str:
    if content.get("content_type") == "code":
        code = as_text(content.get("text"))
        return fenced(code, as_text(content.get("language"))) if code else ""
    return _words(content)


def _words(content: Mapping[str, Any]) -> str:
    pieces = [
        _unwrapped(part) if isinstance(part, str) else as_text(part.get("text"))
        for part in as_list(content.get("parts"))
        if isinstance(part, str | dict)
    ]
    found = (content.get(name) for name in ("text", "result", "content"))
    return joined(pieces) or first_text(*found)


def _unwrapped(part: str) -> str:
    """Return the text of a part that is JSON itself."""
    if not part.startswith("{"):
        return part
    try:
        data = as_dict(json.loads(part))
    except (ValueError, RecursionError):
        return part
    kind, inner = as_text(data.get("type")), as_text(data.get("content"))
    if not kind or not inner:
        return part
    name = first_text(data.get("title"), data.get("name"))
    is_code = kind.startswith("code")
    language = kind.partition("/")[2] if is_code else "markdown"
    return titled(name, fenced(inner, language) if is_code or name else inner)


def _thoughts(content: Mapping[str, Any]) -> list[str]:
    thoughts = (as_dict(thought) for thought in as_list(content.get("thoughts")))
    found = [first_text(one.get("content"), one.get("summary")) for one in thoughts]
    return [piece for piece in found if piece]


def _files(content: Mapping[str, Any], metadata: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the names of what was attached, each once; "" for one without a name."""
    attached = [as_dict(one) for one in as_list(metadata.get("attachments"))]
    known = {as_text(one.get("id")) for one in attached}
    names = [as_text(one.get("name")) for one in attached]
    return (*names, *_pointers(content, known))


def _pointers(content: Mapping[str, Any], known: set[str] | None = None) -> list[str]:
    parts = [as_dict(part) for part in as_list(content.get("parts"))]
    pointers = [
        part for part in parts if as_text(part.get("content_type")) in _POINTERS
    ]
    ids = (as_text(one.get("asset_pointer")).rpartition("/")[2] for one in pointers)
    return ["" for file_id in ids if not file_id or file_id not in (known or set())]


def _recipient(message: Mapping[str, Any]) -> str:
    return as_text(message.get("recipient")) or "all"


def _role(message: Mapping[str, Any]) -> str:
    return as_text(as_dict(message.get("author")).get("role"))


def _is_hidden(message: Mapping[str, Any]) -> bool:
    metadata = as_dict(message.get("metadata"))
    content = as_dict(message.get("content"))
    weight = message.get("weight")
    return (
        metadata.get("is_visually_hidden_from_conversation") is True
        or metadata.get("is_user_system_message") is True
        or as_text(content.get("content_type"))
        in {"model_editable_context", "reasoning_recap"}
        or (isinstance(weight, int | float) and weight == 0)
    )


def _replay(message: Mapping[str, Any], key: str, documents: Documents) -> None:
    """Do again what an answer did to a canvas."""
    recipient = as_text(message.get("recipient"))
    if not recipient.startswith(_CANVAS) or _is_hidden(message):
        return
    written = _words_as_they_are(as_dict(message.get("content")))
    try:
        data = as_dict(json.loads(written))
    except (ValueError, RecursionError):
        documents.add(key, written)
        return
    match recipient.removeprefix(_CANVAS):
        case "create_textdoc":
            kind = as_text(data.get("type"))
            language = kind.partition("/")[2] or kind
            name, text = as_text(data.get("name")), as_text(data.get("content"))
            documents.begin(key, name, text, language)
        case "update_textdoc":
            for update in map(as_dict, as_list(data.get("updates"))):
                pattern = as_text(update.get("pattern"))
                documents.change(key, pattern, as_text(update.get("replacement")))
        case _:
            comments = map(as_dict, as_list(data.get("comments")))
            lines = [as_text(one.get("comment")) for one in comments]
            documents.add(key, "\n".join(lines), title="Comments")


def _words_as_they_are(content: Mapping[str, Any]) -> str:
    parts = [as_text(part) for part in as_list(content.get("parts"))]
    return "".join(parts) or as_text(content.get("text"))
