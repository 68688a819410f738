"""What is deleted for good on one computer is on none, nor in what they share."""

import os
from pathlib import Path

import pytest

from backend.services.sync.beginning import own_keys
from backend.store.conversations import ConversationStore
from backend.store.history import changes
from backend.store.history.changes import ChangeStore
from backend.store.history.trash import TrashStore
from backend.store.messages import MessageStore
from backend.store.models import Message
from backend.store.notes import NoteStore
from backend.store.search.indexes import DocumentIndex
from backend.sync.group import SyncGroup
from backend.sync.records import START, RecordHeader, RecordKind, RecordReader
from backend.sync.server import ServerTransport
from tests.helpers.sqld import Sqld
from tests.helpers.synced import Computer, Crash, Unsteady, grouped, settle, titles

DAY_MS = 24 * 3600 * 1000
SECRET = "what nobody shall read"


def sent_to(reader: Computer, writer: Computer) -> str:
    """Return all that a computer's stream says to who has the keys."""
    state, own = reader.store.state(), writer.store.state()
    assert state
    assert own
    keys = SyncGroup.from_json(state.group).keys
    found = reader.carrier(state).exchange(os.urandom(16).hex(), [], {}).found
    verifier = own_keys(own).as_member("").verifier
    stream = bytes.fromhex(own.stream)
    reading = RecordReader(verifier, stream, 0, bytes.fromhex(START))
    said = []
    for name, record in found:
        if name == own.stream:
            opened = reading.open(record, keys)
            assert opened
            if opened[0] is RecordKind.OPS:
                said.append(str(opened[1]))
    return " ".join(said)


def all_records(carrier: Unsteady) -> list[bytes]:
    """Return the records of the one stream there is, however long they are."""
    records: list[bytes] = []
    known: dict[str, int | None] = {}
    while found := carrier.exchange("f" * 32, [], known).found:
        records += [one.record for one in found]
        known = {found[-1].stream: len(records)}
    return records


def test_it_goes_from_all_and_out_of_what_they_share(three: list[Computer]) -> None:
    a, b, c = three
    note = NoteStore(a.database).create(SECRET, SECRET)
    NoteStore(a.database).create("stays", "of the same record")
    settle(three)
    NoteStore(b.database).save(note.id, f"{SECRET} indeed")
    settle(three)
    assert SECRET in sent_to(c, a)
    assert SECRET in sent_to(c, b)
    ChangeStore(c.database).forget("note", note.id)
    settle(three)
    for one in three:
        assert titles(one) == {"stays"}
        assert ChangeStore(one.database).of_row("note", note.id) == []
        assert SECRET not in sent_to(c, one)
    assert "of the same record" in sent_to(c, a)


def test_a_computer_that_was_away_does_not_bring_it_back(three: list[Computer]) -> None:
    a, b, c = three
    note = NoteStore(a.database).create(SECRET, SECRET)
    settle(three)
    NoteStore(c.database).save(note.id, f"{SECRET}, written while away")
    ChangeStore(a.database).forget("note", note.id)
    settle([a, b])
    settle(three)
    for one in three:
        assert titles(one) == set()
        assert SECRET not in sent_to(a, one)


def test_one_that_begins_afterwards_reads_past_what_is_gone(
    three: list[Computer],
) -> None:
    a, b, _ = three
    gone = NoteStore(a.database).create(SECRET, SECRET)
    NoteStore(a.database).create("beside it", "")
    settle(three)
    NoteStore(a.database).create("after it", "")
    settle(three)
    ChangeStore(b.database).forget("note", gone.id)
    settle(three)
    # As a computer that joins now: it has read nothing of anybody.
    with b.database.write() as session:
        for table in ("sync_peer", "change", "note"):
            session.run(f"delete from {table}", ())
    settle(three)
    assert titles(b) == {"beside it", "after it"}


def test_words_that_were_told_twice_go_twice(three: list[Computer]) -> None:
    a, b, _ = three
    notes = [NoteStore(a.database).create(f"{SECRET} {n}", SECRET) for n in range(3)]
    settle(three)
    for left, note in enumerate(notes[:-1]):
        ChangeStore(b.database).forget("note", note.id)
        settle(three)
        assert sent_to(b, a).count(f"{SECRET} ") == len(notes) - 1 - left
    ChangeStore(b.database).forget("note", notes[-1].id)
    settle(three)
    assert SECRET not in sent_to(b, a)


def test_a_long_record_is_erased_on_a_server(tmp_path: Path) -> None:
    with Sqld(tmp_path) as server:
        [a] = grouped(tmp_path, ["a"], server.url)
        noise = os.urandom(1_500_000).hex()
        note = NoteStore(a.database).create(SECRET, noise)
        a.sync(5)
        state = a.store.state()
        assert state
        carrier = a.carrier(state)
        assert isinstance(carrier.inner, ServerTransport)
        before = all_records(carrier)
        assert max(map(len, before)) > 1_000_000
        ChangeStore(a.database).forget("note", note.id)
        settle([a])
        after = all_records(carrier)
        pairs = list(zip(before, after, strict=False))
        assert all(RecordHeader.of(x) == RecordHeader.of(y) for x, y in pairs)
        assert all(len(x) == len(y) for x, y in pairs)
        assert sum(x != y for x, y in pairs) == 1
        a.close()


def test_what_expired_here_is_not_deleted_elsewhere(three: list[Computer]) -> None:
    a, b, _ = three
    note = NoteStore(a.database).create("kept elsewhere", "")
    settle(three)
    ChangeStore(a.database).forget_all([("note", note.id)], is_shared=False)
    settle(three)
    assert titles(b) == {"kept elsewhere"}


def test_an_answer_that_is_put_into_the_trash_after_its_question_went_stays(
    three: list[Computer],
) -> None:
    a = three[0]
    talk = ConversationStore(a.database).create(title="T")
    messages = MessageStore(a.database)
    question, answer = messages.add_exchange(talk.id, "Q", engine_name="E", model="m")
    messages.interrupt_open()
    settle(three)
    messages.delete(question.id)
    TrashStore(a.database).restore("message", answer.id)
    ChangeStore(a.database).forget("message", question.id)
    messages.delete(answer.id)
    settle(three)
    for one in three:
        with one.database.read() as session:
            assert session.get(Message, question.id) is None
            assert session.get(Message, answer.id) is not None, one.home.name


def test_what_was_before_a_note_was_deleted_and_made_anew_is_nowhere(
    three: list[Computer],
) -> None:
    a, b = three[:2]
    note = NoteStore(a.database).create(SECRET, SECRET)
    settle(three)
    ChangeStore(b.database).forget("note", note.id)
    NoteStore(b.database).keep(note.id, "made anew")
    NoteStore(b.database).fold(note.id)
    settle(three)
    for one in three:
        assert titles(one) == {"made anew"}
        said = [row.after for row in ChangeStore(one.database).of_row("note", note.id)]
        assert SECRET not in str(said), one.home.name
    assert SECRET not in sent_to(b, a)


WORD = "quokkaberry"


def files_with(computer: Computer, word: str) -> list[str]:
    """Return which of its files have a word in them."""
    files = [path for path in computer.home.rglob("*") if path.is_file()]
    return [path.name for path in files if word.encode() in path.read_bytes()]


def test_its_words_are_in_no_file_of_who_heard_that_it_was_made_anew(
    three: list[Computer],
) -> None:
    a, b, c = three
    note = NoteStore(a.database).create(WORD, WORD)
    settle(three)
    assert files_with(c, WORD)
    ChangeStore(b.database).forget("note", note.id)
    NoteStore(b.database).keep(note.id, "made anew")
    NoteStore(b.database).fold(note.id)
    settle(three)
    for one in three:
        assert titles(one) == {"made anew"}
        assert files_with(one, WORD) == [], one.home.name


def test_a_kill_before_words_are_wiped_leaves_none(
    three: list[Computer], monkeypatch: pytest.MonkeyPatch
) -> None:
    a, b, _c = three
    note = NoteStore(a.database).create(WORD, WORD)
    settle(three)

    def killed(_database: object) -> None:
        raise Crash

    monkeypatch.setattr(changes, "wipe_words", killed)
    with pytest.raises(Crash):
        ChangeStore(a.database).forget("note", note.id)
    monkeypatch.undo()
    assert files_with(a, WORD)
    a.close()
    a.open()
    DocumentIndex(a.database).settle()
    assert files_with(a, WORD) == []
    settle(three)
    assert files_with(b, WORD) == []


def test_a_change_that_waits_for_its_time_keeps_no_words_of_what_is_gone(
    three: list[Computer],
) -> None:
    a, b, c = three
    note = NoteStore(a.database).create("to be deleted", "")
    settle(three)
    c.skew_ms = c.clock.skew_ms = 3 * DAY_MS
    NoteStore(c.database).save(note.id, WORD)
    settle(three)
    assert b.store.parked() == 1
    ChangeStore(a.database).forget("note", note.id)
    settle(three)
    assert a.store.parked() == b.store.parked() == 0
    assert files_with(a, WORD) == files_with(b, WORD) == []
