"""A later export never changes what a person did here to an earlier one."""

import contextlib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.ids import new_id
from backend.store.branches.paths import branches_in
from backend.store.conversations import ConversationStore
from backend.store.database import Database
from backend.store.messages import MessageStore
from backend.store.models import Message
from tests.helpers.import_library import Library, library, texts, tree

__all__ = ["library"]


def test_where_the_user_went_on_the_other_branch_comes_beside_it(
    library: Library,
) -> None:
    library.bring_in(tree("q1", "a2"))
    (mine,) = library.conversations
    MessageStore(library.database).add_exchange(
        mine.id, "Mine?", engine_name="e", model="m"
    )
    before = library.texts()
    run, report, _ = library.bring_in(tree("q1", "b3", "q4", also=("a2",)))
    assert library.texts() == before
    assert report.new_messages == 2
    asked, answer, *_ = library.messages()
    assert answer.versions == 2
    # It was in no export any more: what a person may have meant is not taken away.
    longer = tree("q1", "b3", "q4", "a5")
    _, report, _ = library.bring_in(longer)
    assert (report.new_messages, report.stayed) == (1, 1)
    assert not library.bring_in(longer)[1].has_added
    with library.database.read() as session:
        tree_here = branches_in(session, mine.id)
        (_, other) = tree_here.versions_of(answer.id)
        end = session.get(Message, tree_here.leaf_below(other))
        assert end
        assert end.text == "text a5"
        assert end.reply_to != asked.id
    library.revert(run)
    assert library.texts() == before


def test_where_the_user_went_on_a_longer_export_is_added(library: Library) -> None:
    library.bring_in(tree("q1", "a2"))
    (mine,) = library.conversations
    MessageStore(library.database).add_exchange(
        mine.id, "Mine?", engine_name="e", model="m"
    )
    (before,) = library.conversations
    library.bring_in(tree("q1", "a2", "q3"))
    # Both ways go on from the same answer; the person's own stays shown.
    assert library.texts() == [*texts("q1", "a2"), "Mine?", ""]
    assert library.messages()[2].versions == 2
    (after,) = library.conversations
    assert after.latest == before.latest


def test_what_was_taken_down_here_is_not_pinned_again(library: Library) -> None:
    export = tree("q1", "a2")
    export[0]["is_starred"] = True
    library.bring_in(export)
    store = ConversationStore(library.database)
    (pinned,) = store.pinned("")
    store.arrange([pinned.id], pinned_at=0)
    grown = tree("q1", "a2", "q3")
    grown[0]["is_starred"] = True
    library.bring_in(grown)
    assert library.texts() == texts("q1", "a2", "q3")
    assert not store.pinned("")


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


def test_a_changed_title_is_taken_unless_the_user_gave_one(library: Library) -> None:
    library.bring_in(tree("q1"))
    run, report, _ = library.bring_in(tree("q1", title="Renamed"))
    assert (library.conversations[0].title, report.updated) == ("Renamed", 1)
    library.revert(run)
    assert library.conversations[0].title == "T"
    ConversationStore(library.database).rename(
        library.conversations[0].id, "Mine", source="user"
    )
    library.bring_in(tree("q1", title="Again"))
    assert library.conversations[0].title == "Mine"


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


@settings(max_examples=25)
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
