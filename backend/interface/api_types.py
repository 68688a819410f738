"""What the sidecar answers the shell in JSON, as values for both sides.

Standard library only: the shell reads the first of them before its window has a page.
"""

import json
import zlib
from dataclasses import asdict, dataclass, fields, is_dataclass
from typing import TYPE_CHECKING, Any, TypeVar, get_args, get_origin

from backend.interface.protocol import ProtocolError

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

T = TypeVar("T")

_MOST_EXACT = 2**53
"""Whole numbers up to this are numbers with a point, too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Why something was not done, in a sentence for the user.

    Attributes:
        is_gone: What it was about is no longer there. The status says so, not the body.
    """

    error: str = ""
    is_gone: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """It was done, and there is nothing more to say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedQuestion:
    """A question that was stored, and the answer to it that grows."""

    conversation_id: str
    message_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerPiece:
    """The next piece of an answer that is followed; the last one says how it ended.

    Attributes:
        at: Where the text goes. What was there and after it is no longer part of it.
        state: A `MessageState`; "streaming" in all pieces but the last.
        note: What is to be said of the answer.
        error: Why it is not whole, or not where it should be; part of the note.
        outcome: What else was done with it, in a sentence.
        model: What wrote it.
    """

    at: int
    text: str
    state: str
    note: str = ""
    error: str = ""
    outcome: str = ""
    model: str = ""

    @property
    def is_last(self) -> bool:
        """Whether the answer has ended."""
        return self.state != "streaming"


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerPicture:
    """An answer as it is now, for a rich text widget.

    Attributes:
        size: How much of the text this is, in characters.
    """

    html: str
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedNote:
    """A note that was stored; the outcome says so in a sentence."""

    id: str
    outcome: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchHit:
    """One thing that was found; the snippet does not say its title again."""

    kind: str
    id: str
    title: str
    snippet: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchHits:
    """What was found, the best first."""

    hits: tuple[SearchHit, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageMatches:
    """The messages of a conversation that hold some words, and how often each does."""

    messages: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class EndedAnswer:
    """An answer that has just ended."""

    conversation_id: str
    title: str
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerNews:
    """How answers go.

    Attributes:
        seq: What to send as `since` the next time.
        growing: How many are being written.
    """

    seq: int
    growing: int
    ended: tuple[EndedAnswer, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SidecarStatus:
    """How things are.

    Attributes:
        sync: How the exchange with other computers is; "off" where there is none.
    """

    model: str
    answering: int
    sync: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncSummary:
    """How the exchange with other computers is, in a few words; "" for none."""

    words: str = ""
    is_paused: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class QuickAction:
    """An action as menus show it."""

    id: str
    name: str
    result: str
    shortcut: str
    in_tray: bool
    asks_model: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class QuickActionList:
    """The actions in the user's order."""

    actions: tuple[QuickAction, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionRun:
    """What running an action gave: a text, or a question that was asked.

    Attributes:
        result: An `ActionResult`.
        outcome: What was done with the text already, in a sentence.
        error: Why that was not done which should have been.
        message_id: The answer that grows, when a model was needed; else "".
    """

    name: str
    result: str
    text: str = ""
    outcome: str = ""
    error: str = ""
    conversation_id: str = ""
    message_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecentConversation:
    """A conversation as menus show it."""

    id: str
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RecentConversations:
    """The newest conversations."""

    conversations: tuple[RecentConversation, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class QuickDraft:
    """What is typed in the quick ask window, and not asked yet."""

    draft: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EnginePause:
    """Whether engines are closed until further notice."""

    paused: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupFolder:
    """Where backups are; the folder of the data while there is none yet."""

    path: str


def checksum(text: str) -> int:
    """Return a number by which both sides see whether they have the same text."""
    return zlib.crc32(text.encode())


def encode(value: "DataclassInstance") -> str:
    """Return one of these as JSON."""
    return json.dumps(asdict(value))


def decode(kind: type[T], body: bytes) -> T:
    """Return what was answered; fields a newer sidecar adds are left out.

    By hand, and not with msgspec or pydantic: these cost the shell 9 MB and more.

    Raises:
        ProtocolError: It is no JSON, or not of that kind.
    """
    try:
        data = json.loads(body)
    except (ValueError, RecursionError) as exc:
        raise ProtocolError("the answer is not JSON") from exc
    value: T = _value(kind, data)
    return value


def _value(kind: Any, data: object) -> Any:  # noqa: ANN401 any kind of value
    if is_dataclass(kind):
        return _object(kind, data)
    if get_origin(kind) is tuple:
        return _tuple(get_args(kind), data)
    if kind is float and type(data) is int and abs(data) <= _MOST_EXACT:
        return float(data)
    if type(data) is not kind:
        raise ProtocolError(f"{kind.__name__} was expected")
    return data


def _object(kind: Any, data: object) -> Any:  # noqa: ANN401 any class of this module
    if not isinstance(data, dict):
        raise ProtocolError(f"{kind.__name__} was expected")
    known = [field for field in fields(kind) if field.name in data]
    values = {field.name: _value(field.type, data[field.name]) for field in known}
    try:
        return kind(**values)
    except TypeError as exc:
        raise ProtocolError(f"{kind.__name__} lacks a field") from exc


def _tuple(kinds: tuple[Any, ...], data: object) -> tuple[Any, ...]:
    if not isinstance(data, list):
        raise ProtocolError("a list was expected")
    if kinds[-1] is Ellipsis:
        return tuple(_value(kinds[0], each) for each in data)
    if len(data) != len(kinds):
        raise ProtocolError(f"{len(kinds)} values were expected")
    return tuple(map(_value, kinds, data))
