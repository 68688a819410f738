"""A later export of the same conversations updates what is here, and adds up."""

from typing import Any

import pytest

from backend.ids import new_id
from backend.importing.__main__ import tell
from backend.services.transfer.import_batches import Batch
from backend.store.conversations import ConversationStore
from backend.store.imports.imports import ImportStore
from tests.helpers import export_samples
from tests.helpers.export_samples import BEGAN
from tests.helpers.import_library import Library, library, texts, tree
from tests.helpers.reading import rows_of, save

__all__ = ["library"]

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
    library.revert(run)
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
    library.revert(run)
    assert library.texts() == texts("q1", "a2")


def lm_studio(text: str, at: int) -> dict[str, Any]:
    record = export_samples.lm_studio()
    step = record["messages"][1]["versions"][1]["steps"][0]
    step["stepIdentifier"] = f"{(BEGAN + at) * 1000}-0.1"
    record["messages"][1]["versions"][1]["steps"][1]["content"][0]["text"] = text
    return record


def test_an_answer_that_was_regenerated_takes_the_place_of_the_old(
    library: Library,
) -> None:
    name = "1.conversation.json"
    library.bring_in(lm_studio("Yes.", 2), name)
    run, report, _ = library.bring_in(lm_studio("Better.", 900), name)
    assert library.texts() == ["Ready?", "Better."]
    assert (report.updated_messages, report.new_messages) == (1, 0)
    library.revert(run)
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
        for record in tell(row):
            batch.add(record)
    batch.flush()
    assert library.texts() == texts("q1", "b3")
