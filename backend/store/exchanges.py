"""The rows of a question, and of its answer with the pieces it grows by."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import delete, text
from sqlmodel import Session, col, select

from backend.ids import new_id, now_ms
from backend.sqlite.folding import indexed
from backend.store.branches.paths import parent_in, path_end
from backend.store.change_log import UNLOGGED, RowChange, StoreSession
from backend.store.models import Message, StreamChunk, Submission
from backend.store.rows import AnyMessage, MessageRow
from backend.store.states.message_state import MessageState
from backend.store.text import clean_text

_STORED: Final = (*MessageRow._fields, "folded", "cjk", "aside")
_ADD: Final = f"""
    insert into message({", ".join(_STORED)}) values ({", ".join("?" * len(_STORED))})
"""  # noqa: S608 names of our own
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
    *,
    parent: str | None = None,
    assistant: str = "",
) -> tuple[MessageRow, MessageRow]:
    """Store a question, and the answer that begins.

    Args:
        session: Logs the changes.
        conversation_id: Where it was said.
        asked_text: The question.
        engine_name: Stands at the answer.
        model: The model of that engine.
        parent: What the question follows; None for the end of what is shown.
        assistant: What the assistant is called that has the question; "" for none.
    """
    now = now_ms()
    if parent is None:
        parent = path_end(session, conversation_id)
    asked = MessageRow(
        id=new_id(),
        created_at=now,
        updated_at=now,
        conversation_id=conversation_id,
        text=clean_text(asked_text),
        parent=parent,
        assistant=assistant,
    )
    answer = _begun(conversation_id, engine_name, model, parent=asked.id)
    answer = answer._replace(reply_to=asked.id, assistant=assistant)
    _store(session, (asked, answer))
    return asked, answer


def add_answer(
    session: StoreSession,
    earlier: AnyMessage,
    engine_name: str,
    model: str,
    assistant: str = "",
) -> MessageRow:
    """Store another answer beside an earlier one."""
    parent = parent_in(session, earlier)
    answer = _begun(earlier.conversation_id, engine_name, model, parent=parent)
    answer = answer._replace(reply_to=earlier.reply_to, assistant=assistant)
    _store(session, (answer,))
    return answer


def add_answers(
    session: StoreSession,
    asked: AnyMessage,
    models: Sequence[tuple[str, str]],
    assistant: str = "",
) -> Sequence[MessageRow]:
    """Store an answer of each engine and model to a question."""
    place = asked.conversation_id
    answers = [_begun(place, *model, parent=asked.id) for model in models]
    answers = [a._replace(reply_to=asked.id, assistant=assistant) for a in answers]
    _store(session, answers)
    return answers


def _begun(
    conversation_id: str, engine_name: str, model: str, *, parent: str
) -> MessageRow:
    now = now_ms()
    return MessageRow(
        id=new_id(),
        created_at=now,
        updated_at=now,
        conversation_id=conversation_id,
        role="assistant",
        state=MessageState.STREAMING,
        engine=engine_name,
        model=clean_text(model),
        parent=parent,
    )


def _store(session: StoreSession, messages: Sequence[MessageRow]) -> None:
    """Store new messages with statements, which take a third of the time of objects."""
    session.flush()  # objects that were added before come before
    rows, changes = [], []
    for message in messages:
        fields = message._asdict()
        rows.append((*message, indexed(message.text), "", 0))
        fields = {name: fields[name] for name in fields.keys() - UNLOGGED}
        changes.append(RowChange("message", message, None, fields))
    session.run(_ADD, rows)
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
