"""An import adds what is missing, and is taken back as a whole."""

from backend.ids import new_id
from backend.store.change_log import Fields
from backend.store.conversations import ConversationStore
from backend.store.database import Database
from backend.store.history.changes import ChangeStore
from backend.store.imports.imports import STEP, Added, ImportStore
from backend.store.messages import MessageStore
from backend.store.notes import NoteStore
from backend.store.search.search import SearchStore

Rows = list[tuple[str, Fields]]
AT = 1_700_000_000_000


def made(number: int, messages: int = 2) -> Rows:
    """Return a conversation with messages; the same number gives the same ids."""

    def row_id(place: int) -> str:
        return f"018bcfe5-6800-7{place:03x}-8000-{number:012x}"

    head: Fields = {
        "id": row_id(0),
        "created_at": AT,
        "updated_at": AT,
        "title": f"Imported {number}",
        "title_source": "user",
        "latest": row_id(messages),
    }
    said: Fields = {"conversation_id": head["id"], "created_at": AT, "updated_at": AT}
    return [
        ("conversation", head),
        *(
            (
                "message",
                said
                | {"id": row_id(n), "role": "user", "text": f"text {n}"}
                | {"state": "complete"},
            )
            for n in range(1, messages + 1)
        ),
    ]


def add(store: ImportStore, rows: Rows) -> tuple[str, Added]:
    run = store.begin(new_id(), "file.json", "ChatGPT")
    return run.id, store.add(run.id, rows)


def revert(store: ImportStore, run_id: str) -> int:
    undo, before, kept = store.new_undo(), 2**53, 0
    while before:
        step = store.revert(run_id, undo, before)
        before, kept = step.before, kept + step.kept
    return kept


def test_importing_twice_adds_nothing(
    database: Database, conversations: ConversationStore
) -> None:
    store = ImportStore(database)
    assert add(store, made(1))[1] == Added(new=3)
    assert add(store, made(1))[1] == Added(known=3)
    (shown,) = conversations.page()
    assert (shown.title, shown.created_at) == ("Imported 1", AT)


def test_a_later_export_adds_only_what_is_new(
    database: Database, conversations: ConversationStore, messages: MessageStore
) -> None:
    store = ImportStore(database)
    add(store, made(1, messages=2))
    assert add(store, made(1, messages=3))[1] == Added(new=1, known=3)
    (shown,) = conversations.page()
    assert len(messages.of_conversation(shown.id)) == 3
    assert shown.latest == messages.of_conversation(shown.id)[-1].id


def test_an_import_of_many_batches_is_taken_back_as_one(
    database: Database, conversations: ConversationStore
) -> None:
    store = ImportStore(database)
    mine = conversations.create(title="Mine")
    run = store.begin(new_id(), "file.json", "ChatGPT")
    for number in range(STEP + 3):
        store.add(run.id, made(number))
    assert revert(store, run.id) == 0
    assert [c.id for c in conversations.page(limit=500)] == [mine.id]
    assert SearchStore(database).search("text") == []


def test_what_was_taken_back_comes_back_with_the_next_import(
    database: Database, conversations: ConversationStore, messages: MessageStore
) -> None:
    store = ImportStore(database)
    revert(store, add(store, made(1))[0])
    second, added = add(store, made(1))
    assert added == Added(restored=1, known=2)
    (shown,) = conversations.page()
    assert len(messages.of_conversation(shown.id)) == 2
    revert(store, second)
    assert not conversations.page()


def test_a_conversation_the_user_went_on_with_stays_whole(
    database: Database, conversations: ConversationStore, messages: MessageStore
) -> None:
    store = ImportStore(database)
    run, _ = add(store, [*made(1), *made(2)])
    kept = made(1)[0][1]["id"]
    messages.add_exchange(str(kept), "And then?", engine_name="e", model="m")
    assert revert(store, run) == 1
    assert [c.id for c in conversations.page()] == [kept]
    assert len(messages.of_conversation(str(kept))) == 4


def test_a_conversation_that_was_gone_on_with_stays_at_the_top(
    database: Database, conversations: ConversationStore, messages: MessageStore
) -> None:
    store = ImportStore(database)
    add(store, [*made(1), *made(2)])
    first = str(made(1)[0][1]["id"])
    messages.add_exchange(first, "And then?", engine_name="e", model="m")
    latest = conversations.get(first).latest
    add(store, [*made(1, 5), *made(2, 5)])
    assert conversations.get(first).latest == latest
    assert next(iter(conversations.page())).id == first


def test_only_the_added_messages_leave_a_conversation_that_was_there(
    database: Database, conversations: ConversationStore, messages: MessageStore
) -> None:
    store = ImportStore(database)
    add(store, made(1, messages=1))
    second, _ = add(store, made(1, messages=3))
    revert(store, second)
    (shown,) = conversations.page()
    assert [m.text for m in messages.of_conversation(shown.id)] == ["text 1"]


def test_notes_are_imported_and_taken_back(database: Database) -> None:
    store = ImportStore(database)
    note: Fields = {"id": new_id(), "title": "T", "body": "a\0b\ud800"}
    run, _ = add(store, [("note", note | {"created_at": AT, "updated_at": AT})])
    (kept,) = NoteStore(database).page()
    assert (kept.body, kept.created_at) == ("a\ufffdb\ufffd", AT)
    revert(store, run)
    assert not NoteStore(database).page()


def test_taking_back_can_itself_be_undone(
    database: Database, conversations: ConversationStore
) -> None:
    store = ImportStore(database)
    run, _ = add(store, made(1))
    undo = store.new_undo()
    store.revert(run, undo)
    ChangeStore(database).undo(undo)
    assert len(conversations.page()) == 1


def test_new_ids_go_on_after_the_present_although_old_rows_came(
    database: Database, conversations: ConversationStore
) -> None:
    add(ImportStore(database), made(1))
    fresh = conversations.create(title="Now")
    assert [c.title for c in conversations.page()] == ["Now", "Imported 1"]
    assert fresh.id > made(1)[0][1]["id"]  # type: ignore[operator]  # both are text
