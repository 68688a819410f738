"""The database is durable, serves many threads and fails in sentences."""

import subprocess
import sys
import threading
from pathlib import Path

import pytest
from sqlalchemy import text, update

from backend.errors import ConflictError, StoreBusyError, StoreError, StoreFullError
from backend.ids import IdSource, ids
from backend.sqlite import dbapi
from backend.store import clock
from backend.store import database as module
from backend.store.conversations import ConversationStore
from backend.store.database import Database
from backend.store.history.changes import ChangeStore
from backend.store.messages import MessageStore
from backend.store.models import Conversation


def test_it_is_durable_and_nothing_waits_in_c(database: Database) -> None:
    with database.read() as session:
        data = {
            pragma: session.connection().exec_driver_sql(f"pragma {pragma}").scalar()
            for pragma in (
                "journal_mode",
                "synchronous",
                "busy_timeout",
                "secure_delete",
            )
        }
    full = 2
    assert data == {
        "journal_mode": "wal",
        "synchronous": full,
        "busy_timeout": 0,
        "secure_delete": 1,
    }


def test_a_closed_database_is_never_opened_again(database: Database) -> None:
    conversations = ConversationStore(database)
    database.close()
    for use in (conversations.create, conversations.page, database.try_to_write):
        with pytest.raises(StoreBusyError):
            use()


def test_a_database_that_is_in_use_is_not_closed(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_PATIENCE_S", 0.05)
    with database.read() as session:
        session.connection()
        with pytest.raises(StoreBusyError):
            database.close()
    ConversationStore(database).create(title="goes on")


def test_trouble_is_told_and_trying_leaves_nothing(database: Database) -> None:
    items: list[StoreError] = []
    database.on_error = items.append
    database.try_to_write()
    with database.read() as session:
        assert session.connection().execute(text("select * from draft")).all() == []
    with pytest.raises(StoreError), database.read() as session:
        session.connection().execute(text("select * from nothing"))
    assert len(items) == 1


def test_a_full_disk_is_told_and_all_else_goes_on(
    path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "_PRAGMAS", (*module._PRAGMAS, "max_page_count=110"))
    database = Database.open(path)
    conversations = ConversationStore(database)
    made = conversations.create(title="kept")
    with pytest.raises(StoreFullError, match="disk is full"):
        conversations.rename(made.id, "x" * 500_000, "user")
    assert conversations.get(made.id).title == "kept"
    conversations.rename(made.id, "small", "user")
    assert conversations.get(made.id).title == "small"
    database.close()


def test_an_error_in_the_block_rolls_everything_back(database: Database) -> None:
    def fail_late() -> None:
        with database.write() as session:
            session.add(Conversation(title="lost"))
            session.flush()
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail_late()
    assert ConversationStore(database).page() == []
    assert ChangeStore(database).last() is None


def test_a_double_key_is_a_conflict(database: Database) -> None:
    made = ConversationStore(database).create()
    with pytest.raises(ConflictError), database.write() as session:
        session.add(Conversation(id=made.id))


def test_what_the_log_would_miss_is_a_bug(database: Database) -> None:
    made = ConversationStore(database).create()
    with database.read() as session:
        session.add(Conversation())
        with pytest.raises(RuntimeError):
            session.flush()
    with pytest.raises(TypeError), database.write() as session:
        session.execute(update(Conversation).values(title="x"))
    with pytest.raises(TypeError), database.write() as session:
        session.delete(session.get(Conversation, made.id))
    assert ConversationStore(database).get(made.id).title == ""


def test_a_reader_sees_one_state_while_others_write(database: Database) -> None:
    conversations = ConversationStore(database)
    count = text("select count(*) from conversation")
    with database.read() as session:
        assert session.connection().execute(count).scalar() == 0
        writer = threading.Thread(target=conversations.create)
        writer.start()
        writer.join(10)
        assert session.connection().execute(count).scalar() == 0
    assert len(conversations.page()) == 1


def test_eight_threads_write_and_read_without_loss(database: Database) -> None:
    conversations, messages = ConversationStore(database), MessageStore(database)
    made = conversations.create()
    errors: list[BaseException] = []

    def work() -> None:
        try:
            for number in range(10):
                text = str(number)
                pair = messages.add_exchange(made.id, text, engine_name="E", model="m")
                assert messages.get(pair[0].id).text == text
        except BaseException as exc:
            errors.append(exc)
            raise

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert errors == []
    stored = messages.of_conversation(made.id, limit=1_000)
    assert len(stored) == 160
    answers = {row.reply_to: row for row in stored if row.role == "assistant"}
    assert answers.keys() == {row.id for row in stored if row.role == "user"}


def test_ids_go_on_after_those_of_an_earlier_run(path: Path) -> None:
    database = Database.open(path)
    future = "0fffffff-ffff-7000-8000-000000000000"
    with database.write() as session:
        session.add(Conversation(id=future))
    database.close()
    # A source of its own, or every later test would live in the far future.
    with pytest.MonkeyPatch.context() as patch:
        source = IdSource()
        patch.setattr(clock, "ids", source)
        Database.open(path).close()
        assert source.new() > future
    assert ids.new() < future


def test_the_device_keeps_its_name(path: Path) -> None:
    first = Database.open(path)
    first.close()
    second = Database.open(path)
    second.close()
    assert first.clock.device_id == second.clock.device_id


def test_nothing_acknowledged_is_lost_to_ten_kills(path: Path) -> None:
    path.parent.mkdir()
    command = [sys.executable, "-m", "tests.helpers.store_writer", str(path)]
    for kill in range(10):
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
            assert writer.stdout
            for _ in range(7 * kill + 1):
                text = writer.stdout.readline()
            writer.kill()
            text = (writer.stdout.readlines() or [text])[-1]
        # The last line may be cut short by the kill.
        check_whole(path, int(text) if text.endswith("\n") else 0)


def check_whole(path: Path, data: int) -> None:
    connection = dbapi.connect(path)
    (count,) = connection.execute("select count(*) from message").fetchone() or (0,)
    assert count >= data
    assert count % 3 == 0
    assert connection.execute("pragma integrity_check").fetchall() == [("ok",)]
    connection.begin("IMMEDIATE")
    connection.execute(
        "insert into message_fts(message_fts, rank) values ('integrity-check', 1)",
    )
    connection.close()
