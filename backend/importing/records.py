"""What every parser makes of its source, and what is counted on the way."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

_MOST_NAMES: Final = 20


class Source(StrEnum):
    """The programs whose exports are understood."""

    HEARTH = "Hearth"
    CHATGPT = "ChatGPT"
    CLAUDE = "Claude"
    JAN = "Jan"
    LM_STUDIO = "LM Studio"
    OPEN_WEBUI = "Open WebUI"
    CHATBOX = "Chatbox"
    DEEPSEEK = "DeepSeek"
    CHATBOT_UI = "Chatbot UI"
    CHERRY_STUDIO = "Cherry Studio"
    LIBRECHAT = "LibreChat"


class Skip(StrEnum):
    """Why something is left out, as the user reads it after a number."""

    # Of these, each is a message of the export.
    INSTRUCTIONS = "system and tool messages, which are not part of the conversation"
    HIDDEN = "messages that the other program hides"
    SUMMARY = "summaries that the other program made for its own use"
    NO_TEXT = "messages without text"
    TOO_LONG = "messages longer than 5 MB"
    UNREADABLE_MESSAGE = "messages in an unknown format"
    TWICE_MESSAGE = "messages that occur twice in the file"
    # Each a conversation, a note, an assistant or a quick action.
    EMPTY = "conversations without messages"
    UNREADABLE = "entries in an unknown format"
    TOO_LONG_ENTRY = "notes, assistants or quick actions longer than 5 MB"
    TWICE = "entries that occur twice in the file"
    # Parts and marks of what is imported.
    ATTACHMENT = "attached files and images: only their names are imported"
    TOOL = "tool calls and their results"
    VERSION = "earlier versions of documents: the last one is imported"
    NOTICE = "notices of the other program between messages"
    MARK = "labels that are not imported: tags, and what made the conversation"
    PROMPT = "saved prompts and folders of the other program"
    UNKNOWN = "fields that this version of Hearth does not know; the rest is imported"
    # Files.
    DAMAGED = "damaged files: the part before the damage is imported"
    FILE = "other files of the export, which contain no conversations"
    LARGE_FILE = "files that are too large to read"


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceMessage:
    """A message as its source tells it.

    Attributes:
        key: What the source calls it, or its place; the same at every import.
        role: "user" or "assistant".
        at_ms: When it was said; None when the source does not tell.
        model: What answered; no question keeps one.
        error: Why the answer failed.
        files: The names of what was attached and is not in the export.
        is_only_files: Whether the text is no more than those names.
        after: The key of the message it follows; "" for a first one.
    """

    key: str
    role: str
    text: str
    reasoning: str = ""
    at_ms: int | None = None
    model: str = ""
    state: str = "complete"
    error: str = ""
    files: tuple[str, ...] = ()
    is_only_files: bool = False
    after: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFolder:
    """A folder or project as its source tells it.

    Attributes:
        key: What the source calls it; the same at every import.
        name: What it is called, or what it can be told apart by.
        instructions: What is sent with each of its conversations.
    """

    key: str
    name: str
    instructions: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceNote:
    """A text beside the conversations of a source.

    Attributes:
        key: What the source calls it; the same at every import.
    """

    key: str
    title: str
    body: str
    at_ms: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceConversation:
    """A conversation as its source tells it.

    Attributes:
        key: What the source calls it; the same at every import.
        said: Its messages, each behind the one it follows.
        shown: The key of the last message that was shown.
        is_whole: Whether all of its messages could be read.
        place: Where it lies, which tells apart what its source calls the same.
        is_pinned: It stands above the others there, or has a star.
        is_archived: It is kept and no longer listed there.
        folder: Where it is listed.
        notes: The texts that belong to that.
    """

    key: str
    title: str
    at_ms: int | None
    said: Sequence[SourceMessage]
    shown: str
    is_whole: bool = True
    place: str = ""
    is_pinned: bool = False
    is_archived: bool = False
    folder: SourceFolder | None = None
    notes: tuple[SourceNote, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedMessage:
    """A message as it will be stored."""

    id: str
    conversation_id: str
    created_at: int
    updated_at: int
    role: str
    text: str
    reasoning: str = ""
    state: str = "complete"
    error: str = ""
    engine: str = ""
    model: str = ""
    reply_to: str = ""
    prompt_tokens: int = 0
    answer_tokens: int = 0
    reads_from: str = ""
    parent: str | None = None
    passages: str = ""
    assistant: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedConversation:
    """A conversation as it will be stored.

    Attributes:
        parameters: How it is answered, as JSON; "" for the usual way.
        is_whole: Whether all of its messages could be read.
    """

    id: str
    created_at: int
    updated_at: int
    title: str
    title_source: str
    latest: str
    shown_leaf: str = ""
    engine_id: str = ""
    model: str = ""
    pinned_at: int = 0
    archived_at: int = 0
    folder_id: str = ""
    assistant_id: str = ""
    instructions: str = ""
    parameters: str = ""
    messages: tuple[ImportedMessage, ...] = ()
    is_whole: bool = True


BESIDE_ROW: Final = frozenset({"messages", "is_whole"})
"""What belongs to a conversation and is no field of its row."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteRow:
    """A note as it will be stored."""

    id: str
    created_at: int
    updated_at: int
    title: str
    body: str
    message_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedFolder:
    """A folder as it will be stored."""

    id: str
    created_at: int
    updated_at: int
    name: str
    instructions: str = ""
    assistant_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedAction:
    """A quick action as it will be stored."""

    id: str
    created_at: int
    updated_at: int
    name: str
    icon: str = ""
    kind: str = "prompt"
    prompt: str = ""
    engine_id: str = ""
    model: str = ""
    result: str = "show"
    shortcut: str = ""
    in_tray: int = 1
    position: str = ""
    assistant_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedAssistant:
    """An assistant as it will be stored.

    Attributes:
        parameters: As of a conversation.
    """

    id: str
    created_at: int
    updated_at: int
    name: str
    icon: str = ""
    instructions: str = ""
    engine_id: str = ""
    model: str = ""
    parameters: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedAttachment:
    """A file of a question, as it will be stored.

    Attributes:
        content: What is in it, as base64.
        text: What was read out of it.
    """

    id: str
    created_at: int
    updated_at: int
    message_id: str
    name: str
    media_type: str
    kind: str = "document"
    sha256: str = ""
    position: int = 0
    width: int = 0
    height: int = 0
    notice: str = ""
    content: str = ""
    text: str = ""


Row = (
    ImportedConversation
    | NoteRow
    | ImportedAssistant
    | ImportedAction
    | ImportedAttachment
    | ImportedFolder
)


@dataclass(slots=True)
class ImportCounts:
    """What has been found so far, and left out.

    Attributes:
        found: The messages the file holds: those that are taken, those that are
            joined with the answer they belong to, and those that are left out.
        entries: What it holds beside messages.
        names: What some of those that are left out are called, by the reason.
    """

    conversations: int = 0
    messages: int = 0
    notes: int = 0
    assistants: int = 0
    actions: int = 0
    folders: int = 0
    first_ms: int = 0
    last_ms: int = 0
    found: int = 0
    joined: int = 0
    aside: int = 0
    entries: int = 0
    skipped: Counter[Skip] = field(default_factory=Counter)
    names: dict[Skip, list[str]] = field(default_factory=dict)

    def skip(self, why: Skip, count: int = 1, names: Iterable[str] = ()) -> None:
        """Count what is left out."""
        if count:
            self.skipped[why] += count
        for name in names:
            known = self.names.setdefault(why, [])
            if name and name not in known and len(known) < _MOST_NAMES:
                known.append(name)

    def count(self, row: Row) -> None:
        """Count what is taken."""
        match row:
            case NoteRow():
                self.notes += 1
            case ImportedAssistant():
                self.assistants += 1
            case ImportedAction():
                self.actions += 1
            case ImportedAttachment():
                pass
            case ImportedFolder():
                self.folders += 1
            case ImportedConversation():
                self.conversations += 1
                self.messages += len(row.messages)
                self.aside += _aside_in(row)
                for message in row.messages:
                    at = message.created_at
                    self.first_ms = min(self.first_ms or at, at)
                    self.last_ms = max(self.last_ms, at)


def _aside_in(row: ImportedConversation) -> int:
    """Count the messages beside the branch that is shown."""
    left = {message.id: message.parent for message in row.messages}
    shown: str | None = row.shown_leaf
    while shown in left:
        shown = left.pop(shown)
    return len(left) if shown == "" and row.shown_leaf else 0
