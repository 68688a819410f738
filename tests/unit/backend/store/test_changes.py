"""The change log knows everything: it undoes, replays and can forget."""

import contextlib
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlmodel import select

from backend.errors import ConflictError, HearthError, NotFoundError
from backend.store.changes import ChangeStore
from backend.store.conversations import ConversationStore
from backend.store.database import Database
from backend.store.drafts import DraftStore
from backend.store.messages import MessageStore
from backend.store.models import LOGGED
from backend.store.notes import NoteStore
from backend.store.revisions import RevisionStore
from backend.store.settings import SettingStore
from backend.store.states import MessageState
from backend.store.trash import TrashStore


@pytest.fixture
def changes(database: Database) -> ChangeStore:
    return ChangeStore(database)


def test_one_act_of_the_user_is_one_transaction(
    changes: ChangeStore,
    messages: MessageStore,
) -> None:
    conversation, asked, answer = messages.begin_conversation(
        "hi",
        engine_id="",
        engine_name="",
        model="",
    )
    logged = [
        change
        for table, row in (
            ("conversation", conversation),
            ("message", asked),
            ("message", answer),
        )
        for change in changes.of_row(table, row.id)
    ]
    assert {change.transaction_id for change in logged} == {changes.last()}
    assert [change.before for change in logged] == [None] * 3
    assert logged[1].after["text"] == "hi"
    assert [change.hlc for change in logged] == sorted(
        {change.hlc for change in logged}
    )


def test_only_the_changed_fields_are_kept(
    changes: ChangeStore,
    conversations: ConversationStore,
) -> None:
    made = conversations.create(title="a")
    conversations.rename(made.id, "b", "user")
    conversations.rename(made.id, "b", "user")
    first, second = changes.of_row("conversation", made.id)
    assert first.before is None
    assert second.before is not None
    assert (second.before["title"], second.after["title"]) == ("a", "b")
    assert second.before.keys() == second.after.keys() == {"title", "updated_at"}


def test_drafts_and_pieces_are_not_logged(
    database: Database,
    changes: ChangeStore,
    messages: MessageStore,
) -> None:
    answer = messages.begin_conversation("", engine_id="", engine_name="", model="")[2]
    last = changes.last()
    messages.append_chunk(answer.id, 0, "x")
    DraftStore(database).save("new", "y")
    assert changes.last() == last


def test_an_undo_and_its_undo(
    changes: ChangeStore,
    conversations: ConversationStore,
) -> None:
    made = conversations.create(title="a")
    renamed = conversations.rename(made.id, "b", "user")
    undone = changes.undo(renamed)
    assert conversations.get(made.id).title == "a"
    changes.undo(undone)
    assert conversations.get(made.id).title == "b"


def test_undoing_a_deletion_brings_the_row_back_once(
    changes: ChangeStore,
    conversations: ConversationStore,
) -> None:
    made = conversations.create(title="a")
    deleted = conversations.delete(made.id)
    changes.undo(deleted)
    assert conversations.get(made.id).title == "a"
    with pytest.raises(ConflictError):
        changes.undo(deleted)


def test_undoing_what_was_new_puts_it_into_the_trash(
    changes: ChangeStore,
    conversations: ConversationStore,
) -> None:
    made = conversations.create(title="a")
    created = changes.last()
    assert created
    undone = changes.undo(created)
    assert conversations.page() == []
    changes.undo(undone)
    assert conversations.get(made.id).title == "a"


def test_a_newer_change_of_the_same_field_stays(
    changes: ChangeStore,
    database: Database,
) -> None:
    notes = NoteStore(database)
    made = notes.create("Fire", "hot")
    both = notes.save(made.id, "hotter", title="Flame")
    notes.save(made.id, "hottest")
    changes.undo(both)
    row = notes.get(made.id)
    assert (row.title, row.body) == ("Fire", "hottest")


def test_the_end_of_an_answer_is_not_undone(
    changes: ChangeStore,
    messages: MessageStore,
) -> None:
    answer = messages.begin_conversation("", engine_id="", engine_name="", model="")[2]
    messages.finish(answer.id, text="x", reasoning="", state=MessageState.COMPLETE)
    with pytest.raises(ConflictError):
        changes.undo(changes.last() or "")
    assert messages.get(answer.id).text == "x"


def test_an_answer_written_again_becomes_what_it_was(
    changes: ChangeStore,
    messages: MessageStore,
) -> None:
    row_id = messages.begin_conversation("", engine_id="", engine_name="", model="a")[
        2
    ].id
    messages.finish(row_id, text="old", reasoning="hm", state=MessageState.STOPPED)
    _, retried = messages.reopen(row_id, keep_text=False, model="b")
    with pytest.raises(ConflictError, match="still being written"):
        changes.undo(retried)
    messages.finish(row_id, text="new", reasoning="", state=MessageState.COMPLETE)

    undone = changes.undo(retried)
    row = messages.get(row_id)
    assert (row.text, row.reasoning, row.model) == ("old", "hm", "a")
    assert row.state is MessageState.STOPPED

    changes.undo(undone)
    row = messages.get(row_id)
    assert (row.text, row.model, row.state) == ("new", "b", MessageState.COMPLETE)

    messages.reopen(row_id, keep_text=False, model="c")
    messages.finish(row_id, text="newest", reasoning="", state=MessageState.COMPLETE)
    with pytest.raises(ConflictError, match="changed again"):
        changes.undo(retried)
    assert messages.get(row_id).model == "c"


def test_a_growing_answer_takes_no_earlier_version(
    changes: ChangeStore,
    messages: MessageStore,
) -> None:
    row_id = messages.begin_conversation("", engine_id="", engine_name="", model="")[
        2
    ].id
    messages.finish(row_id, text="old", reasoning="", state=MessageState.COMPLETE)
    messages.reopen(row_id, keep_text=False)
    version = changes.of_row("message", row_id)[1]
    with pytest.raises(ConflictError, match="still being written"):
        changes.restore_version("message", row_id, version.seq or 0)
    assert messages.get(row_id).text == ""


def test_what_never_was_is_not_undone(changes: ChangeStore) -> None:
    with pytest.raises(NotFoundError):
        changes.undo("nothing")


def test_an_earlier_version_is_restored(
    changes: ChangeStore,
    database: Database,
) -> None:
    notes = NoteStore(database)
    made = notes.create("Fire", "hot")
    notes.save(made.id, "cold", title="Ice")
    first = changes.of_row("note", made.id)[0]
    restored = changes.restore_version("note", made.id, first.seq or 0)
    assert (notes.get(made.id).title, notes.get(made.id).body) == ("Fire", "hot")
    changes.undo(restored)
    assert notes.get(made.id).title == "Ice"
    with pytest.raises(NotFoundError):
        changes.restore_version("note", made.id, 10_000)


def test_forgetting_leaves_no_trace_of_the_text_on_the_disk(
    changes: ChangeStore,
    conversations: ConversationStore,
    messages: MessageStore,
    database: Database,
) -> None:
    keep = conversations.create(title="keep")
    conversation, asked, answer = messages.begin_conversation(
        "xylophonequestion " * 50,
        engine_id="",
        engine_name="",
        model="",
        title="xylophonetitle",
    )
    messages.append_chunk(answer.id, 0, "xylophonepiece")
    messages.finish(
        answer.id,
        text="xylophoneanswer " * 2000,
        reasoning="",
        state=MessageState.COMPLETE,
    )
    DraftStore(database).save(conversation.id, "xylophonedraft")
    conversations.delete(conversation.id)
    changes.forget("conversation", conversation.id)
    assert changes.of_row("message", asked.id) == []
    with pytest.raises(NotFoundError):
        conversations.get(conversation.id, include_deleted=True)
    on_disk = b"".join(
        file.read_bytes() for file in database.path.parent.iterdir() if file.is_file()
    )
    assert b"xylophone" not in on_disk
    assert conversations.get(keep.id).title == "keep"


FORGETTABLE = ("conversation", "message", "note")
Act = tuple[str, int, str]


class Actor:
    """Does random things, as a user might, also impossible ones."""

    def __init__(self, database: Database) -> None:
        self.conversations = ConversationStore(database)
        self.messages = MessageStore(database)
        self.revisions = RevisionStore(database)
        self.notes = NoteStore(database)
        self.trash = TrashStore(database)
        self.settings = SettingStore(database)
        self.changes = ChangeStore(database)
        self.rows: dict[str, list[str]] = {table: [] for table in FORGETTABLE}
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
        told = self.revisions.ask_again(
            self.one("message", number), text, engine_name="E", model=text
        )
        self.rows["message"].append(told.answer.id)

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
                row.model_dump()
                for row in session.exec(select(model).order_by(model.id))
            ]
            for table, model in LOGGED.items()
        }


@settings(max_examples=20, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(sorted(ACTS)), st.integers(0, 50), st.text(max_size=8)
        ),
        max_size=30,
    ),
)
def test_the_log_alone_reproduces_the_database(acts: list[Act]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        database = Database.open(Path(folder, "a", "hearth.db"))
        replayed = Database.open(Path(folder, "b", "hearth.db"))
        try:
            actor = Actor(database)
            for act in acts:
                actor.act(act)
            actor.changes.replay(replayed)
            assert contents(replayed) == contents(database)
            for opened in (database, replayed):
                check_index(opened)
        finally:
            database.close()
            replayed.close()


def check_index(database: Database) -> None:
    """Let FTS5 compare its indexes with the rows that are not deleted."""
    with database.write() as session:
        for table in ("conversation", "message", "note"):
            session.connection().exec_driver_sql(
                f"insert into {table}_fts({table}_fts, rank)"
                " values('integrity-check', 1)",
            )
