"""What was before: it is told the newest first, and a person sees how far it is."""

import threading

import pytest

from backend.services.sync.beginning import MANY
from backend.services.sync.overview import SyncPhase, summary_of
from backend.store.conversations import ConversationStore
from backend.store.database import Database
from backend.store.history.changes import ChangeStore
from backend.store.messages import MessageStore
from backend.store.models import Note
from backend.store.notes import NoteStore
from backend.store.states.message_state import MessageState
from backend.sync.folder import FolderTransport
from backend.sync.group import SyncGroup
from tests.helpers.synced import Computer, carry_all, settle, state_of
from tests.unit.backend.services.sync.test_deleted_for_good import sent_to
from tests.unit.backend.services.sync.test_devices import Desk, desk

__all__ = ["desk"]
ALL = MANY + 600


def fill(database: Database, count: int = ALL) -> None:
    """Write notes that are called after their number, at once."""
    with database.write() as session:
        session.add_all(Note(title=str(n)) for n in range(count))


def titles(computer: Computer) -> set[str]:
    return {note.title for note in NoteStore(computer.database).page(limit=2 * ALL)}


def restart(computer: Computer) -> None:
    """Let the exchange begin now, with what is there."""
    computer.join(SyncGroup.from_json(state_of(computer).group))


def exchange(a: Computer, b: Computer) -> None:
    a.sync()
    carry_all([a, b])
    b.rounds.look_again()
    b.sync()


def test_the_newest_is_there_first_and_nothing_is_missed(three: list[Computer]) -> None:
    a, b, c = three
    fill(a.database)
    restart(a)
    exchange(a, b)
    assert str(ALL - 1) in titles(b)
    look = b.store.look()
    assert look
    [coming] = look.first.values()
    assert (coming.total, coming.came) == (ALL, len(titles(b)))
    NoteStore(a.database).create("written meanwhile", "")
    for one in (a, b):
        one.close()
        one.open()
    exchange(a, b)
    assert "written meanwhile" in titles(b)
    assert "0" not in titles(b)
    settle(three)
    for one in (b, c):
        assert len(titles(one)) == ALL + 1
        over = one.store.look()
        assert over
        assert not over.first
    assert (state_of(a).back, state_of(a).back_left) == (0, 0)


def test_an_answer_comes_with_its_conversation(three: list[Computer]) -> None:
    a, b, _c = three
    talks, messages = ConversationStore(a.database), MessageStore(a.database)
    talk = talks.create(title="Of long ago")
    talks.rename(talk.id, "Renamed", "person")
    fill(a.database, 600)
    _asked, answer = messages.add_exchange(talk.id, "Why?", engine_name="E", model="m")
    messages.finish(answer.id, text="So.", reasoning="", state=MessageState.COMPLETE)
    restart(a)
    exchange(a, b)
    assert "0" not in titles(b)
    assert ConversationStore(b.database).get(talk.id).title == "Renamed"
    shown = MessageStore(b.database).of_conversation(talk.id)
    assert [message.text for message in shown] == ["Why?", "So."]


def test_what_one_computer_wrote_in_a_row_is_no_conflict(
    three: list[Computer],
) -> None:
    a, b, _c = three
    notes = NoteStore(a.database)
    note = notes.create("first", "")
    notes.save(note.id, "", "second")
    fill(a.database, 600)
    notes.save(note.id, "", "third")
    restart(a)
    settle(three)
    assert "third" in titles(b)
    assert b.store.conflicts() == []


def test_what_was_before_is_taken_out_of_the_log_too(three: list[Computer]) -> None:
    a, b, _c = three
    notes = NoteStore(a.database)
    talk = ConversationStore(a.database).create(title="kanarienvogel")
    note = notes.create("kanarienvogel", "")
    fill(a.database, 600)
    MessageStore(a.database).add_exchange(talk.id, "?", engine_name="E", model="m")
    restart(a)
    settle(three)
    assert "kanarienvogel" in sent_to(b, a)
    for table, row in (("note", note.id), ("conversation", talk.id)):
        ChangeStore(a.database).forget(table, row)
    settle(three)
    assert len(titles(b)) == 600
    assert "kanarienvogel" not in sent_to(b, a)


def test_a_person_sees_how_far_it_is(desk: Desk) -> None:
    fill(desk.databases[0], 3 * MANY)
    desk.pair()
    sender = desk.a.overview()
    assert sender.sending
    assert 0 < sender.sending.came < sender.sending.total == 3 * MANY
    assert summary_of(sender).words == f"{sender.sending.words} sent"
    taker = desk.b.overview()
    [there] = taker.devices
    assert there.first
    assert 0 < there.first.came < there.first.total == 3 * MANY
    assert summary_of(taker).words == f"{there.first.words} have come"
    while desk.a.overview().sending or desk.b.overview().devices[0].first:
        desk.exchange()
    assert summary_of(desk.a.overview()).words == "up to date"


def test_pausing_does_not_wait_for_the_end(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(desk.databases[0], 3 * MANY)
    desk.pair()
    exchanges, waits = threading.Event(), threading.Event()
    exchange = FolderTransport.exchange

    def awaited(*given: object) -> object:
        exchanges.set()
        waits.wait(10)
        return exchange(*given)  # type: ignore[arg-type]  # as they are

    monkeypatch.setattr(FolderTransport, "exchange", awaited)
    step = threading.Thread(target=desk.a.step)
    step.start()
    exchanges.wait(10)
    pause = threading.Thread(target=lambda: desk.a.pause(is_paused=True))
    pause.start()
    while not desk.a._now.is_awaited:
        pass
    waits.set()
    pause.join()
    step.join()
    seen = desk.a.overview()
    assert seen.phase is SyncPhase.PAUSED
    assert seen.sending
    assert seen.sending.came < seen.sending.total
    assert summary_of(seen).words == "paused"
