"""The database opens privately, serves many threads and fails in sentences."""

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from sqlalchemy import text, update

from backend.errors import (
    ConflictError,
    StoreBusyError,
    StoreDamagedError,
    StoreError,
    StoreFullError,
    StoreKeyError,
    StoreReadOnlyError,
    StoreTooNewError,
)
from backend.store import database as module
from backend.store import dbapi
from backend.store.changes import ChangeStore
from backend.store.conversations import ConversationStore
from backend.store.database import Database
from backend.store.drafts import DraftStore
from backend.store.ids import IdSource, ids
from backend.store.messages import MessageStore
from backend.store.models import Conversation
from backend.store.notes import NoteStore
from backend.store.worker import HeavyJob


def test_it_is_durable_and_nothing_waits_in_c(database: Database) -> None:
    with database.read() as session:
        told = {
            pragma: session.connection().exec_driver_sql(f"pragma {pragma}").scalar()
            for pragma in (
                "journal_mode",
                "synchronous",
                "busy_timeout",
                "secure_delete",
            )
        }
    full = 2
    assert told == {
        "journal_mode": "wal",
        "synchronous": full,
        "busy_timeout": 0,
        "secure_delete": 1,
    }


@pytest.mark.skipif(os.name != "posix", reason="POSIX permissions")
def test_every_file_is_private_even_without_a_umask(path: Path) -> None:
    path.parent.mkdir(mode=0o777)
    old_umask = os.umask(0)
    try:
        database = Database.open(path)
        ConversationStore(database).create(title="x")
        names = sorted(file.name for file in path.parent.iterdir())
        assert names == ["device", "hearth.db", "hearth.db-shm", "hearth.db-wal"]
        assert [file.stat().st_mode & 0o777 for file in path.parent.iterdir()] == [
            0o600
        ] * 4
        assert path.parent.stat().st_mode & 0o777 == 0o700
        database.close()
    finally:
        os.umask(old_umask)


def test_a_file_that_was_open_to_others_is_closed_to_them(path: Path) -> None:
    Database.open(path).close()
    path.chmod(0o644)
    Database.open(path).close()
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.skipif(os.name != "posix", reason="POSIX owners")
def test_a_folder_of_another_user_is_refused(
    path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 4_242)
    with pytest.raises(StoreError, match="another user"):
        Database.open(path)
    assert not path.exists()


def test_names_with_spaces_and_letters_of_any_kind_work(tmp_path: Path) -> None:
    database = Database.open(tmp_path / "Jürgen Öz ?#%" / "日本 hearth.db")
    assert database.healthy()
    database.close()


def test_what_is_in_the_way_is_told(tmp_path: Path) -> None:
    in_the_way = tmp_path / "file"
    in_the_way.write_text("x")
    with pytest.raises(StoreReadOnlyError):
        Database.open(in_the_way / "hearth.db")
    (tmp_path / "data" / "hearth.db").mkdir(parents=True)
    with pytest.raises(StoreReadOnlyError):
        Database.open(tmp_path / "data" / "hearth.db")


def test_a_wrong_key_is_told_and_changes_nothing(path: Path) -> None:
    locked = Database.open(path, "right")
    ConversationStore(locked).create(title="canary")
    locked.close()
    before = path.read_bytes()
    assert b"canary" not in before
    for key in (None, "wrong"):
        with pytest.raises(StoreKeyError, match="recovery code"):
            Database.open(path, key)
    assert path.read_bytes() == before
    again = Database.open(path, "right")
    assert [row.title for row in ConversationStore(again).page()] == ["canary"]
    again.close()


def test_a_damaged_file_is_told(path: Path) -> None:
    Database.open(path).close()
    content = bytearray(path.read_bytes())
    content[100:4096] = os.urandom(3996)
    path.write_bytes(content)
    with pytest.raises(StoreDamagedError):
        Database.open(path)


def test_a_format_of_the_schema_nobody_knows_is_damage(path: Path) -> None:
    Database.open(path).close()
    content = bytearray(path.read_bytes())
    content[47] ^= 0x20
    path.write_bytes(content)
    with pytest.raises(StoreDamagedError):
        Database.open(path)


@pytest.mark.parametrize(
    ("name", "flipped"),
    [(b"title_source", b"title_rource"), (b"message_fts_add", b"message_fts_adt")],
)
def test_a_letter_changed_in_the_schema_is_damage(
    path: Path, name: bytes, flipped: bytes
) -> None:
    Database.open(path).close()
    path.write_bytes(path.read_bytes().replace(name, flipped))
    with pytest.raises(StoreDamagedError):
        Database.open(path)


@pytest.mark.parametrize("version", [0, -1, 257])
def test_a_wrong_number_of_the_version_is_mended(path: Path, version: int) -> None:
    database = Database.open(path)
    ConversationStore(database).create(title="kept")
    database.close()
    connection = dbapi.connect(path)
    connection.execute(f"pragma user_version={version}")
    connection.close()
    database = Database.open(path)
    assert [row.title for row in ConversationStore(database).page()] == ["kept"]
    ConversationStore(database).create(title="more")
    database.close()


def test_a_newer_file_is_read_and_left_alone(path: Path) -> None:
    database = Database.open(path)
    ConversationStore(database).create(title="kept")
    database.close()
    connection = dbapi.connect(path)
    connection.execute("create table newer(id)")
    connection.execute("pragma user_version=999")
    connection.close()
    before = path.read_bytes()
    database = Database.open(path)
    conversations = ConversationStore(database)
    assert [row.title for row in conversations.page()] == ["kept"]
    with pytest.raises(StoreTooNewError, match="newer version"):
        conversations.create(title="not taken")
    database.close()
    assert path.read_bytes() == before


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
    told: list[StoreError] = []
    database.on_trouble = told.append
    database.try_to_write()
    with database.read() as session:
        assert session.connection().execute(text("select * from draft")).all() == []
    with pytest.raises(StoreError), database.read() as session:
        session.connection().execute(text("select * from nothing"))
    assert len(told) == 1


def test_a_full_disk_is_told_and_all_else_goes_on(
    path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "_PRAGMAS", (*module._PRAGMAS, "max_page_count=60"))
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
        patch.setattr(module, "ids", source)
        Database.open(path).close()
        assert source.new() > future
    assert ids.new() < future


def test_the_device_keeps_its_name(path: Path) -> None:
    first = Database.open(path)
    first.close()
    second = Database.open(path)
    second.close()
    assert first.clock.device_id == second.clock.device_id


@pytest.mark.skipif(os.name != "posix", reason="an open file cannot be moved")
def test_a_file_that_was_moved_away_is_not_healthy(database: Database) -> None:
    assert database.healthy()
    moved = database.path.rename(database.path.with_name("moved.db"))
    assert not database.healthy()
    moved.rename(database.path)
    assert database.healthy()


@pytest.mark.skipif(os.name != "posix", reason="an open file cannot be moved")
def test_nothing_is_acknowledged_that_a_moved_file_would_swallow(
    database: Database,
) -> None:
    drafts = DraftStore(database)
    drafts.save("new", "a connection is open now")
    moved = database.path.rename(database.path.with_name("moved.db"))
    with pytest.raises(StoreError, match="no longer in"):
        drafts.save("new", "a thought")
    moved.rename(database.path)
    drafts.save("new", "a thought")
    assert drafts.get("new") == "a thought"


@pytest.mark.skipif(os.name != "posix", reason="an open file cannot be overwritten")
@pytest.mark.parametrize("key", [None, "ab" * 32], ids=["plain", "encrypted"])
@pytest.mark.parametrize("grows", [True, False], ids=["smaller", "as large"])
def test_an_older_copy_over_the_open_file_is_told(
    path: Path, key: str | None, *, grows: bool
) -> None:
    database = Database.open(path, key)
    notes = NoteStore(database)
    kept = notes.create(body="first " * 10)
    database.checkpoint()
    older = path.read_bytes()
    text = "later " * (5_000 if grows else 1)
    notes.save(kept.id, text)
    # The copy made by a backup empties the log as well.
    HeavyJob(path, key, "snapshot", target=str(path.with_name("copy.db"))).result()
    notes.save(kept.id, f"{text} still")
    HeavyJob(path, key, "snapshot", target=str(path.with_name("copy.db"))).result()
    assert (len(path.read_bytes()) > len(older)) is grows
    path.write_bytes(older)
    for _ in range(2):
        with pytest.raises(StoreError, match="replaced"):
            notes.create(body="a thought")
    assert not database.healthy()
    database.close()
    again = Database.open(path, key)
    NoteStore(again).create(body="a thought")
    again.close()


def test_what_others_do_with_the_open_file_is_no_replacement(path: Path) -> None:
    database, other = Database.open(path), Database.open(path)
    for number in range(20):
        for one in (database, other):
            NoteStore(one).create(body=f"note {number} " * 500)
        database.checkpoint()
        HeavyJob(path, None, "snapshot", target=str(path.with_name("copy.db"))).result()
        os.utime(path)
    assert database.healthy()
    assert len(NoteStore(other).page(limit=100)) == 40
    other.close()
    database.close()


def test_nothing_acknowledged_is_lost_to_ten_kills(path: Path) -> None:
    path.parent.mkdir()
    command = [sys.executable, "-m", "tests.helpers.store_writer", str(path)]
    for kill in range(10):
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
            assert writer.stdout
            for _ in range(7 * kill + 1):
                told = writer.stdout.readline()
            writer.kill()
            told = (writer.stdout.readlines() or [told])[-1]
        # The last line may be cut short by the kill.
        check_whole(path, int(told) if told.endswith("\n") else 0)


def check_whole(path: Path, told: int) -> None:
    connection = dbapi.connect(path)
    (count,) = connection.execute("select count(*) from message").fetchone() or (0,)
    assert count >= told
    assert count % 3 == 0
    assert connection.execute("pragma integrity_check").fetchall() == [("ok",)]
    connection.begin("IMMEDIATE")
    connection.execute(
        "insert into message_fts(message_fts, rank) values ('integrity-check', 1)",
    )
    connection.close()
