"""Rows as they are read where nothing is changed; `models` has those that change.

Each field is a column of its model of the same name: what is not asked for is not read.
"""

from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias

from sqlmodel import SQLModel, col

from backend.store.models import Conversation, Message
from backend.store.states.message_state import MessageState

if TYPE_CHECKING:
    from sqlalchemy.orm import Mapped


class ConversationRow(NamedTuple):
    """A conversation; see `Conversation`."""

    id: str
    created_at: int
    updated_at: int
    deleted_at: int | None
    title: str
    title_source: str
    engine_id: str
    model: str
    latest: str
    shown_leaf: str
    pinned_at: int
    archived_at: int
    folder_id: str


class MessageRow(NamedTuple):
    """A message; see `Message`."""

    id: str
    created_at: int
    updated_at: int
    deleted_at: int | None = None
    conversation_id: str = ""
    role: str = "user"
    text: str = ""
    reasoning: str = ""
    state: MessageState = MessageState.COMPLETE
    error: str = ""
    engine: str = ""
    model: str = ""
    reply_to: str = ""
    prompt_tokens: int = 0
    answer_tokens: int = 0
    reads_from: str = ""
    parent: str | None = None
    passages: str = ""
    version: int = 0
    versions: int = 0
    assistant: str = ""


AnyMessage: TypeAlias = Message | MessageRow
"""A message to be read, as it was stored just now or as it was found."""


def _columns(model: type[SQLModel], row: "type[Any]") -> "list[Mapped[Any]]":
    return [col(getattr(model, name)) for name in row._fields]


CONVERSATION: Final = _columns(Conversation, ConversationRow)
"""The columns of a ConversationRow, in its order."""
MESSAGE: Final = _columns(Message, MessageRow)
"""The columns of a MessageRow, in its order."""
