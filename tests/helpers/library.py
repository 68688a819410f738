"""Fills a data folder with what a person might keep."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from backend.keys.database_key import DATABASE_NAME
from backend.store.conversations import ConversationStore
from backend.store.database import Database
from backend.store.history.changes import ChangeStore
from backend.store.history.trash import TrashStore
from backend.store.messages import MessageStore
from backend.store.models import Conversation
from backend.store.notes import NoteStore
from backend.store.rows import AnyMessage
from backend.store.states.message_state import MessageState


@dataclass(frozen=True)
class Library:
    """The stores of one database."""

    database: Database
    conversations: ConversationStore
    messages: MessageStore
    notes: NoteStore
    changes: ChangeStore
    trash: TrashStore

    def talk(
        self, title: str, *exchanges: tuple[str, str]
    ) -> tuple[Conversation, list[AnyMessage]]:
        """Store a conversation of questions and whole answers."""
        conversation = self.conversations.create(title=title)
        said: list[AnyMessage] = []
        for question, answer in exchanges:
            asked, open_answer = self.messages.add_exchange(
                conversation.id, question, engine_name="E", model="m"
            )
            ended = self.messages.finish(
                open_answer.id, text=answer, reasoning="", state=MessageState.COMPLETE
            )
            said += [asked, ended]
        return conversation, said


@contextmanager
def open_library(data_dir: Path) -> Iterator[Library]:
    """Open the stores of a data folder that no sidecar works on."""
    database = Database.open(data_dir / DATABASE_NAME)
    try:
        yield Library(
            database,
            ConversationStore(database),
            MessageStore(database),
            NoteStore(database),
            ChangeStore(database),
            TrashStore(database),
        )
    finally:
        database.close()
