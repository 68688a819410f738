"""What every parser makes of its source, and what is counted on the way."""

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum


class Source(StrEnum):
    """The programs whose exports are understood."""

    HEARTH = "Hearth"
    CHATGPT = "ChatGPT"
    CLAUDE = "Claude"
    JAN = "Jan"
    LM_STUDIO = "LM Studio"
    OPEN_WEBUI = "Open WebUI"
    CHATBOX = "Chatbox"


class Skip(StrEnum):
    """Why something is left out, as the user reads it after a number."""

    BRANCH = "messages of other branches: only the branch shown last is imported"
    INSTRUCTIONS = "instructions and tool messages that are no part of the talk"
    ATTACHMENT = "attached files and images, which the export names but Hearth lacks"
    NO_TEXT = "messages without text"
    TOO_LONG = "messages longer than 5 MB"
    EMPTY = "conversations without messages"
    UNREADABLE = "entries that are not in the expected form"
    TWICE = "entries that are in the file twice"


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A message as its source tells it.

    Attributes:
        key: What the source calls it, or its place; the same at every import.
        role: "user" or "assistant".
        at_ms: When it was said; None when the source does not tell.
    """

    key: str
    role: str
    text: str
    reasoning: str = ""
    at_ms: int | None = None
    model: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Talk:
    """A conversation as its source tells it."""

    key: str
    title: str
    at_ms: int | None
    said: tuple[Said, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageRow:
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


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationRow:
    """A conversation as it will be stored."""

    id: str
    created_at: int
    updated_at: int
    title: str
    title_source: str
    latest: str
    engine_id: str = ""
    model: str = ""
    messages: tuple[MessageRow, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteRow:
    """A note as it will be stored."""

    id: str
    created_at: int
    updated_at: int
    title: str
    body: str


Row = ConversationRow | NoteRow


@dataclass(slots=True)
class Tally:
    """What has been found so far, and left out."""

    conversations: int = 0
    messages: int = 0
    notes: int = 0
    first_ms: int = 0
    last_ms: int = 0
    skipped: Counter[Skip] = field(default_factory=Counter)

    def skip(self, why: Skip, count: int = 1) -> None:
        """Count what is left out."""
        if count:
            self.skipped[why] += count

    def count(self, row: Row) -> None:
        """Count what is taken."""
        if isinstance(row, NoteRow):
            self.notes += 1
            return
        self.conversations += 1
        self.messages += len(row.messages)
        for message in row.messages:
            at = message.created_at
            self.first_ms = min(self.first_ms or at, at)
            self.last_ms = max(self.last_ms, at)
