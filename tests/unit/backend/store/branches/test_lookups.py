"""What is looked up of a tree is what the whole tree says, whatever was done to it."""

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import event

from backend.errors import HearthError
from backend.ids import new_id
from backend.store.branches import paths
from backend.store.branches.lookups import leaf_below, versions_of
from backend.store.branches.paths import branches_in, path_end
from backend.store.conversations import ConversationStore, conversation_in
from backend.store.database import Database
from backend.store.history.changes import ChangeStore
from backend.store.history.revisions import RevisionStore
from backend.store.history.trash import TrashStore
from backend.store.messages import MessageStore
from backend.store.models import Message

NAMES = {"engine_name": "E", "model": "m"}


@dataclass
class Talk:
    """A conversation to which anything is done."""

    database: Database
    id: str
    messages: list[str] = field(default_factory=list)
    transactions: list[str] = field(default_factory=list)

    def one(self, number: int) -> str:
        return self.messages[number % len(self.messages)]

    def add(self, parent: str | None, *, deleted_at: int | None = None) -> None:
        """Store a message as an import, another device or an earlier Hearth does."""
        message = Message(
            id=new_id(),
            conversation_id=self.id,
            parent=parent,
            role="assistant" if len(self.messages) % 2 else "user",
            deleted_at=deleted_at,
        )
        self.messages.append(message.id)
        with self.database.write() as session:
            session.add(message)

    def ask(self, number: int) -> None:
        pair = MessageStore(self.database).add_exchange(self.id, "Q", **NAMES)
        self.messages += [pair[0].id, pair[1].id]

    def ask_again(self, number: int) -> None:
        again = RevisionStore(self.database).ask_again(self.one(number), "Q", **NAMES)
        self.messages += [again.question.id, again.answer.id]

    def retry(self, number: int) -> None:
        store = MessageStore(self.database)
        store.interrupt_open()
        answer, _ = RevisionStore(self.database).answer_again(self.one(number), **NAMES)
        self.messages.append(answer.id)

    def side_by_side(self, number: int) -> None:
        begun = RevisionStore(self.database).answer_side_by_side(
            self.one(number), [("E", "a"), ("E", "b")]
        )
        self.messages += [answer.id for answer in begun]

    def show(self, number: int) -> None:
        RevisionStore(self.database).show(self.one(number), number % 5 - 2)

    def delete(self, number: int) -> None:
        MessageStore(self.database).delete(self.one(number))

    def restore(self, number: int) -> None:
        TrashStore(self.database).restore("message", self.one(number))

    def undo(self, number: int) -> None:
        if self.transactions:
            chosen = self.transactions[-1 - number % len(self.transactions)]
            ChangeStore(self.database).undo(chosen)

    def forget(self, number: int) -> None:
        chosen = self.one(number)
        with self.database.read() as session:
            row = session.get(Message, chosen)
        if row and row.deleted_at is not None:
            ChangeStore(self.database).forget("message", chosen)

    def receive(self, number: int) -> None:
        parents = (None, "", "gone", *self.messages)
        self.add(parents[number % len(parents)], deleted_at=number % 3 or None)

    def follow(self, number: int) -> None:
        """Show what another device shows, or nothing that is here."""
        with self.database.write() as session:
            leaf = self.one(number) if number % 7 else "gone"
            conversation_in(session, self.id).shown_leaf = leaf


ACTS: dict[str, Callable[[Talk, int], None]] = {
    act.__name__: act
    for act in (
        *(Talk.ask, Talk.ask_again, Talk.retry, Talk.side_by_side, Talk.show),
        *(Talk.delete, Talk.restore, Talk.undo, Talk.forget, Talk.receive),
        Talk.follow,
    )
}


@pytest.fixture(scope="module", params=[0, paths._SMALL], ids=["large", "small"])
def database(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Database]:
    """Return a database where trees of one size are looked up, and others walked."""
    database = Database.open(tmp_path_factory.mktemp("data") / "hearth.db")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(paths, "_SMALL", request.param)
        yield database
    database.close()


@settings(max_examples=30)
@given(
    st.integers(0, 3),
    st.lists(st.tuples(st.sampled_from(sorted(ACTS)), st.integers(0, 60)), max_size=16),
)
def test_what_is_marked_and_found_is_what_the_whole_tree_says(
    database: Database, old: int, acts: list[tuple[str, int]]
) -> None:
    talk = Talk(database, ConversationStore(database).create(title="T").id)
    for _ in range(old):
        talk.add(None)
    talk.ask(0)
    for name, number in acts:
        with contextlib.suppress(HearthError):
            ACTS[name](talk, number)
        last = ChangeStore(database).last()
        if last:
            talk.transactions.append(last)
        check(talk)


def end_is_trashed(talk: Talk) -> None:
    MessageStore(talk.database).delete(talk.messages[-1])


def question_is_chosen(talk: Talk) -> None:
    with talk.database.write() as session:
        conversation_in(session, talk.id).shown_leaf = talk.messages[-2]


def one_comes_in_the_trash(talk: Talk) -> None:
    talk.add(talk.messages[-1], deleted_at=1)


@pytest.mark.parametrize(
    ("acts", "end"),
    [
        ([end_is_trashed], 1),
        ([end_is_trashed, question_is_chosen], 0),
        ([question_is_chosen, end_is_trashed], 0),
        ([one_comes_in_the_trash], 1),
    ],
)
def test_what_is_in_the_trash_leaves_a_path_without_branches(
    database: Database, acts: list[Callable[[Talk], None]], end: int
) -> None:
    """The end stays while it is what was chosen: the next question follows it."""
    talk = Talk(database, ConversationStore(database).create(title="T").id)
    talk.ask(0)
    for act in acts:
        act(talk)
    check(talk)
    with database.write() as session:
        leaf = conversation_in(session, talk.id).shown_leaf
        assert branches_in(session, talk.id).moved(leaf) == {}
        assert path_end(session, talk.id) == talk.messages[end]


@pytest.mark.parametrize("is_shared", [True, False], ids=["here", "elsewhere"])
def test_an_end_that_lay_in_the_trash_and_goes_for_good_leaves_a_path(
    database: Database, is_shared: bool
) -> None:
    """It was what was chosen: the path has to be laid out without it."""
    talk = Talk(database, ConversationStore(database).create(title="T").id)
    talk.ask(0)
    talk.ask_again(0)
    talk.show(0)
    answer = talk.messages[1]
    MessageStore(database).delete(answer)
    check(talk)
    forgotten = [("message", answer)]
    ChangeStore(database).forget_all(forgotten, is_shared=is_shared)
    check(talk)


@pytest.mark.parametrize("messages", [2, 200])
def test_another_version_in_a_conversation_of_usual_size_takes_few_statements(
    tmp_path: Path, messages: int
) -> None:
    """An import has one transaction for many conversations, each with its branches."""
    database = Database.open(tmp_path / "hearth.db")
    talk = Talk(database, ConversationStore(database).create(title="T").id)
    for _ in range(messages):
        talk.add(talk.messages[-1] if talk.messages else "")
    sent: list[str] = []
    event.listen(
        database._engine, "before_cursor_execute", lambda *a: sent.append(a[2])
    )
    talk.add(talk.messages[0])
    database.close()
    about = [one for one in sent if " from message" in one]
    assert 0 < len(about) <= 4, sent


def check(talk: Talk) -> None:
    """Compare with a tree that is made of all rows."""
    with talk.database.write() as session:
        tree = branches_in(session, talk.id)
        leaf = conversation_in(session, talk.id).shown_leaf
        rows = [session.get(Message, one) for one in talk.messages]
        live = {row.id for row in rows if row and row.deleted_at is None}
        assert tree.moved(leaf) == {}
        assert leaf_below(session, talk.id, "") == tree.leaf_below("")
        for message_id in live:
            below = leaf_below(session, talk.id, message_id)
            assert below == tree.leaf_below(message_id)
            found = versions_of(session, talk.id, message_id)
            assert [one.id for one in found] == tree.versions_of(message_id)
