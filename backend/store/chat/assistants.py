"""Keeps assistants, and which one a conversation has."""

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Final, TypeAlias

from sqlalchemy import literal_column
from sqlmodel import Session, col, select

from backend.errors import NotFoundError
from backend.ids import now_ms
from backend.interface.stored_values import parameters_of
from backend.store.database import Database
from backend.store.models import Assistant, Conversation, Folder, Setting
from backend.store.text import clean_text

Facts: TypeAlias = Mapping[str, str]
"""Fields of an assistant: name, icon, instructions, engine_id, model, parameters."""
_GONE: Final = "This assistant is no longer there. It may be in the trash."


class AssistantStore:
    """Reads and changes assistants; what changes returns its transaction id."""

    def __init__(self, database: Database) -> None:
        """Work on a database."""
        self._database = database

    def all(self) -> Sequence[Assistant]:
        """Return the assistants in use, by their names."""
        query = select(Assistant).where(col(Assistant.deleted_at).is_(None))
        with self._database.read() as session:
            return sorted(session.exec(query), key=lambda a: (a.name.casefold(), a.id))

    def get(self, id: str, *, include_deleted: bool = False) -> Assistant:
        """Return one assistant.

        Raises:
            NotFoundError: There is none, or it is in the trash.
        """
        with self._database.read() as session:
            return _assistant_in(session, id, include_deleted=include_deleted)

    def add(self, *data: Facts) -> tuple[Sequence[Assistant], str]:
        """Store new assistants, all or none; return them and the transaction id."""
        made = [Assistant.model_validate(_cleaned(facts)) for facts in data]
        with self._database.write() as session:
            session.add_all(made)
            return made, session.transaction_id

    def change(self, id: str, facts: Facts) -> str:
        """Change what is given.

        Raises:
            NotFoundError: There is none, or it is in the trash.
        """
        with self._database.write() as session:
            _assistant_in(session, id).sqlmodel_update(_cleaned(facts))
            return session.transaction_id

    def delete(self, id: str) -> str:
        """Put an assistant into the trash; conversations keep what it says.

        Raises:
            NotFoundError: There is none, or it is there already.
        """
        with self._database.write() as session:
            _assistant_in(session, id).deleted_at = now_ms()
            return session.transaction_id


def _assistant_in(
    session: Session, row_id: str, *, include_deleted: bool = False
) -> Assistant:
    row = session.get(Assistant, row_id)
    if row is None or (row.deleted_at is not None and not include_deleted):
        raise NotFoundError(_GONE)
    return row


def _cleaned(facts: Facts) -> dict[str, str]:
    return {name: clean_text(value) for name, value in facts.items()}


def free_some(session: Session, row_id: str, limit: int) -> bool:
    """Write what an assistant says into conversations that have it.

    So they are answered as before when it goes for good. Folders begin none with it
    then.

    Args:
        session: Logs the changes.
        row_id: The assistant.
        limit: How many of them at most.

    Returns:
        Whether there were any.
    """
    assistant = session.get(Assistant, row_id)
    folders = select(Folder).where(Folder.assistant_id == row_id)
    for folder in session.exec(folders):
        folder.assistant_id = ""
    having = select(Conversation).where(
        col(Conversation.assistant_id) == row_id,
        col(Conversation.assistant_id) != literal_column("''"),  # as the index says it
    )
    found = session.exec(having.limit(limit)).all()
    for row in found:
        row.assistant_id = ""
        if assistant:
            texts = (assistant.instructions, row.instructions)
            row.instructions = "\n\n".join(filter(None, texts))
            _add_parameters(session, row.id, assistant.parameters)
    return bool(found)


def _add_parameters(session: Session, conversation_id: str, usual: str) -> None:
    if not usual:
        return
    place = parameters_of(conversation_id)
    kept = session.get(Setting, place) or Setting(id=place)
    own = kept.value if kept.deleted_at is None else ""
    with suppress(ValueError):
        kept.value = json.dumps(json.loads(usual) | json.loads(own or "{}"))
        kept.deleted_at = None
        session.add(kept)
