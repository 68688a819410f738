"""What comes is merged field by field, in any order, and a person sees what lost."""

from collections.abc import Sequence
from itertools import permutations

import pytest
from sqlmodel import select

from backend.ids import new_id, now_ms
from backend.services.actions.builtin_actions import BUILTIN, VERSION
from backend.store.actions import ActionStore
from backend.store.database import Database
from backend.store.history.changes import ChangeStore
from backend.store.messages import MessageStore
from backend.store.models import Change
from backend.store.notes import NoteStore
from backend.store.search.search import SearchStore
from backend.store.sync.forgetting import still_there
from backend.store.sync.inbox import AHEAD_MS, merge
from backend.store.sync.outbox import waiting
from backend.store.sync.travelling import Fields, Op

ROW = new_id()


def reading(ms: int) -> str:
    return f"{ms:012x}0000-elsewhere"


def op(
    at: int, fields: Fields, base: dict[str, str] | None = None, row: str = ROW
) -> Op:
    return Op(reading(at), f"t{at}", "note", row, base, fields)


def take(database: Database, *ops: Op) -> int:
    with database.write() as session:
        return merge(session, database.clock, ops)


MADE = op(1, {"title": "one", "body": "text", "deleted_at": None})
NAMED = op(2, {"title": "two"}, {"title": reading(1)})
WRITTEN = op(3, {"body": "more", "of_a_newer_version": "kept"}, {"body": reading(1)})


@pytest.mark.parametrize("order", list(permutations([MADE, NAMED, WRITTEN])))
def test_in_any_order_and_twice_it_is_the_same(
    database: Database, order: tuple[Op, ...]
) -> None:
    for one in order:
        assert take(database, one) == 1
    assert take(database, *order) == 0
    note = NoteStore(database).get(ROW)
    assert (note.title, note.body) == ("two", "more")
    kept = ChangeStore(database).of_row("note", ROW)
    assert [change.hlc for change in kept] == [reading(n) for n in (1, 2, 3)]
    assert kept[2].after["of_a_newer_version"] == "kept"


def test_a_row_is_there_when_what_made_it_has_come(database: Database) -> None:
    take(database, WRITTEN)
    assert NoteStore(database).page() == []
    take(database, MADE)
    assert NoteStore(database).get(ROW).body == "more"


def test_what_came_is_found_by_its_words(database: Database) -> None:
    search = SearchStore(database)
    take(database, MADE, op(2, {"body": "東京タワー"}, {"body": reading(1)}))
    assert [hit.id for hit in search.search("東京")] == [ROW]
    take(database, op(3, {"body": "大阪城"}, {"body": reading(2)}))
    assert [hit.id for hit in search.search("大阪")] == [ROW]
    assert search.search("東京") == []


def test_an_older_text_is_in_the_history_and_marked(database: Database) -> None:
    take(database, MADE, op(5, {"body": "newer"}, {"body": reading(1)}))
    other = op(4, {"body": "older"}, {"body": reading(1)})
    take(database, other._replace(hlc=reading(4).replace("elsewhere", "there")))
    assert NoteStore(database).get(ROW).body == "newer"
    texts = [c.after.get("body") for c in ChangeStore(database).of_row("note", ROW)]
    assert texts == ["text", "older", "newer"]
    with database.read() as session:
        marks = session.connection().exec_driver_sql("select * from sync_conflict")
        assert [tuple(row)[:3] for row in marks] == [("note", ROW, "body")]


def test_a_text_whose_writer_knew_the_other_is_no_conflict(database: Database) -> None:
    take(database, MADE, NAMED, op(4, {"title": "three"}, {"title": reading(2)}))
    with database.read() as session:
        assert (
            not session.connection()
            .exec_driver_sql("select count(*) from sync_conflict")
            .scalar()
        )


def test_an_act_of_another_computer_is_undone_as_one_of_ours(
    database: Database,
) -> None:
    take(database, MADE, NAMED)
    ChangeStore(database).undo("t2")
    assert NoteStore(database).get(ROW).title == "one"


def test_undo_takes_back_what_this_computer_did_last(database: Database) -> None:
    own = NoteStore(database).create("own")
    take(database, MADE)
    changes = ChangeStore(database)
    assert own.id in {
        row.row_id
        for row in all_changes(database)
        if row.transaction_id == changes.last()
    }


def test_a_wrong_clock_waits_and_moves_nothing(database: Database) -> None:
    far = now_ms() + AHEAD_MS + 60_000
    take(database, MADE, op(far, {"title": "of the future"}, {"title": reading(1)}))
    assert NoteStore(database).get(ROW).title == "one"
    assert database.clock.read() < reading(far)
    with database.write() as session:
        # Its time comes.
        session.run("update sync_parked set hlc = ?", (reading(2),))
        session.run(
            "update sync_parked set op = replace(op, ?, ?)", (reading(far), reading(2))
        )
    take(database)
    assert NoteStore(database).get(ROW).title == "of the future"


def test_what_is_written_afterwards_is_newer(database: Database) -> None:
    ahead = now_ms() + 3_600_000
    take(database, MADE, op(ahead, {"title": "ahead"}, {"title": reading(1)}))
    NoteStore(database).save(ROW, "after it", title="after it")
    assert ChangeStore(database).of_row("note", ROW)[-1].after["title"] == "after it"


def test_what_was_deleted_for_good_does_not_come_back(database: Database) -> None:
    exchanging(database)
    take(database, MADE)
    ChangeStore(database).forget("note", ROW)
    take(database, MADE, NAMED)
    assert ChangeStore(database).of_row("note", ROW) == []


def exchanging(database: Database) -> None:
    with database.write() as session:
        state = '{"authors": ["me"], "stream": "s"}'
        session.run("insert into sync_state values ('state', ?)", (state,))


def named(database: Database) -> Sequence[tuple[str, str]]:
    with database.write() as session:
        return still_there(session)


def gone(at: int, table: str, row_id: str) -> Op:
    return Op(reading(at), "t9", "forgotten", row_id, None, {"table": table})


def test_what_another_deleted_for_good_is_found_in_any_order(
    database: Database,
) -> None:
    exchanging(database)
    take(database, MADE, gone(5, "note", ROW), NAMED)
    with database.read() as session:
        assert session.connection().exec_driver_sql("select 1 from note").all() == []
    [change] = all_changes(database)
    assert change.table_name == "forgotten"


def test_what_was_there_is_named_until_it_has_gone(database: Database) -> None:
    exchanging(database)
    take(database, MADE)
    take(database, gone(5, "note", ROW), gone(6, "engine", "e"))
    assert named(database) == [("note", ROW)]
    ChangeStore(database).forget_all(named(database), is_shared=False)
    assert named(database) == []


def test_what_came_before_its_row_goes_when_the_row_was_deleted(
    database: Database,
) -> None:
    exchanging(database)
    edit = Op(reading(7), "t7", "note", ROW, {}, {"title": "newer than its end"})
    take(database, edit)
    take(database, gone(5, "note", ROW))
    assert named(database) == [("note", ROW)]
    ChangeStore(database).forget_all(named(database), is_shared=False)
    [change] = all_changes(database)
    assert change.table_name == "forgotten"


def test_what_was_made_anew_after_it_was_deleted_is_taken(database: Database) -> None:
    exchanging(database)
    take(database, MADE, gone(5, "note", ROW))
    again = Op(reading(8), "t8", "note", ROW, None, MADE.fields)
    take(database, again)
    assert NoteStore(database).get(ROW).title == MADE.fields["title"]
    edit = Op(reading(9), "t9", "note", ROW, {"title": reading(8)}, {"title": "new"})
    take(database, edit)
    assert NoteStore(database).get(ROW).title == "new"


def test_messages_of_a_conversation_that_is_gone_pass_by(database: Database) -> None:
    exchanging(database)
    conversation, message = new_id(), new_id()
    take(database, gone(5, "conversation", conversation))
    fields: Fields = {"conversation_id": conversation, "text": "late", "role": "user"}
    edit = Op(reading(7), "t7", "message", message, {}, {"text": "later"})
    take(database, edit)
    take(database, Op(reading(6), "t6", "message", message, None, fields))
    take(database, Op(reading(8), "t8", "message", message, {}, {"text": "latest"}))
    assert [one.table_name for one in all_changes(database)] == ["forgotten"]


def test_messages_go_with_a_conversation_that_never_came(database: Database) -> None:
    exchanging(database)
    conversation, message = new_id(), new_id()
    fields: Fields = {"conversation_id": conversation, "text": "late", "role": "user"}
    take(database, Op(reading(6), "t6", "message", message, None, fields))
    take(database, gone(5, "conversation", conversation))
    assert named(database) == [("conversation", conversation)]
    ChangeStore(database).forget_all(named(database), is_shared=False)
    assert [one.table_name for one in all_changes(database)] == ["forgotten"]
    assert named(database) == []


def test_what_is_in_a_conversation_that_was_made_anew_comes_with_it(
    database: Database,
) -> None:
    """As who imports a file that was deleted for good elsewhere."""
    exchanging(database)
    conversation, message = new_id(), new_id()
    take(database, gone(5, "conversation", conversation))
    fields: Fields = {"conversation_id": conversation, "text": "here", "role": "user"}
    earlier = Op(reading(3), "t3", "message", message, {}, {"text": "earlier"})
    made = Op(reading(7), "t7", "conversation", conversation, None, {"title": "T"})
    said = Op(reading(8), "t7", "message", message, None, fields)
    take(database, earlier, made, said)
    assert MessageStore(database).get(message).text == "here"


def test_a_change_of_a_newer_version_is_kept_and_hurts_nothing(
    database: Database,
) -> None:
    newer = Op(reading(7), "t7", "page", "p", None, {"words": "kept"})
    take(database, newer, MADE)
    assert any(change.table_name == "page" for change in all_changes(database))
    target = Database.open(database.path.with_name("again.db"))
    ChangeStore(database).replay(target)
    assert NoteStore(target).get(ROW).title == "one"
    target.close()


def test_builtin_actions_stay_and_what_a_person_made_of_them_counts(
    database: Database,
) -> None:
    actions = ActionStore(database)
    actions.seed(VERSION, BUILTIN)
    with database.write() as session:
        assert waiting(session, [database.clock.device_id], 0, 100).ops == []
    changed = Op(reading(1), "t", "action", "explain", {}, {"prompt": "Mine"})
    take(database, changed)
    assert actions.get("explain").prompt == "Mine"


def all_changes(database: Database) -> list[Change]:
    with database.read() as session:
        return list(session.exec(select(Change)))
