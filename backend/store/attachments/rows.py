"""The rows of attached files within a session: of questions, and of drafts."""

from collections.abc import Iterable, Sequence
from typing import Final

from sqlalchemy import delete, text
from sqlmodel import Session, col, select

from backend.store.change_log import StoreSession
from backend.store.models import (
    AttachedFile,
    Attachment,
    Change,
    DraftAttachment,
    Message,
)

_NAMED: Final = text("""
    select file from attachment union select text_file from attachment
    union select file from draft_attachment
    union select text_file from draft_attachment
""")
"""Every file that a row names."""
_HAS_FILES: Final = "select exists(select 1 from draft_attachment where draft_id = ?)"


def attach_draft(session: StoreSession, draft_id: str, message_id: str) -> None:
    """Let the files of a draft be those of the question it became."""
    if session.run(_HAS_FILES, (draft_id,)).scalar():
        _attach(session, of_draft(session, draft_id), message_id)
        drop_drafted(session, draft_id)


def attach_same(session: StoreSession, earlier_id: str, message_id: str) -> None:
    """Let a question have the files of an earlier one."""
    _attach(session, of_messages(session, [earlier_id]), message_id)


def of_messages(session: Session, message_ids: Iterable[str]) -> Sequence[Attachment]:
    """Return the files of questions, each in its order."""
    query = select(Attachment).where(col(Attachment.message_id).in_(list(message_ids)))
    return session.exec(query.order_by(col(Attachment.position))).all()


def of_conversation(
    session: Session, conversation_id: str, sums: Iterable[str]
) -> Sequence[Attachment]:
    """Return the files of a conversation with these sums, each once."""
    query = (
        select(Attachment)
        .join(Message, col(Message.id) == col(Attachment.message_id))
        .where(
            Message.conversation_id == conversation_id,
            col(Attachment.sha256).in_(list(sums)),
        )
        .order_by(col(Attachment.id))
    )
    found = {row.sha256: row for row in session.exec(query)}
    return list(found.values())


def named_files(session: Session) -> set[str]:
    """Return the names of all files that a row names."""
    return {name for (name,) in session.connection().execute(_NAMED) if name}


def drop_drafted(session: Session, draft_id: str) -> None:
    """Forget the rows of the files of a draft."""
    session.connection().execute(
        delete(DraftAttachment).where(col(DraftAttachment.draft_id) == draft_id)
    )


def forget_files(session: StoreSession, row_id: str) -> set[str]:
    """Forget the files of a message, or of a draft, for good, out of the log too.

    Returns:
        The names of files, some of which other rows may name.
    """
    attached, drafted = of_messages(session, [row_id]), of_draft(session, row_id)
    if attached:
        ids = [row.id for row in attached]
        of_theirs = col(Change.table_name) == "attachment"
        run = session.connection().execute
        run(delete(Change).where(of_theirs, col(Change.row_id).in_(ids)))
        run(delete(Attachment).where(col(Attachment.id).in_(ids)))
    drop_drafted(session, row_id)
    files: Sequence[AttachedFile] = [*attached, *drafted]
    return {name for one in files for name in (one.file, one.text_file) if name}


def of_draft(session: Session, draft_id: str) -> Sequence[DraftAttachment]:
    """Return the files of a draft in their order."""
    return session.exec(
        select(DraftAttachment)
        .where(DraftAttachment.draft_id == draft_id)
        .order_by(col(DraftAttachment.position), col(DraftAttachment.id))
    ).all()


def _attach(
    session: StoreSession, files: Sequence[AttachedFile], message_id: str
) -> None:
    for file in files:
        facts = file.model_dump(include=set(AttachedFile.model_fields))
        session.add(Attachment(**facts, message_id=message_id))
