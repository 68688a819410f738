"""Does random things to a store, as a user might, and says what there is then."""

import contextlib
from collections.abc import Callable
from itertools import pairwise

from sqlmodel import col, select

from backend.errors import HearthError
from backend.store.branches.paths import branches_in
from backend.store.conversations import ConversationStore
from backend.store.database import Database
from backend.store.history.changes import ChangeStore
from backend.store.history.revisions import RevisionStore
from backend.store.history.trash import TrashStore
from backend.store.messages import MessageStore
from backend.store.models import LOGGED, Conversation, Message
from backend.store.notes import NoteStore
from backend.store.settings import SettingStore
from backend.store.states.message_state import MessageState

FORGETTABLE = ("conversation", "message", "note")
Act = tuple[str, int, str]


class Actor:
    """Does random things, as a user might, also impossible ones."""

    def __init__(
        self, database: Database, rows: dict[str, list[str]] | None = None
    ) -> None:
        self.conversations = ConversationStore(database)
        self.messages = MessageStore(database)
        self.revisions = RevisionStore(database)
        self.notes = NoteStore(database)
        self.trash = TrashStore(database)
        self.settings = SettingStore(database)
        self.changes = ChangeStore(database)
        self.rows = (
            {table: list[str]() for table in FORGETTABLE} if rows is None else rows
        )
        self.transactions: list[str] = []

    def act(self, act: Act) -> None:
        """Do one thing; what is refused is refused."""
        name, number, text = act
        with contextlib.suppress(HearthError):
            ACTS[name](self, number, text)
        last = self.changes.last()
        if last and last not in self.transactions:
            self.transactions.append(last)

    def one(self, table: str, number: int) -> str:
        """Choose a row that was made."""
        known = self.rows[table] or ["nothing"]
        return known[number % len(known)]

    def create(self, number: int, text: str) -> None:
        self.rows["conversation"].append(self.conversations.create(title=text).id)

    def rename(self, number: int, text: str) -> None:
        self.conversations.rename(self.one("conversation", number), text, "user")

    def delete(self, number: int, text: str) -> None:
        self.conversations.delete(self.one("conversation", number))

    def restore(self, number: int, text: str) -> None:
        self.conversations.restore(self.one("conversation", number))

    def exchange(self, number: int, text: str) -> None:
        conversation = self.one("conversation", number)
        pair = self.messages.add_exchange(
            conversation,
            text,
            engine_name="E",
            model="m",
        )
        self.rows["message"] += [row.id for row in pair]

    def finish(self, number: int, text: str) -> None:
        self.messages.finish(
            self.one("message", number),
            text=text,
            reasoning=text[::-1],
            state=MessageState.STOPPED,
        )

    def reopen(self, number: int, text: str) -> None:
        self.messages.reopen(self.one("message", number), keep_text=number % 2 == 0)

    def edit(self, number: int, text: str) -> None:
        self.revisions.edit(self.one("message", number), text)

    def ask_again(self, number: int, text: str) -> None:
        data = self.revisions.ask_again(
            self.one("message", number), text, engine_name="E", model=text
        )
        self.rows["message"] += [data.question.id, data.answer.id]

    def answer_again(self, number: int, text: str) -> None:
        data, _ = self.revisions.answer_again(
            self.one("message", number), engine_name="E", model=text
        )
        self.rows["message"].append(data.id)

    def show(self, number: int, text: str) -> None:
        self.revisions.show(self.one("message", number), len(text) - 1)

    def delete_message(self, number: int, text: str) -> None:
        self.messages.delete(self.one("message", number))

    def note(self, number: int, text: str) -> None:
        self.rows["note"].append(self.notes.create(text, text).id)

    def save_note(self, number: int, text: str) -> None:
        self.notes.save(self.one("note", number), text)

    def type_note(self, number: int, text: str) -> None:
        row_id = self.one("note", number)
        self.notes.keep(row_id, text)
        self.notes.fold(row_id)

    def take_out(self, number: int, text: str) -> None:
        table = FORGETTABLE[number % len(FORGETTABLE)]
        self.trash.restore(table, self.one(table, number))

    def setting(self, number: int, text: str) -> None:
        self.settings.set(str(number % 3), text)

    def undo(self, number: int, text: str) -> None:
        known = self.transactions or ["nothing"]
        self.changes.undo(known[number % len(known)])

    def version(self, number: int, text: str) -> None:
        note = self.one("note", number)
        seqs = [change.seq or 0 for change in self.changes.of_row("note", note)] or [0]
        self.changes.restore_version("note", note, seqs[number % len(seqs)])

    def forget(self, number: int, text: str) -> None:
        table = FORGETTABLE[number % len(FORGETTABLE)]
        self.changes.forget(table, self.one(table, number))


ACTS: dict[str, Callable[[Actor, int, str], None]] = {
    act.__name__: act
    for act in (
        Actor.create,
        Actor.rename,
        Actor.delete,
        Actor.restore,
        Actor.exchange,
        Actor.finish,
        Actor.reopen,
        Actor.edit,
        Actor.ask_again,
        Actor.answer_again,
        Actor.show,
        Actor.delete_message,
        Actor.note,
        Actor.save_note,
        Actor.type_note,
        Actor.take_out,
        Actor.setting,
        Actor.undo,
        Actor.version,
        Actor.forget,
    )
}


def contents(database: Database) -> dict[str, list[dict[str, object]]]:
    """Return every logged row of every table."""
    with database.read() as session:
        return {
            table: [
                row.model_dump(exclude={"aside", "version", "versions"})
                for row in session.exec(select(model).order_by(model.id))
            ]
            for table, model in LOGGED.items()
        }


def check_paths(database: Database) -> None:
    """See that what is marked as shown is what the tree says, and a path."""
    messages = MessageStore(database)
    with database.read() as session:
        for talk in session.exec(select(Conversation)).all():
            marked = branches_in(session, talk.id).moved(talk.shown_leaf)
            assert marked == {}
            shown = messages.of_conversation(talk.id, limit=None)
            assert all(a.id < b.id for a, b in pairwise(shown))
            live = select(Message).where(
                Message.conversation_id == talk.id, col(Message.deleted_at).is_(None)
            )
            assert bool(shown) is bool(session.exec(live).all())


def check_index(database: Database) -> None:
    """Let FTS5 compare its indexes with the rows that are not deleted."""
    with database.write() as session:
        for table in ("conversation", "message", "note"):
            session.connection().exec_driver_sql(
                f"insert into {table}_fts({table}_fts, rank)"
                " values('integrity-check', 1)",
            )
