"""Conversations are listed, named, thrown away and brought back."""

from collections.abc import Callable

import pytest

from backend.errors import NotFoundError
from backend.ids import new_id
from backend.store.conversations import ConversationStore
from backend.store.database import Database
from backend.store.drafts import DraftStore
from backend.store.messages import MessageStore
from backend.store.notes import NoteStore


def test_the_newest_activity_comes_first(
    conversations: ConversationStore,
    messages: MessageStore,
) -> None:
    first, second = conversations.create(title="a"), conversations.create(title="b")
    assert [row.id for row in conversations.page()] == [second.id, first.id]
    messages.add_exchange(first.id, "hi", engine_name="E", model="m")
    assert [row.id for row in conversations.page()] == [first.id, second.id]


def test_pages_follow_one_another_without_gap_or_repeat(
    conversations: ConversationStore,
) -> None:
    made = [conversations.create(title=str(number)).id for number in range(7)]
    seen: list[str] = []
    before = None
    while page := conversations.page(before=before, limit=3):
        seen += [row.id for row in page]
        before = page[-1].latest
    assert seen == made[::-1]
    assert [row.id for row in conversations.recent(2)] == seen[:2]


def test_a_deleted_conversation_is_gone_until_restored(
    conversations: ConversationStore,
) -> None:
    made = conversations.create(title="a")
    conversations.delete(made.id)
    assert not conversations.page()
    with pytest.raises(NotFoundError):
        conversations.get(made.id)
    assert conversations.get(made.id, include_deleted=True).deleted_at
    with pytest.raises(NotFoundError):
        conversations.delete(made.id)
    conversations.restore(made.id)
    assert conversations.get(made.id).title == "a"


def test_a_title_and_a_model_are_kept(conversations: ConversationStore) -> None:
    made = conversations.create()
    assert made.title_source == "none"
    conversations.rename(made.id, "Náme \0", "model")
    conversations.choose_model(made.id, "engine", "model")
    row = conversations.get(made.id)
    assert (row.title, row.title_source) == ("Náme \ufffd", "model")
    assert (row.engine_id, row.model) == ("engine", "model")
    assert row.updated_at >= made.updated_at


def test_what_never_was_is_not_found(conversations: ConversationStore) -> None:
    with pytest.raises(NotFoundError):
        conversations.rename("nothing", "x", "user")


@pytest.mark.parametrize(
    "write",
    [
        lambda database: NoteStore(database).create(body="A note"),
        lambda database: NoteStore(database).keep(new_id(), "A note"),
        lambda database: DraftStore(database).save("new", "typed"),
    ],
    ids=["note", "typed note", "draft"],
)
def test_an_empty_store_holds_nothing_until_something_is_written(
    conversations: ConversationStore,
    database: Database,
    write: Callable[[Database], object],
) -> None:
    DraftStore(database).save("new", "")
    assert not conversations.is_there_any()
    write(database)
    assert conversations.is_there_any()


def test_what_is_in_the_trash_is_kept_too(conversations: ConversationStore) -> None:
    conversations.delete(conversations.create(title="a").id)
    assert conversations.is_there_any()
