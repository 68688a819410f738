"""Several methods of stores make one act: all of it is stored, or nothing."""

import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from backend.errors import NotFoundError
from backend.store.conversations import ConversationStore
from backend.store.database import Database
from backend.store.drafts import DraftStore
from backend.store.history.changes import ChangeStore
from backend.store.messages import MessageStore
from backend.store.notes import NoteStore
from backend.store.settings import SettingStore

WAIT_S = 10


@pytest.fixture
def notes(database: Database) -> NoteStore:
    return NoteStore(database)


def test_an_act_commits_once_and_is_undone_as_a_whole(
    database: Database, notes: NoteStore
) -> None:
    commits: list[int] = []
    database.on_commit = lambda changes: commits.append(len(changes))
    with database.act():
        note = notes.create(body="Fire")
        saved = notes.save(note.id, "Fire drill")
        deleted = notes.delete(notes.create(body="Water").id)
    assert commits == [4]
    assert saved == deleted
    assert notes.get(note.id).body == "Fire drill"
    ChangeStore(database).undo(saved)
    with pytest.raises(NotFoundError):
        notes.get(note.id)


def test_a_part_sees_what_the_parts_before_it_did(
    database: Database, conversations: ConversationStore, messages: MessageStore
) -> None:
    with database.act():
        made = conversations.create(title="Fire")
        asked, _ = messages.add_exchange(made.id, "Hot?", engine_name="E", model="m")
        conversations.rename(made.id, "Flames", "user")
        assert conversations.get(made.id).title == "Flames"
        assert [row.title for row in conversations.page()] == ["Flames"]
        assert messages.of_conversation(made.id)[0].text == "Hot?"
    history = ChangeStore(database).of_row("conversation", made.id)
    titles = [change.after["title"] for change in history if "title" in change.after]
    assert titles == ["Fire", "Flames"]
    assert messages.get(asked.id).text == "Hot?"


def store_two(database: Database) -> None:
    NoteStore(database).create(body="Fire")
    SettingStore(database).set("hot", "yes")


def fail_at_the_end(database: Database) -> None:
    store_two(database)
    raise RuntimeError


def refuse_at_the_end(database: Database) -> None:
    store_two(database)
    NoteStore(database).delete("nothing")


def pass_over_a_refusal(database: Database) -> None:
    with suppress(NotFoundError):
        NoteStore(database).delete("nothing")
    store_two(database)


def fail_around_an_act(database: Database) -> None:
    with database.act():
        store_two(database)
    raise RuntimeError


@pytest.mark.parametrize(
    ("act", "error"),
    [
        (fail_at_the_end, RuntimeError),
        (refuse_at_the_end, NotFoundError),
        (pass_over_a_refusal, NotFoundError),
        (fail_around_an_act, RuntimeError),
    ],
)
def test_nothing_of_an_act_is_stored_when_a_part_fails(
    database: Database, act: Callable[[Database], None], error: type[Exception]
) -> None:
    with pytest.raises(error), database.act():
        act(database)
    assert NoteStore(database).page() == []
    assert SettingStore(database).get("hot") == ""
    assert ChangeStore(database).last() is None
    store_two(database)
    assert len(NoteStore(database).page()) == 1


def test_other_threads_take_no_part_in_an_act(
    database: Database, notes: NoteStore
) -> None:
    seen: list[int] = []
    with database.act():
        notes.create(body="Fire")
        reader = threading.Thread(target=lambda: seen.append(len(notes.page())))
        writer = threading.Thread(target=lambda: notes.create(body="Water"))
        reader.start()
        writer.start()
        reader.join(WAIT_S)
    writer.join(WAIT_S)
    assert seen == [0]
    assert {note.body for note in notes.page()} == {"Fire", "Water"}


def test_a_killed_process_leaves_both_halves_of_an_act_or_neither(path: Path) -> None:
    command = [sys.executable, "-m", "tests.helpers.act_writer", str(path)]
    for kill in range(5):
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
            assert writer.stdout
            done = [writer.stdout.readline() for _ in range(7 * kill + 1)]
            writer.kill()
        database = Database.open(path)
        halves = {note.body for note in NoteStore(database).page(limit=100_000)}
        drafts = [DraftStore(database).get(body) for body in halves]
        last = SettingStore(database).get("last")
        database.close()
        assert len(halves) >= int(done[-1])
        assert drafts == [f"draft of {body}" for body in halves]
        assert last == max(halves)
