"""What was left out of a row that was gone is told once more when it is there again."""

import pytest

from backend.services.trash import KEPT_DAYS, TrashService
from backend.store.conversations import ConversationStore
from backend.store.history.changes import ChangeStore
from backend.store.history.trash import TrashStore
from backend.store.messages import MessageStore
from backend.store.models import Conversation, Message, Note
from backend.store.notes import NoteStore
from tests.helpers.sync_checks import check, log_of
from tests.helpers.sync_courses import expire
from tests.helpers.synced import Computer, carry, settle, titles
from tests.unit.backend.services.sync.test_deleted_for_good import files_with, sent_to

WORD = "quokkaberry"
DAY_MS = 24 * 3600 * 1000


def in_the_trash(three: list[Computer], maker: Computer, text: str) -> Note:
    """Let one make a note, and the first put it into the trash of all."""
    note = NoteStore(maker.database).create(text, text)
    settle(three)
    NoteStore(three[0].database).delete(note.id)
    settle(three)
    return note


def has_talk(computer: Computer, talk_id: str) -> bool:
    with computer.database.read() as session:
        return session.get(Conversation, talk_id) is not None


def test_a_change_that_came_before_its_note_was_made_anew_comes_after_all(
    three: list[Computer],
) -> None:
    a, b, c = three
    note = NoteStore(a.database).create("first", "first")
    settle(three)
    ChangeStore(b.database).forget("note", note.id)
    b.sync(4)
    carry(b, a)
    a.sync(4)
    NoteStore(c.database).save(note.id, "while away")
    c.sync(4)
    if not a.server:
        carry(c, b)
    b.sync(4)
    NoteStore(a.database).keep(note.id, "made anew")
    NoteStore(a.database).fold(note.id)
    settle(three)
    assert titles(a) == titles(b) == titles(c) == {"made anew"}
    check(three)


def test_words_from_before_a_deletion_come_back_to_no_note_made_anew(
    three: list[Computer],
) -> None:
    a, b, c = three
    note = NoteStore(a.database).create("first", "first")
    settle(three)
    NoteStore(c.database).save(note.id, WORD)
    ChangeStore(b.database).forget("note", note.id)
    NoteStore(b.database).keep(note.id, "made anew")
    NoteStore(b.database).fold(note.id)
    settle([a, b])
    settle(three)
    check(three)
    for one in three:
        assert titles(one) == {"made anew"}
        assert files_with(one, WORD) == [], one.home.name


def test_what_another_takes_out_of_the_trash_comes_back_whole(
    three: list[Computer],
) -> None:
    a, b, c = three
    talk = ConversationStore(a.database).create(title="T")
    messages = MessageStore(a.database)
    question, answer = messages.add_exchange(talk.id, "Q", engine_name="E", model="m")
    messages.interrupt_open()
    note = NoteStore(b.database).create("kept", "kept")
    settle(three)
    ConversationStore(a.database).delete(talk.id)
    NoteStore(b.database).delete(note.id)
    settle(three)
    for one in (a, b):
        expire(one)
    assert not has_talk(a, talk.id)
    TrashStore(c.database).restore("conversation", talk.id)
    TrashStore(c.database).restore("note", note.id)
    settle(three)
    check(three)
    for one in three:
        assert titles(one) == {"kept"}
        with one.database.read() as session:
            for row_id in (question.id, answer.id):
                found = session.get(Message, row_id)
                assert found is not None, one.home.name
        assert log_of(one.database).keys() == log_of(c.database).keys()


def test_what_nobody_takes_out_of_the_trash_stays_away(three: list[Computer]) -> None:
    a, b, c = three
    in_the_trash(three, c, WORD)
    expire(a)
    c.start_again()
    settle(three)
    for one in (b, c):
        expire(one)
    settle(three)
    for one in three:
        assert titles(one) == set()
        assert files_with(one, WORD) == []


def test_what_expired_before_it_was_told_expires_elsewhere(
    three: list[Computer],
) -> None:
    a, b, c = three
    note = NoteStore(a.database).create("to go", "")
    settle(three)
    NoteStore(a.database).delete(note.id)
    expire(a)
    settle(three)
    for one in (b, c):
        assert [one_.id for one_ in TrashStore(one.database).page()] == [note.id]
        expire(one)
    settle(three)
    assert titles(a) == titles(b) == titles(c) == set()


def test_words_told_when_asked_go_when_they_are_deleted_for_good(
    three: list[Computer],
) -> None:
    a, b, c = three
    note = in_the_trash(three, a, WORD)
    expire(a)
    TrashStore(b.database).restore("note", note.id)
    settle(three)
    assert titles(a) == {WORD}
    assert WORD in sent_to(a, b)
    ChangeStore(c.database).forget("note", note.id)
    settle(three)
    for one in three:
        assert titles(one) == set()
        assert WORD not in sent_to(c, one)
        assert files_with(one, WORD) == []


@pytest.mark.parametrize("is_restored", [True, False])
def test_all_is_told_again_to_a_new_stream(
    three: list[Computer], *, is_restored: bool
) -> None:
    a, b, c = three
    note = in_the_trash(three, b, "kept")
    expire(a)
    if is_restored:
        TrashStore(b.database).restore("note", note.id)
    b.start_again()
    settle(three)
    assert (note.id in {n.id for n in NoteStore(a.database).page()}) is is_restored
    for one in (b, c):
        expire(one)
    settle(three)
    check(three)


def test_what_was_written_without_hearing_of_the_trash_stays_its_30_days(
    three: list[Computer],
) -> None:
    a, b, _c = three
    note = NoteStore(a.database).create("N", "")
    settle(three)
    NoteStore(a.database).delete(note.id)
    [there] = TrashStore(a.database).page()
    NoteStore(b.database).save(note.id, "written on the way")
    settle(three)
    trash, changes = TrashStore(b.database), ChangeStore(b.database)
    [written] = trash.page()
    assert there.deleted_at == written.deleted_at <= written.since
    late = KEPT_DAYS * DAY_MS
    TrashService(trash, changes, clock=lambda: written.since + late).purge()
    assert [one.id for one in trash.page()] == [note.id]
    TrashService(trash, changes, clock=lambda: written.since + late + 1).purge()
    assert trash.page() == []


def test_no_reading_is_given_twice_after_what_had_it_expired(
    three: list[Computer],
) -> None:
    a, b, _c = three
    note = NoteStore(a.database).create("N", "")
    settle(three)
    NoteStore(a.database).delete(note.id)
    b.skew_ms = b.clock.skew_ms = 20 * 3600 * 1000
    NoteStore(b.database).save(note.id, "written while away, by a clock ahead")
    settle(three)
    given = max(log_of(b.database))
    expire(b)
    b.skew_ms = 0
    b.close()
    b.open()
    assert b.store.reading() > given
