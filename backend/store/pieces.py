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
        # Of one number: what moved, then thoughts, then text.
        .order_by(col(StreamChunk.number), col(StreamChunk.kind)),
    ).all()
    said, thought = [message.text], [message.reasoning]
    for piece in pieces:
        if piece.kind == "moved":
            text = "".join(said)
            kept = max(len(text) - int(piece.text), 0)
            said = [text[:kept]]
            thought.append(text[kept:])
        else:
            (said if piece.kind == "text" else thought).append(piece.text)
    return "".join(said), "".join(thought)


def drop_pieces(session: StoreSession, message_id: str) -> None:
    """Let go of the pieces of a message within a session."""
    session.connection().execute(
        delete(StreamChunk).where(col(StreamChunk.message_id) == message_id),
    )
