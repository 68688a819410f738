"""A later export of the same conversations updates what is here, and adds up."""

from typing import Any

import pytest

from backend.ids import new_id
from backend.importing.__main__ import tell
from backend.services.transfer.import_batches import Batch
from backend.store.branches.paths import branches_in
from backend.store.conversations import ConversationStore
from backend.store.imports.imports import ImportStore
from backend.store.models import Conversation
from tests.helpers import export_samples
from tests.helpers.export_samples import BEGAN
from tests.helpers.import_library import Library, library, texts, tree
from tests.helpers.reading import rows_of, save

__all__ = ["library"]

BRANCHES = {
    "newer": (tree("q1", "a2", also=("b3",)), tree("q1", "b3", also=("a2",)), 0),
    "older": (tree("q1", "b3", also=("a2",)), tree("q1", "a2", also=("b3",)), 0),
    "new": (tree("q1", "a2"), tree("q1", "b3", also=("a2",)), 1),
    "longer": (tree("q1", "a2"), tree("q1", "b3", "q4", "a5", also=("a2",)), 3),
}


@pytest.mark.parametrize("case", BRANCHES)
def test_another_branch_is_shown_and_the_old_one_kept(
    case: str, library: Library
) -> None:
    before, after, new = BRANCHES[case]
    library.bring_in(before)
    old = library.texts()
    run, report, read = library.bring_in(after)
    assert library.texts()[0] == "text q1"
    assert library.texts()[-1] == f"text {after[0]['current_node']}"
    (_, answer, *_) = library.messages()
    assert answer.versions == 2
    assert (report.new_messages, report.replaced, report.updated) == (new, 0, 1)
    assert report.known_messages + report.new_messages == read
    library.revert(run)
    assert library.texts() == old


def test_what_went_from_the_export_goes_to_the_trash(library: Library) -> None:
    library.bring_in(tree("q1", "a2", "q3", "a4"))
    run, report, _ = library.bring_in(tree("q1", "b5", "q6"))
    assert library.texts() == texts("q1", "b5", "q6")
    assert report.replaced == 3
    assert set(library.binned()) <= set(texts("a2", "q3", "a4"))
    library.revert(run)
    assert library.texts() == texts("q1", "a2", "q3", "a4")


def test_what_went_from_the_middle_leaves_the_rest_in_its_order(
    library: Library,
) -> None:
    library.bring_in(tree("q1", "a2", "q3", "a4", "q5", "a6"))
    library.bring_in(tree("q1", "a2", "q5", "a6"))
    assert library.texts() == texts("q1", "a2", "q5", "a6")
    assert not any(message.versions for message in library.messages())


def test_an_answer_whose_time_was_mended_stays_before_what_follows(
    library: Library,
) -> None:
    first, later = tree("q1", "a8"), tree("q1", "a2", "q3")
    for one in (first, later):
        nodes = one[0]["mapping"]
        key = "a8" if "a8" in nodes else "a2"
        nodes[key]["message"]["id"] = "answer"
    library.bring_in(first)
    library.bring_in(later)
    assert library.texts() == texts("q1", "a2", "q3")
    assert not library.bring_in(later)[1].has_added


def test_a_person_who_chose_a_branch_keeps_it(library: Library) -> None:
    library.bring_in(tree("q1", "b3", also=("a2",)))
    with library.database.write() as session:
        (mine,) = library.conversations
        versions = branches_in(session, mine.id).versions_of(library.messages()[1].id)
        conversation = session.get(Conversation, mine.id)
        assert conversation
        conversation.shown_leaf = versions[0]
    assert library.texts() == texts("q1", "a2")
    library.bring_in(tree("q1", "b3", "q4", also=("a2",)))
    assert library.texts() == texts("q1", "a2")


def test_an_older_export_changes_nothing_of_the_newer_one(library: Library) -> None:
    library.bring_in(tree("q1", "b3", "q4", also=("a2",)))
    _, report, _ = library.bring_in(tree("q1", "a2"))
    assert library.texts() == texts("q1", "b3", "q4")
    assert (report.known_messages, report.new_messages) == (2, 0)


def test_a_shorter_export_takes_nothing_away(library: Library) -> None:
    library.bring_in(tree("q1", "a2", "q3", "a4"))
    _, report, _ = library.bring_in(tree("q1", "a2", title="Old"))
    assert library.texts() == texts("q1", "a2", "q3", "a4")
    assert not report.has_added


def test_what_an_import_threw_away_comes_back_with_a_later_one(
    library: Library,
) -> None:
    library.bring_in(tree("q1", "a2", "q4"))
    library.bring_in(tree("q1", "b5"))
    _, report, _ = library.bring_in(tree("q1", "a2", "q4", "a6"))
    assert library.texts() == texts("q1", "a2", "q4", "a6")
    assert (report.restored_messages, report.replaced) == (2, 1)


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
    _, report, _ = library.bring_in(later)
    assert library.texts() == texts("q1", "q9")
    assert (report.stayed, library.binned()) == (1, [])


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
