"""A later export of the same conversations updates what is here, and adds up."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.importing.__main__ import tell
from backend.services.import_batches import Batch
from backend.services.import_reports import Report
from backend.store.actions import ActionStore
from backend.store.conversations import ConversationStore
from backend.store.database import Database
from backend.store.ids import new_id, now_ms
from backend.store.imports import ImportStore
from backend.store.messages import MessageStore
from backend.store.models import Conversation, Message
from backend.store.notes import NoteStore
from backend.store.trash import TrashStore
from tests.helpers import foreign
from tests.helpers.foreign import BEGAN
from tests.helpers.reading import rows_of, save


@dataclass
class Library:
    """A database, and imports into it."""

    database: Database
    folder: Path

    def bring_in(self, value: object, name: str = "x.json") -> tuple[str, Report, int]:
        """Import an export; return the run, the report and the messages read."""
        source, rows, tally = rows_of(save(self.folder / name, value))
        store = ImportStore(self.database)
        run = store.begin(new_id(), name, source)
        batch = Batch(store, run.id, is_dated=source == "Hearth")
        for row in rows:
            for told in tell(row):
                batch.add(told)
        batch.flush()
        store.end(run.id, "done", batch.report.to_json())
        return run.id, batch.report, tally.messages

    def take_back(self, run_id: str) -> None:
        store, before = ImportStore(self.database), 2**53
        undo = store.new_undo()
        while before:
            before = store.take_back(run_id, undo, before).before
        store.end(run_id, "undone", "")

    @property
    def conversations(self) -> list[Conversation]:
        return [*ConversationStore(self.database).page(limit=500)]

    def messages(self, number: int = 0) -> list[Message]:
        shown = self.conversations[number]
        return [*MessageStore(self.database).of_conversation(shown.id, limit=500)]

    def texts(self, number: int = 0) -> list[str]:
        return [message.text for message in self.messages(number)]

    def binned(self) -> list[str]:
        return sorted(one.title for one in TrashStore(self.database).page())


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    (tmp_path / "data").mkdir()
    database = Database.open(tmp_path / "data" / "hearth.db")
    yield Library(database, tmp_path)
    database.close()


def tree(*path: str, also: tuple[str, ...] = (), title: str = "T") -> list[Any]:
    """Return a ChatGPT export that shows a path: "q1 a2 b3" are said at 1, 2, 3 s.

    Args:
        path: What is shown, each after the one before it.
        also: Other answers to the first question that the export holds.
        title: Of the conversation.
    """
    nodes: dict[str, Any] = {}
    placed = [(key, path[n - 1] if n else None) for n, key in enumerate(path)]
    for key, parent in [*placed, *((key, path[0]) for key in also)]:
        name, at = key[:-1], int(key[-1])
        message = {
            "id": key,
            "author": {"role": "user" if name.startswith("q") else "assistant"},
            "create_time": BEGAN + at,
            "content": {"content_type": "text", "parts": [f"text {key}"]},
            "recipient": "all",
            "metadata": {},
        }
        nodes[key] = {"parent": parent, "children": [], "message": message}
    return [
        {
            "id": "c",
            "title": title,
            "create_time": BEGAN,
            "mapping": nodes,
            "current_node": path[-1],
        }
    ]


def texts(*keys: str) -> list[str]:
    return [f"text {key}" for key in keys]


BRANCHES = {
    "newer": (tree("q1", "a2", also=("b3",)), tree("q1", "b3", also=("a2",)), ["a2"]),
    "older": (tree("q1", "b3", also=("a2",)), tree("q1", "a2", also=("b3",)), ["b3"]),
    "new": (tree("q1", "a2"), tree("q1", "b3", also=("a2",)), ["a2"]),
    "longer": (
        tree("q1", "a2", "q3", "a4"),
        tree("q1", "b5", "q6"),
        ["a2", "q3", "a4"],
    ),
}


@pytest.mark.parametrize("case", BRANCHES)
def test_another_branch_takes_the_place_of_the_old_one(
    case: str, library: Library
) -> None:
    before, after, gone = BRANCHES[case]
    library.bring_in(before)
    old = library.texts()
    run, report, read = library.bring_in(after)
    left = [f"text {key}" for key in gone]
    assert library.texts()[0] == "text q1"
    assert library.texts()[-1] == f"text {after[0]['current_node']}"
    assert not set(left) & set(library.texts())
    assert report.replaced == len(left)
    assert set(library.binned()) <= set(left)
    assert library.binned()
    assert report.known_messages + report.new_messages == read
    library.take_back(run)
    assert library.texts() == old


def test_an_older_export_changes_nothing_of_the_newer_one(library: Library) -> None:
    library.bring_in(tree("q1", "b3", "q4", also=("a2",)))
    _, report, _ = library.bring_in(tree("q1", "a2"))
    assert library.texts() == texts("q1", "b3", "q4")
    assert (report.older, report.known_messages, report.new_messages) == (1, 1, 0)


def test_a_shorter_export_takes_nothing_away(library: Library) -> None:
    library.bring_in(tree("q1", "a2", "q3", "a4"))
    _, report, _ = library.bring_in(tree("q1", "a2", title="Old"))
    assert library.texts() == texts("q1", "a2", "q3", "a4")
    assert not report.has_added


def test_a_branch_that_is_shown_again_comes_back(library: Library) -> None:
    first, second = tree("q1", "a2", also=("b3",)), tree("q1", "b3", also=("a2",))
    for export in (first, second):
        library.bring_in(export)
    _, report, _ = library.bring_in(first)
    assert library.texts() == texts("q1", "a2")
    assert (report.restored_messages, report.replaced) == (1, 1)


def test_where_the_user_went_on_the_other_branch_comes_as_a_copy(
    library: Library,
) -> None:
    library.bring_in(tree("q1", "a2"))
    (mine,) = library.conversations
    MessageStore(library.database).add_exchange(
        mine.id, "Mine?", engine_name="e", model="m"
    )
    before = library.messages()
    other = tree("q1", "b3", "q4", also=("a2",))
    run, report, _ = library.bring_in(other)
    assert library.messages() == before
    assert report.apart == 1
    assert library.texts(1) == texts("q1", "b3", "q4")
    asked, answer, _ = library.messages(1)
    assert answer.reply_to == asked.id
    assert not library.bring_in(other)[1].has_added
    longer = tree("q1", "b3", "q4", "a5", also=("a2",))
    assert library.bring_in(longer)[1].new_messages == 1
    assert library.texts(1) == texts("q1", "b3", "q4", "a5")
    library.take_back(run)
    assert library.messages() == before


def test_where_the_user_went_on_a_longer_export_is_added(library: Library) -> None:
    library.bring_in(tree("q1", "a2"))
    (mine,) = library.conversations
    MessageStore(library.database).add_exchange(
        mine.id, "Mine?", engine_name="e", model="m"
    )
    (before,) = library.conversations
    library.bring_in(tree("q1", "a2", "q3"))
    assert library.texts() == [*texts("q1", "a2", "q3"), "Mine?", ""]
    (after,) = library.conversations
    assert after.latest == before.latest


def edit(library: Library, number: int, text: str) -> None:
    """Change a message as a person does."""
    message_id = library.messages()[number].id
    with library.database.write() as session:
        message = session.get(Message, message_id)
        assert message
        message.text = text


def test_what_was_edited_here_is_never_changed(library: Library) -> None:
    library.bring_in(tree("q1", "a2"))
    edit(library, 1, "My own words")
    grown = tree("q1", "a2", "q3")
    grown[0]["mapping"]["a2"]["message"]["content"]["parts"] = ["text a2 and more"]
    library.bring_in(grown)
    assert library.texts() == ["text q1", "My own words", "text q3"]


def test_what_was_deleted_where_the_user_went_on_stays_deleted(
    library: Library,
) -> None:
    library.bring_in(tree("q1", "a2", "q3", "a4"))
    edit(library, 0, "Asked anew")
    MessageStore(library.database).delete(library.messages()[3].id)
    _, report, _ = library.bring_in(tree("q1", "a2", "q3", "a4"))
    assert library.texts() == ["Asked anew", "text a2", "text q3"]
    assert (report.binned, report.known_messages) == (1, 3)


def test_half_an_answer_becomes_whole_and_never_half_again(library: Library) -> None:
    half, whole = tree("q1", "a2"), tree("q1", "a2")
    half[0]["mapping"]["a2"]["message"] |= {"status": "in_progress"}
    whole[0]["mapping"]["a2"]["message"]["content"]["parts"] = ["text a2, all of it"]
    library.bring_in(half)
    assert library.messages()[1].state == "interrupted"
    run, report, _ = library.bring_in(whole)
    assert (report.updated_messages, report.new_messages) == (1, 0)
    assert library.texts() == ["text q1", "text a2, all of it"]
    assert library.messages()[1].state == "complete"
    library.bring_in(half)
    assert library.texts() == ["text q1", "text a2, all of it"]
    library.take_back(run)
    assert library.texts() == texts("q1", "a2")


def test_a_changed_title_is_taken_unless_the_user_gave_one(library: Library) -> None:
    library.bring_in(tree("q1"))
    run, report, _ = library.bring_in(tree("q1", title="Renamed"))
    assert (library.conversations[0].title, report.updated) == ("Renamed", 1)
    library.take_back(run)
    assert library.conversations[0].title == "T"
    ConversationStore(library.database).rename(
        library.conversations[0].id, "Mine", source="user"
    )
    library.bring_in(tree("q1", title="Again"))
    assert library.conversations[0].title == "Mine"


def lm_studio(text: str, at: int) -> dict[str, Any]:
    told = foreign.lm_studio()
    step = told["messages"][1]["versions"][1]["steps"][0]
    step["stepIdentifier"] = f"{(BEGAN + at) * 1000}-0.1"
    told["messages"][1]["versions"][1]["steps"][1]["content"][0]["text"] = text
    return told


def test_an_answer_that_was_regenerated_takes_the_place_of_the_old(
    library: Library,
) -> None:
    name = "1.conversation.json"
    library.bring_in(lm_studio("Yes.", 2), name)
    run, report, _ = library.bring_in(lm_studio("Better.", 900), name)
    assert library.texts() == ["Ready?", "Better."]
    assert (report.updated_messages, report.new_messages) == (1, 0)
    library.take_back(run)
    assert library.texts() == ["Ready?", "Yes."]


def undated(*words: str) -> dict[str, Any]:
    said = [{"id": str(n), "role": "user", "content": w} for n, w in enumerate(words)]
    return {"__exported_items": [], "session:s": {"id": "s", "messages": said}}


def test_a_chat_without_dates_stays_where_it_is_in_the_list(library: Library) -> None:
    library.bring_in(undated("One"))
    fresh = ConversationStore(library.database).create(title="Mine")
    library.bring_in(undated("One"))
    assert library.conversations[0].id == fresh.id
    library.bring_in(undated("One", "Two"))
    assert library.conversations[0].title == "One"


def test_a_conversation_gone_on_with_does_not_sink(library: Library) -> None:
    library.bring_in(tree("q1"))
    (mine,) = library.conversations
    MessageStore(library.database).add_exchange(
        mine.id, "Mine?", engine_name="e", model="m"
    )
    ConversationStore(library.database).create(title="Older here")
    MessageStore(library.database).add_exchange(
        mine.id, "More?", engine_name="e", model="m"
    )
    library.bring_in(tree("q1", "a2"))
    assert library.conversations[0].id == mine.id


def test_a_damaged_later_export_takes_nothing_away(library: Library) -> None:
    library.bring_in(tree("q1", "a2"))
    later = tree("q1", "a2", "q9")
    later[0]["mapping"]["a2"]["message"]["content"]["parts"] = ["x" * 6_000_000]
    library.bring_in(later)
    assert library.texts() == texts("q1", "a2", "q9")


def test_two_states_of_one_talk_in_one_folder_end_as_the_newer(
    library: Library,
) -> None:
    for name, value in (("1", tree("q1", "a2")), ("2", tree("q1", "b3", also=("a2",)))):
        save(library.folder / "both" / f"{name}.json", value)
    _, rows, _ = rows_of(library.folder / "both")
    store = ImportStore(library.database)
    batch = Batch(store, store.begin(new_id(), "both", "ChatGPT").id, is_dated=False)
    for row in rows:
        for told in tell(row):
            batch.add(told)
    batch.flush()
    assert library.texts() == texts("q1", "b3")


HEARTH_ID = "018bcfe5-7000-7000-8000-00000000000"


def hearth(note: str, at: int, **told: object) -> dict[str, Any]:
    row = {"id": f"{HEARTH_ID}1", "created_at": 1, "updated_at": at, "title": "N"}
    return {
        "format": "hearth-export",
        "version": 1,
        "notes": [row | {"body": note}],
    } | told


def test_a_note_follows_a_newer_export_and_no_older_one(library: Library) -> None:
    notes = NoteStore(library.database)
    for body, at, expected in (
        ("one", 10, "one"),
        ("two", 20, "two"),
        ("one", 10, "two"),
        ("three", 30, "three"),
    ):
        library.bring_in(hearth(body, at))
        assert notes.page()[0].body == expected
    notes.save(f"{HEARTH_ID}1", "mine")
    library.bring_in(hearth("four", now_ms() + 1000))
    assert notes.page()[0].body == "mine"


ACTION = {"id": f"{HEARTH_ID}2", "created_at": 1, "updated_at": 1, "name": "A"}


def actions(library: Library) -> list[tuple[str, str, str]]:
    with library.database.read() as session:
        run = session.connection().exec_driver_sql
        query = "select name, prompt, shortcut from action where deleted_at is null"
        return [tuple(row) for row in run(f"{query} order by id")]


def test_quick_actions_come_once_and_leave_their_keys_to_those_here(
    library: Library,
) -> None:
    first = ACTION | {"prompt": "P", "shortcut": "Ctrl+Alt+A"}
    second = ACTION | {"id": f"{HEARTH_ID}3", "prompt": "Q", "shortcut": "Ctrl+Alt+A"}
    alike = ACTION | {"id": f"{HEARTH_ID}4", "prompt": "P"}
    broken = ACTION | {"id": f"{HEARTH_ID}5", "kind": "fly"}
    library.bring_in(hearth("n", 1, actions=[first]))
    run, report, _ = library.bring_in(
        hearth("n", 1, actions=[first, second, alike, broken])
    )
    assert actions(library) == [("A", "P", "Ctrl+Alt+A"), ("A", "Q", "")]
    assert (report.new_actions, report.unfit) == (1, 1)
    library.take_back(run)
    assert actions(library) == [("A", "P", "Ctrl+Alt+A")]


def test_a_built_in_action_changed_elsewhere_follows_until_it_is_changed_here(
    library: Library,
) -> None:
    store = ActionStore(library.database)
    store.seed("1", [{"id": f"{HEARTH_ID}2", "name": "A", "prompt": "As it came"}])
    changed = ACTION | {"updated_at": 2**40, "prompt": "Mine elsewhere"}
    library.bring_in(hearth("n", 1, actions=[changed]))
    assert actions(library) == [("A", "Mine elsewhere", "")]
    store.change(f"{HEARTH_ID}2", {"prompt": "Mine here"})
    later = changed | {"updated_at": now_ms() + 1000, "prompt": "Later"}
    library.bring_in(hearth("n", 1, actions=[later]))
    assert actions(library) == [("A", "Mine here", "")]


def test_a_conversation_of_hearth_without_messages_is_kept(library: Library) -> None:
    empty = {"id": f"{HEARTH_ID}7", "title": "Empty", "messages": []}
    export = hearth("n", 1, conversations=[empty])
    assert library.bring_in(export)[1].new == 1
    assert library.conversations[0].title == "Empty"
    assert not library.bring_in(export)[1].has_added


KEYS = ("q1", "a2", "b3", "q4", "a5", "b6", "q7")
PATHS = st.lists(st.sampled_from(KEYS), min_size=1, unique=True).map(sorted)
ACTS = st.one_of(PATHS, st.sampled_from(["edit", "delete", "go on"]))


def act(library: Library, what: str) -> None:
    shown = library.messages() if library.conversations else []
    if not shown:
        return
    if what == "edit":
        edit(library, -1, f"Mine {new_id()}")
    elif what == "delete":
        MessageStore(library.database).delete(shown[-1].id)
    else:
        MessageStore(library.database).add_exchange(
            library.conversations[0].id, "Mine?", engine_name="e", model="m"
        )


def mine(library: Library) -> set[str]:
    """Return the words a person wrote here."""
    with library.database.read() as session:
        run = session.connection().exec_driver_sql
        query = "select text from message where text like 'Mine%'"
        return {row[0] for row in run(f"{query} and deleted_at is null")}


@settings(max_examples=25, deadline=None)
@given(st.lists(ACTS, min_size=1, max_size=6))
def test_whatever_comes_in_whatever_order_it_adds_up(
    tmp_path_factory: pytest.TempPathFactory, acts: list[Any]
) -> None:
    folder = tmp_path_factory.mktemp("library")
    (folder / "data").mkdir()
    with contextlib.closing(Database.open(folder / "data" / "hearth.db")) as database:
        library = Library(database, folder)
        for one in acts:
            if isinstance(one, str):
                act(library, one)
                continue
            kept = mine(library)
            path = tuple(sorted(one, key=lambda key: key[-1]))
            export = tree(*path, also=tuple(k for k in KEYS if k not in path))
            _, report, read = library.bring_in(export)
            stored = report.new_messages + report.known_messages
            changed = report.restored_messages + report.updated_messages
            assert stored + changed + report.older + report.binned == read
            assert mine(library) == kept
            assert not library.bring_in(export)[1].has_added
