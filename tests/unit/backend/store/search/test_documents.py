"""The text of attached documents is found at its place, and gone with its question."""

import asyncio
from pathlib import Path

import pytest

from backend.documents.document import Document, DocumentKind, DocumentSection, Unit
from backend.ids import NEW
from backend.recovery.repair import repair_indexes
from backend.services.search import SearchService
from backend.sqlite import dbapi
from backend.store.attachments.attachments import AttachmentStore, CheckedFile
from backend.store.conversations import ConversationStore
from backend.store.database import Database
from backend.store.history.changes import ChangeStore
from backend.store.history.revisions import RevisionStore
from backend.store.history.trash import TrashStore
from backend.store.messages import MessageStore
from backend.store.search import indexes
from backend.store.search.hits import Hit, Kind
from backend.store.search.search import SearchStore

ENGINE = {"engine_name": "Engine", "model": "m"}
PAGES = ("Crème brûlée 北京 and fire", "Water, C++ and ice", "fire and water in Tokyo")


@pytest.fixture
def search(database: Database) -> SearchStore:
    return SearchStore(database)


def ask_about(
    database: Database, pages: tuple[str, ...] = PAGES, name: str = "report.pdf"
) -> tuple[str, str]:
    """Ask about a document; return the ids of conversation and question."""
    sections = [DocumentSection(n, n, text) for n, text in enumerate(pages, 1)]
    read = Document(
        kind=DocumentKind.PDF, unit=Unit.PAGE, total=3, sections=tuple(sections)
    )
    AttachmentStore(database).add(
        NEW,
        CheckedFile(
            kind="document",
            name=name,
            media_type="application/octet-stream",
            content=b"raw",
            text=read.dumps(),
        ),
    )
    begin = MessageStore(database).begin_conversation
    conversation, asked, answer = begin(
        "About what?", engine_id="", engine_name="Engine", model="m"
    )
    MessageStore(database).interrupt([answer.id])
    return conversation.id, asked.id


def index(search: SearchStore) -> None:
    search.files.settle()
    while search.files.add_some():
        pass


def found(search: SearchStore, query: str) -> list[Hit]:
    return search.search(query, kinds=[Kind.DOCUMENT])


@pytest.mark.parametrize(
    ("query", "place"),
    [
        ("creme", "page 1"),
        ("京", "page 1"),
        ("brulee tok", "page 1"),
        ("water fire", "page 3"),
        ('"water in"', "page 3"),
        ("c++", "page 2"),
        ("report pdf", "page 1"),
        ("c#", ""),
        ("creme sugar", ""),
    ],
)
def test_a_document_is_found_by_its_words_at_the_place_with_most_of_them(
    database: Database, search: SearchStore, query: str, place: str
) -> None:
    conversation_id, asked = ask_about(database)
    index(search)
    hits = found(search, query)
    assert [hit.place for hit in hits] == ([place] if place else [])
    assert all((h.conversation_id, h.id) == (conversation_id, asked) for h in hits)


def test_a_hit_shows_the_words_and_the_shown_question(
    database: Database, search: SearchStore
) -> None:
    _, asked = ask_about(database)
    again = RevisionStore(database).ask_again(asked, "And now?", **ENGINE)
    index(search)
    (hit,) = found(search, "ice")
    assert (hit.id, hit.file) == (again.question.id, "report.pdf")
    assert [part.text for part in hit.snippet if part.marked] == ["ice"]
    assert found(search, "ice") == search.search("ice")


def test_the_trash_and_other_times_are_left_out(
    database: Database, search: SearchStore, conversations: ConversationStore
) -> None:
    conversation_id, _ = ask_about(database)
    index(search)
    assert search.search("ice", until=1) == []
    conversations.delete(conversation_id)
    assert found(search, "ice") == []
    TrashStore(database).restore("conversation", conversation_id)
    assert len(found(search, "ice")) == 1


def test_what_is_deleted_for_good_leaves_no_word(
    database: Database, search: SearchStore, path: Path
) -> None:
    conversation_id, asked = ask_about(database, ("zanzibar and fire",), "kept.pdf")
    again = RevisionStore(database).ask_again(asked, "And now?", **ENGINE)
    MessageStore(database).interrupt([again.answer.id])
    ask_about(database, ("other words",))
    index(search)
    changes = ChangeStore(database)
    MessageStore(database).delete(asked)
    changes.forget("message", asked)
    assert len(found(search, "zanzibar")) == 1
    changes.forget("conversation", conversation_id)
    assert found(search, "zanzibar") == []
    assert len(found(search, "other")) == 1
    stored = path.read_bytes() + Path(f"{path}-wal").read_bytes()
    assert b"zanzibar" not in stored


def test_what_was_cut_off_is_gone_on_with_and_each_section_is_there_once(
    database: Database, search: SearchStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(indexes, "_SECTIONS_PER_STEP", 2)
    ask_about(database, ("latest first",))
    ask_about(database)
    assert search.files.add_some()
    assert [hit.place for hit in found(search, "fire")] == ["page 1"]
    later = SearchStore(database)
    index(later)
    assert [hit.place for hit in found(later, "fire water")] == ["page 3"]
    with database.read() as session:
        run = session.connection().exec_driver_sql
        assert run("select count(*) from document_fts").scalar_one() == 4
    assert not later.files.add_some()


def test_a_file_is_found_soon_after_its_question_is_sent(
    database: Database, search: SearchStore
) -> None:
    service = SearchService(search)

    async def use() -> None:
        job = asyncio.create_task(service.keep_indexed())
        tell = asyncio.get_running_loop().call_soon_threadsafe
        database.on_commit = lambda changes: tell(service.committed, changes)
        for number in (1, 2):
            await asyncio.to_thread(ask_about, database)
            while len(await asyncio.to_thread(found, search, "ice")) < number:
                pass
        job.cancel()

    asyncio.run(use())


def test_a_lost_or_foreign_text_holds_up_nothing(
    database: Database, search: SearchStore
) -> None:
    ask_about(database, ("gone",))
    for file in database.files.folder.iterdir():
        file.unlink()
    ask_about(database)
    index(search)
    assert found(search, "gone") == []
    assert len(found(search, "ice")) == 1


def test_what_a_kill_left_in_the_index_goes_at_the_next_start(
    database: Database, search: SearchStore
) -> None:
    ask_about(database)
    index(search)
    with database.write() as session:
        session.run("delete from attachment", ())
    search.files.settle()
    with database.read() as session:
        run = session.connection().exec_driver_sql
        assert run("select count(*) from indexed_document").scalar_one() == 0
        assert run("select count(*) from document_fts").scalar_one() == 0


@pytest.mark.parametrize(
    "sql",
    [
        "update document_fts_data set block = x'00ff00ff' where id > 10",
        "update document_fts_config set v = 0 where k = 'version'",
    ],
    ids=["words", "format"],
)
def test_a_damaged_index_is_emptied_and_filled_again(
    path: Path, database: Database, search: SearchStore, sql: str
) -> None:
    ask_about(database)
    index(search)
    connection = dbapi.connect(path)
    assert repair_indexes(connection) == 0
    connection.execute(sql)
    connection.close()
    connection = dbapi.connect(path)
    assert repair_indexes(connection) == 1
    connection.close()
    again = SearchStore(Database.open(path))
    index(again)
    assert len(found(again, "ice")) == 1
