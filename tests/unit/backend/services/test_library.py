"""Search, notes, trash and history, over a real store."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from backend.errors import HearthError, InvalidInputError, NotFoundError
from backend.ids import new_id, now_ms
from backend.services import notes as notes_module
from backend.services.history import HistoryService
from backend.services.notes import MAX_NOTE_CHARS, NoteService
from backend.services.search import Scope, SearchService, Span
from backend.services.trash import KEPT_DAYS, TrashService
from backend.store.search.search import SearchStore
from backend.store.states.message_state import MessageState
from tests.helpers.library import Library, open_library

DAY_MS = 24 * 60 * 60 * 1000


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with open_library(tmp_path / "data") as opened:
        yield opened


async def nothing_grows(message_ids: Sequence[str]) -> None:
    """Stop no answer: none is being written here."""


def history_of(library: Library) -> HistoryService:
    return HistoryService(library.changes, nothing_grows)


@asynccontextmanager
async def folding(library: Library) -> AsyncIterator[NoteService]:
    """Run the job that folds what is typed into notes."""
    service = NoteService(library.notes)
    job = asyncio.create_task(service.keep_folded())
    await asyncio.sleep(0)
    yield service
    job.cancel()


def search_at(library: Library, days_later: int = 0) -> SearchService:
    now = now_ms() + days_later * DAY_MS
    return SearchService(SearchStore(library.database), clock=lambda: now)


def test_everything_is_searched_in_groups_with_titles_first(library: Library) -> None:
    library.talk("Fire", *[(f"fire {number}?", "hot") for number in range(40)])
    library.notes.create(body="Fire drill")
    groups = search_at(library).search("fire")
    assert [(group.scope, len(group.hits), group.has_more) for group in groups] == [
        (Scope.CONVERSATIONS, 1, False),
        (Scope.NOTES, 1, False),
        (Scope.MESSAGES, 30, True),
    ]
    (notes,) = search_at(library).search("fire", Scope.NOTES)
    assert [hit.title for hit in notes.hits] == ["Fire drill"]


@pytest.mark.parametrize(
    ("span", "days_later", "is_found"),
    [
        (Span.WEEK, 6, True),
        (Span.WEEK, 8, False),
        (Span.MONTH, 29, True),
        (Span.MONTH, 31, False),
        (Span.YEAR, 364, True),
        (Span.YEAR, 366, False),
        (Span.ANY, 4_000, True),
    ],
)
def test_only_what_is_young_enough_is_found(
    library: Library, span: Span, days_later: int, *, is_found: bool
) -> None:
    library.notes.create(body="Fire drill")
    found = search_at(library, days_later).search("fire", span=span)
    assert bool(found) is is_found


def test_a_note_becomes_one_change_when_the_typing_rests(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notes_module, "FOLD_AFTER_S", 0.01)
    note_id = new_id()

    async def type_and_rest() -> None:
        async with folding(library) as service:
            for _ in range(3):
                service.write(note_id, "Fi")
            await asyncio.to_thread(service.write, note_id, "Fire\r\ndrill")
            while library.notes.unfolded():
                await asyncio.sleep(0.01)

    asyncio.run(type_and_rest())
    assert library.notes.get(note_id).body == "Fire\ndrill"
    assert len(library.changes.of_row("note", note_id)) <= 2


def test_a_note_is_kept_at_times_while_the_typing_goes_on(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notes_module, "FOLD_WITHIN_S", 0.05)
    note_id = new_id()

    async def type_without_a_rest() -> None:
        async with folding(library) as service:
            for words in range(100_000):
                await asyncio.to_thread(service.write, note_id, f"Fire {words}")
                if not library.notes.unfolded():
                    return
        pytest.fail("what is typed is never folded")

    asyncio.run(asyncio.wait_for(type_without_a_rest(), 30))
    assert library.notes.get(note_id).body.startswith("Fire ")


def test_a_note_is_read_as_it_was_typed_last(library: Library) -> None:
    note_id, service = new_id(), NoteService(library.notes)
    service.write(note_id, "Fire")
    assert service.get(note_id).body == "Fire"
    service.write(note_id, "Fire drill")
    assert [note.body for note in service.page()] == ["Fire drill"]


@pytest.mark.parametrize("text", ["", " \n", "a" * (MAX_NOTE_CHARS + 1)])
def test_no_note_is_made_of_nothing_or_too_much(library: Library, text: str) -> None:
    with pytest.raises(InvalidInputError):
        NoteService(library.notes).create(text)


def test_the_trash_is_purged_after_thirty_days(library: Library) -> None:
    for number in range(120):
        library.notes.delete(library.notes.create(body=f"Fire {number}").id)
    kept = library.notes.create(body="Water").id
    now = now_ms()

    def after(days: int) -> TrashService:
        return TrashService(
            library.trash, library.changes, clock=lambda: now + days * DAY_MS
        )

    after(KEPT_DAYS - 1).purge()
    assert len(library.trash.page(limit=500)) == 120
    assert after(KEPT_DAYS - 1).days_left(now) == 1
    after(KEPT_DAYS + 1).purge()
    assert library.trash.page() == []
    assert library.notes.get(kept).body == "Water"


@pytest.mark.parametrize("table", ["note", "engine", "nothing"])
def test_only_what_is_in_the_trash_is_deleted_for_good(
    library: Library, table: str
) -> None:
    note = library.notes.create(body="Fire")
    service = TrashService(library.trash, library.changes)
    with pytest.raises(NotFoundError):
        service.forget(table, note.id)
    assert library.notes.get(note.id).body == "Fire"


def test_the_history_says_what_was_done(library: Library) -> None:
    conversation, _ = library.talk("Fire", ("What is fire?", "Hot."))
    library.conversations.rename(conversation.id, "Flames", "user")
    library.conversations.rename(conversation.id, "Embers", "model")
    library.conversations.delete(conversation.id)
    history = history_of(library).of("conversation", conversation.id)
    assert (history.title, history.is_deleted) == ("Embers", True)
    assert [(version.what, version.text) for version in history.versions] == [
        ("Moved to the trash", "Embers"),
        ("Title given by the model", "Embers"),
        ("Renamed", "Flames"),
        ("Begun", "Fire"),
    ]
    assert all(version.is_own for version in history.versions)


def test_an_answer_that_was_written_again_keeps_its_earlier_text(
    library: Library,
) -> None:
    _, (_, answer) = library.talk("Fire", ("What is fire?", "Hot."))
    library.messages.reopen(answer.id, keep_text=False)
    library.messages.finish(
        answer.id, text="Warm.", reasoning="", state=MessageState.COMPLETE
    )
    service = history_of(library)
    history = service.of("message", answer.id)
    assert [version.what for version in history.versions] == [
        "Answered",
        "Answer started again",
        "Answered",
        "Written",
    ]
    answered = history.versions[2]
    restored = service.restore("message", answer.id, answered.seq)
    assert library.messages.get(answer.id).text == "Hot."
    asyncio.run(service.undo(asyncio.run(service.undo(restored))))
    assert library.messages.get(answer.id).text == "Hot."


@pytest.mark.parametrize(
    ("table", "row_id", "seq"),
    [("note", "nothing", 1), ("engine", "note", 1), ("note", "note", 99)],
)
def test_what_has_no_history_says_so(
    library: Library, table: str, row_id: str, seq: int
) -> None:
    note = library.notes.create(body="Fire")
    row_id = note.id if row_id == "note" else row_id
    with pytest.raises(HearthError):
        history_of(library).compare(table, row_id, seq, with_now=True)


def test_an_answer_in_the_trash_ends_there(library: Library) -> None:
    conversation = library.conversations.create(title="Gone")
    _, answer = library.messages.add_exchange(
        conversation.id, "q", engine_name="E", model="m"
    )
    library.messages.delete(answer.id)
    library.messages.finish(
        answer.id, text="whole", reasoning="", state=MessageState.COMPLETE
    )
    kept = library.messages.get(answer.id, include_deleted=True)
    assert (kept.text, kept.state) == ("whole", MessageState.COMPLETE)
