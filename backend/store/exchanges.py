"""The rows of a question, and of its answer with the pieces it grows by."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import delete, insert, text
from sqlmodel import Session, col, select

from backend.ids import new_id, now_ms
from backend.sqlite.folding import indexed
from backend.store.change_log import RowChange, StoreSession
from backend.store.message_state import MessageState
from backend.store.models import Message, StreamChunk, Submission
from backend.store.rows import MessageRow
from backend.store.text import clean_text

_ADD: Final = insert(Message)
KEEP_PIECE: Final = text("""
    insert or replace into stream_chunk(message_id, number, kind, text)
    select :message_id, :number, :kind, :text
    where exists (
        select 1 from message where id = :message_id and state = 'streaming'
    )
""")


def add_exchange(
    session: StoreSession,
    conversation_id: str,
    asked_text: str,
    engine_name: str,
    model: str,
) -> tuple[MessageRow, MessageRow]:
    """Store a question, and the answer that begins."""
    now = now_ms()
    asked = MessageRow(
        id=new_id(),
        created_at=now,
        updated_at=now,
        conversation_id=conversation_id,
        text=clean_text(asked_text),
    )
    answer = MessageRow(
        id=new_id(),
        created_at=now,
        updated_at=now,
        conversation_id=conversation_id,
        role="assistant",
        state=MessageState.STREAMING,
        engine=engine_name,
        model=clean_text(model),
        reply_to=asked.id,
    )
    _store(session, (asked, answer))
    return asked, answer


def _store(session: StoreSession, messages: Sequence[MessageRow]) -> None:
    """Store new messages with statements, which take a third of the time of objects."""
    session.flush()  # objects that were added before come before
    rows, changes = [], []
    for message in messages:
        fields = message._asdict()
        rows.append({**fields, "folded": indexed(message.text), "cjk": ""})
        del fields["id"]
        changes.append(RowChange("message", message, None, fields))
    session.connection().execute(_ADD, rows)
    session.log(changes)


def keep_submission(session: Session, submission: str, asked: MessageRow) -> None:
    """Remember what the page calls a question, so that it is stored once."""
    if submission:
        session.add(Submission(id=submission, message_id=asked.id))


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
            so_far = "".join(said)
            kept = max(len(so_far) - int(piece.text), 0)
            said = [so_far[:kept]]
            thought.append(so_far[kept:])
        else:
            (said if piece.kind == "text" else thought).append(piece.text)
    return "".join(said), "".join(thought)


def drop_pieces(session: StoreSession, message_id: str) -> None:
    """Let go of the pieces of a message within a session."""
    session.connection().execute(
        delete(StreamChunk).where(col(StreamChunk.message_id) == message_id),
    )
