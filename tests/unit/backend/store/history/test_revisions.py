"""An edited question, its new answer, and what followed: one act, taken back whole."""

from collections.abc import Sequence

import pytest

from backend.errors import ConflictError, NotFoundError
from backend.ids import edit_draft
from backend.store.database import Database
from backend.store.drafts import DraftStore
from backend.store.history.changes import ChangeStore
from backend.store.history.revisions import AskedAgain, RevisionStore
from backend.store.messages import MessageStore
from backend.store.rows import AnyMessage, MessageRow
from backend.store.states.message_state import MessageState

Talk = list[MessageRow]


def finish(messages: MessageStore, answer: AnyMessage, text: str) -> None:
    messages.finish(answer.id, text=text, reasoning="", state=MessageState.COMPLETE)


@pytest.fixture
def revisions(database: Database) -> RevisionStore:
    return RevisionStore(database)


@pytest.fixture
def talk(messages: MessageStore) -> Talk:
    conversation, asked, answer = messages.begin_conversation(
        "What is fire?", engine_id="e", engine_name="Engine", model="m"
    )
    finish(messages, answer, "Hot.")
    later = messages.add_exchange(
        conversation.id, "And ice?", engine_name="Engine", model="m"
    )
    finish(messages, later[1], "Cold.")
    return list(messages.of_conversation(asked.conversation_id))


def dialogue(messages: MessageStore, talk: Talk) -> Sequence[tuple[str, str]]:
    shown = messages.of_conversation(talk[0].conversation_id)
    return [(message.id, message.text) for message in shown]


def ask_again(revisions: RevisionStore, talk: Talk) -> AskedAgain:
    return revisions.ask_again(
        talk[0].id, "What is water?", engine_name="Other", model="o"
    )


def test_an_edit_changes_the_question_alone_and_is_undone(
    database: Database, messages: MessageStore, revisions: RevisionStore, talk: Talk
) -> None:
    before = dialogue(messages, talk)
    drafts = DraftStore(database)
    drafts.save(edit_draft(talk[0].id), "What is wa")
    edited = revisions.edit(talk[0].id, "What is water?")
    assert dialogue(messages, talk) == [(talk[0].id, "What is water?"), *before[1:]]
    assert drafts.get(edit_draft(talk[0].id)) == ""
    ChangeStore(database).undo(edited)
    assert dialogue(messages, talk) == before


def test_asking_again_keeps_question_and_what_followed_beside_it(
    messages: MessageStore, revisions: RevisionStore, talk: Talk
) -> None:
    before = dialogue(messages, talk)
    again = ask_again(revisions, talk)
    assert (again.answer.state, again.answer.model) == (MessageState.STREAMING, "o")
    assert dialogue(messages, talk) == [
        (again.question.id, "What is water?"),
        (again.answer.id, ""),
    ]
    asked = messages.get(again.question.id)
    assert (asked.version, asked.versions) == (2, 2)
    assert revisions.show(again.question.id, -1) == talk[0].id
    assert dialogue(messages, talk) == before
    assert revisions.show(talk[0].id, -1) == talk[0].id, "there is no earlier one"
    with pytest.raises(NotFoundError):
        revisions.show("nothing")


def test_one_undo_brings_back_question_answer_and_what_followed(
    database: Database, messages: MessageStore, revisions: RevisionStore, talk: Talk
) -> None:
    before = dialogue(messages, talk)
    again = ask_again(revisions, talk)
    finish(messages, again.answer, "Wet.")
    after = dialogue(messages, talk)
    changes = ChangeStore(database)
    undone = changes.undo(again.transaction_id)
    assert dialogue(messages, talk) == before
    assert messages.get(talk[0].id).versions == 0
    changes.undo(undone)
    assert dialogue(messages, talk) == after


def test_an_answer_is_written_again_beside_the_first(
    database: Database, messages: MessageStore, revisions: RevisionStore, talk: Talk
) -> None:
    before = dialogue(messages, talk)
    names = {"engine_name": "Other", "model": "o"}
    answer, begun = revisions.answer_again(talk[1].id, **names)
    with pytest.raises(ConflictError):
        revisions.answer_again(answer.id, **names)
    finish(messages, answer, "Warm.")
    assert dialogue(messages, talk) == [before[0], (answer.id, "Warm.")]
    assert messages.get(answer.id).reply_to == talk[0].id
    messages.add_exchange(talk[0].conversation_id, "Why?", **names)
    longer = dialogue(messages, talk)
    assert [text for _, text in longer] == ["What is fire?", "Warm.", "Why?", ""]
    switched = revisions.show(answer.id, -1)
    assert (switched, dialogue(messages, talk)) == (talk[1].id, before)
    last = ChangeStore(database).last()
    assert last is not None
    ChangeStore(database).undo(last)
    assert dialogue(messages, talk) == longer
    ChangeStore(database).undo(begun)
    assert messages.get(talk[1].id).id, "the earlier one stays"
    with pytest.raises(ConflictError):
        revisions.answer_again(talk[0].id, **names)


def test_a_version_that_is_deleted_gives_way_to_the_other(
    messages: MessageStore, revisions: RevisionStore, talk: Talk
) -> None:
    answer, _ = revisions.answer_again(talk[3].id, engine_name="O", model="o")
    finish(messages, answer, "Chilly.")
    messages.delete(answer.id)
    assert dialogue(messages, talk) == [(one.id, one.text) for one in talk]


def test_an_answer_cannot_be_edited(revisions: RevisionStore, talk: Talk) -> None:
    with pytest.raises(ConflictError):
        revisions.edit(talk[1].id, "Wet.")
    with pytest.raises(NotFoundError):
        revisions.edit("nothing", "Wet.")


def test_deleting_for_good_takes_the_draft_of_an_edit_along(
    database: Database, messages: MessageStore, talk: Talk
) -> None:
    drafts = DraftStore(database)
    drafts.save(edit_draft(talk[2].id), "And snow?")
    messages.delete(talk[2].id)
    ChangeStore(database).forget("message", talk[2].id)
    assert drafts.get(edit_draft(talk[2].id)) == ""


def test_several_answers_begin_beside_the_one_that_stays_shown(
    messages: MessageStore, revisions: RevisionStore, talk: Talk
) -> None:
    before = dialogue(messages, talk)
    begun = revisions.answer_side_by_side(talk[0].id, [("A", "a"), ("B", "b")], "P")
    assert dialogue(messages, talk) == before
    together = [messages.get(one) for one in messages.answers_to(talk[0].id)]
    assert [(one.version, one.versions) for one in together] == [(1, 3), (2, 3), (3, 3)]
    assert [(one.engine, one.model, one.assistant) for one in begun] == [
        ("A", "a", "P"),
        ("B", "b", "P"),
    ]
    with pytest.raises(ConflictError):
        revisions.answer_side_by_side(talk[1].id, [("A", "a")])
    ended = messages.interrupt_open()
    assert {one.id for one in ended} == {one.id for one in begun}
