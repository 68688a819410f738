"""Conversations are listed, named, thrown away and brought back."""

import pytest

from backend.errors import NotFoundError
from backend.store.conversations import ConversationStore
from backend.store.messages import MessageStore


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
