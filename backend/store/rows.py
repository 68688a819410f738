"""Rows as they are read where nothing is changed; `models` has those that change.

Each field is a column of its model of the same name: what is not asked for is not read.
"""

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from sqlmodel import SQLModel, col

from backend.store.models import Conversation

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


def _columns(model: type[SQLModel], row: "type[Any]") -> "list[Mapped[Any]]":
    return [col(getattr(model, name)) for name in row._fields]


CONVERSATION: Final = _columns(Conversation, ConversationRow)
"""The columns of a ConversationRow, in its order."""
