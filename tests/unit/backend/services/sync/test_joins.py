"""A computer with data of its own joins: it is asked first, and can take that back."""

from dataclasses import replace

import pytest

from backend.errors import ConflictError
from backend.services.sync.overview import SyncPhase, summary_of
from backend.store.conversations import ConversationStore
from backend.store.database import Database
from backend.store.exports import Counts
from backend.store.history import joins
from backend.store.history.trash import TrashStore
from backend.store.messages import MessageStore
from backend.store.notes import NoteStore
from backend.store.states.message_state import MessageState
from backend.store.sync.sync import SyncStore
from tests.unit.backend.services.sync.test_devices import Desk, desk, titles

__all__ = ["desk"]


def say(database: Database, conversation: str, question: str, answer: str) -> None:
    messages = MessageStore(database)
    _, begun = messages.add_exchange(conversation, question, engine_name="E", model="m")
    messages.finish(begun.id, text=answer, reasoning="", state=MessageState.COMPLETE)


def texts(database: Database, conversation: str) -> list[str]:
    shown = MessageStore(database).of_conversation(conversation)
    return [message.text for message in shown]


def talks(database: Database) -> set[str]:
    with database.read() as session:
        found = session.connection().exec_driver_sql(
            "select title from conversation where deleted_at is null"
        )
        return {title for (title,) in found.all()}


def joined(desk: Desk) -> None:
    desk.pair()
    desk.b.confirm()
    desk.exchange()


def go_back(desk: Desk) -> None:
    desk.b.take_back()
    while desk.b.overview().phase is SyncPhase.GOING_BACK:
        desk.b.step()


def test_who_has_something_is_asked_with_the_counts(desk: Desk) -> None:
    a, b = desk.databases
    ConversationStore(a).create(title="There")
    for n in range(3):
        NoteStore(a).create(f"there {n}", "")
    NoteStore(b).create("here", "")
    desk.pair()
    seen = desk.b.overview()
    assert seen.phase is SyncPhase.ASKED
    assert (seen.here, seen.there) == (Counts(0, 1), Counts(1, 3))
    assert summary_of(seen).words == "waits for your answer"
    desk.exchange()
    assert titles(b) == {"here"}
    assert len(titles(a)) == 3
    desk.b.confirm()
    desk.exchange()
    assert titles(a) == titles(b)
    assert len(titles(a)) == 4


def test_who_says_no_keeps_what_it_had(desk: Desk) -> None:
    a, b = desk.databases
    NoteStore(a).create("there", "")
    NoteStore(b).create("here", "")
    desk.pair()
    desk.b.cancel()
    desk.exchange()
    assert (titles(a), titles(b)) == ({"there"}, {"here"})
    with pytest.raises(ConflictError):
        desk.b.confirm()


def test_joining_is_taken_back_here_and_nowhere_else(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(joins, "_STEP", 3)
    a, b = desk.databases
    NoteStore(a).create("there", "")
    talk = ConversationStore(a).create(title="There")
    answered = ConversationStore(a).create(title="Answered here")
    for one in (talk, answered):
        say(a, one.id, "Why?", "So.")
    own = NoteStore(b).create("here", "as it was")
    own_talk = ConversationStore(b).create(title="Here")
    say(b, own_talk.id, "Q", "A")
    joined(desk)
    NoteStore(a).save(own.id, "changed there")
    say(a, own_talk.id, "Q of there", "A of there")
    say(b, answered.id, "Asked here", "Answered here")
    desk.exchange()
    assert NoteStore(b).get(own.id).body == "changed there"
    there = titles(a), talks(a), texts(a, own_talk.id), texts(a, answered.id)
    go_back(desk)
    assert desk.b.overview().phase is SyncPhase.OFF
    assert titles(b) == {"here"}
    assert NoteStore(b).get(own.id).body == "as it was"
    assert talks(b) == {"Here", "Answered here"}
    assert texts(b, own_talk.id) == ["Q", "A"]
    assert texts(b, answered.id) == ["Why?", "So.", "Asked here", "Answered here"]
    assert {item.title for item in TrashStore(b).page()} >= {"there", "There"}
    desk.exchange()
    assert there == (
        titles(a),
        talks(a),
        texts(a, own_talk.id),
        texts(a, answered.id),
    )


def test_an_answer_that_another_one_began_again_is_the_first_one(desk: Desk) -> None:
    a, b = desk.databases
    talk = ConversationStore(b).create(title="Here")
    say(b, talk.id, "Q", "A")
    joined(desk)
    answer = MessageStore(a).of_conversation(talk.id)[-1]
    MessageStore(a).reopen(answer.id, keep_text=False, engine_name="Other")
    MessageStore(a).finish(
        answer.id, text="Another", reasoning="", state=MessageState.COMPLETE
    )
    desk.exchange()
    assert texts(b, talk.id) == ["Q", "Another"]
    go_back(desk)
    assert texts(b, talk.id) == ["Q", "A"]
    assert MessageStore(b).get(answer.id).engine == "E"


def test_who_joins_again_has_what_the_others_have(desk: Desk) -> None:
    a, b = desk.databases
    note = NoteStore(a).create("there", "")
    own = NoteStore(b).create("here", "as it was")
    joined(desk)
    NoteStore(a).save(own.id, "changed there")
    desk.exchange()
    go_back(desk)
    assert titles(b) == {"here"}
    NoteStore(a).save(note.id, "more", "there, later")
    NoteStore(b).create("written between", "")
    desk.join_again()
    desk.exchange()
    everything = {"there, later", "here", "written between"}
    assert (titles(a), titles(b)) == (everything, everything)
    for one in (a, b):
        assert NoteStore(one).get(own.id).body == "changed there"


def test_it_goes_on_after_a_kill(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(joins, "_STEP", 2)
    a, b = desk.databases
    for n in range(9):
        NoteStore(a).create(f"there {n}", "")
    NoteStore(b).create("here", "")
    joined(desk)
    desk.b.take_back()
    desk.b.step()
    assert summary_of(desk.b.overview()).words == "joining is being undone"
    assert len(titles(b)) == 8
    again = desk.service(1)
    while again.overview().phase is SyncPhase.GOING_BACK:
        again.step()
    assert titles(b) == {"here"}
    assert len(titles(a)) == 10


def test_the_first_computer_has_nothing_to_take_back(desk: Desk) -> None:
    joined_to = desk.databases[0]
    NoteStore(joined_to).create("there", "")
    desk.pair()
    with pytest.raises(ConflictError):
        desk.a.take_back()
    assert desk.a.overview().joined_at == 0


def renamed(database: Database) -> None:
    """Go on as a computer does that was found to be set back: under another name."""
    store = SyncStore(database)
    state = store.state()
    assert state
    store.keep(replace(state, is_behind=True))


def test_what_was_written_under_earlier_names_comes_to_a_new_group(desk: Desk) -> None:
    a, b = desk.databases
    NoteStore(a).create("under the first name", "")
    NoteStore(b).create("of b", "")
    joined(desk)
    renamed(a)
    desk.exchange()
    NoteStore(a).create("under the second name", "")
    desk.exchange()
    everything = {"under the first name", "under the second name", "of b"}
    assert titles(a) == titles(b) == everything
    # Another group, in which b begins with nothing.
    desk.a.leave()
    desk.b.leave()
    desk.databases[1] = Database.open(a.path.parent.with_name("c") / "hearth.db")
    b.close()
    desk.a, desk.b = desk.service(0), desk.service(1)
    desk.pair()
    for _ in range(3):
        desk.exchange()
    assert titles(desk.databases[1]) == everything


def test_what_the_others_have_is_not_told_to_them_again(desk: Desk) -> None:
    a, b = desk.databases
    NoteStore(a).create("of a", "")
    desk.pair()
    desk.exchange()
    NoteStore(b).create("of b", "")
    desk.exchange()
    desk.b.leave()
    NoteStore(b).create("while it was alone", "")
    desk.join_again()
    state = SyncStore(b).state()
    assert state
    assert not state.offers
    desk.exchange()
    assert titles(a) == titles(b) == {"of a", "of b", "while it was alone"}
