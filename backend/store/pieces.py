"""The pieces of answers that are still being written."""

from typing import Final

from sqlalchemy import delete, text
from sqlmodel import Session, col, select

from backend.store.change_log import StoreSession
from backend.store.models import Message, StreamChunk

KEEP_PIECE: Final = text("""
    insert or replace into stream_chunk(message_id, number, kind, text)
    select :message_id, :number, :kind, :text
    where exists (
        select 1 from message where id = :message_id and state = 'streaming'
    )
""")


def whole(session: Session, message: Message) -> tuple[str, str]:
    """Return text and thinking of a message as far as they are stored."""
    pieces = session.exec(
        select(StreamChunk)
        .where(StreamChunk.message_id == message.id)
        .order_by(col(StreamChunk.number)),
    ).all()
    said = "".join(piece.text for piece in pieces if piece.kind == "text")
    thought = "".join(piece.text for piece in pieces if piece.kind == "reasoning")
    return message.text + said, message.reasoning + thought


def drop_pieces(session: StoreSession, message_id: str) -> None:
    """Let go of the pieces of a message within a session."""
    session.connection().execute(
        delete(StreamChunk).where(col(StreamChunk.message_id) == message_id),
    )
