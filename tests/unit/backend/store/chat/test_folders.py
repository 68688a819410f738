"""Conversations are pinned, archived and put into folders; each act is one undo."""

import pytest

from backend.errors import NotFoundError
from backend.ids import ARCHIVE
from backend.store.chat.folders import FolderStore
from backend.store.conversations import ConversationStore
from backend.store.database import Database
from backend.store.history.changes import ChangeStore
from backend.store.history.trash import TrashStore


@pytest.fixture
def folders(database: Database) -> FolderStore:
    return FolderStore(database)


class Lists:
    """What each place of the list shows, by titles."""

    def __init__(self, database: Database) -> None:
        self.store = ConversationStore(database)

    def __call__(self, place: str = "") -> str:
        """Return the titles of a place, those that are pinned first."""
        pinned = () if place == ARCHIVE else self.store.pinned(place)
        page = self.store.page(place=place)
        return "".join(row.title for row in (*pinned, *page))


@pytest.fixture
def shown(database: Database) -> Lists:
    return Lists(database)


@pytest.fixture
def abc(conversations: ConversationStore) -> list[str]:
    return [conversations.create(title=title).id for title in "abc"]


def test_every_conversation_is_in_one_place_of_the_list(
    conversations: ConversationStore,
    folders: FolderStore,
    shown: Lists,
    abc: list[str],
) -> None:
    folder = folders.create("F")
    a, b, c = abc
    conversations.arrange([a], folder_id=folder.id)
    conversations.arrange([b], archived_at=1)
    assert (shown(), shown(folder.id), shown(ARCHIVE)) == ("c", "a", "b")
    conversations.arrange([a], pinned_at=5)
    conversations.arrange([c], pinned_at=9)
    # What is pinned stands above the list, and first in its folder.
    assert (shown(), shown(folder.id)) == ("ca", "a")
    conversations.arrange([a, c], archived_at=2)
    assert (shown(), shown(folder.id), shown(ARCHIVE)) == ("", "", "cba")
    assert conversations.is_any_archived()
    assert not conversations.recent()


def test_several_are_changed_and_taken_back_in_one_act(
    database: Database, conversations: ConversationStore, shown: Lists, abc: list[str]
) -> None:
    conversations.delete(abc[0])
    found, done = conversations.arrange([*abc, "gone"], archived_at=7)
    assert [row.title for row in found] == ["b", "c"]
    assert shown() == ""
    undone = ChangeStore(database).undo(done)
    assert (shown(), shown(ARCHIVE)) == ("cb", "")
    ChangeStore(database).undo(undone)
    assert shown(ARCHIVE) == "cb"
    with pytest.raises(NotFoundError):
        conversations.arrange(["gone", abc[0]], pinned_at=1)


def test_what_was_in_a_folder_is_listed_when_that_is_deleted(
    database: Database,
    conversations: ConversationStore,
    folders: FolderStore,
    shown: Lists,
    abc: list[str],
) -> None:
    folder = folders.create("F")
    conversations.arrange(abc[:2], folder_id=folder.id)
    deleted = folders.delete(folder.id)
    assert (shown(), folders.all()) == ("cba", [])
    assert [d.title for d in TrashStore(database).page()] == ["F"]
    ChangeStore(database).undo(deleted)
    assert (shown(), shown(folder.id)) == ("c", "ba")
    folders.delete(folder.id)
    ChangeStore(database).forget("folder", folder.id)
    assert shown() == "cba"
    with pytest.raises(NotFoundError):
        folders.get(folder.id)


def test_folders_stand_by_their_names_and_count_what_they_list(
    conversations: ConversationStore, folders: FolderStore, abc: list[str]
) -> None:
    made = [folders.create(name) for name in ("zoo", "Ärger", "apple")]
    conversations.arrange(abc, folder_id=made[0].id)
    conversations.arrange(abc[:1], archived_at=1)
    conversations.delete(abc[1])
    counted = [(each.folder.name, each.count) for each in folders.all()]
    assert counted == [("apple", 0), ("zoo", 1), ("Ärger", 0)]


def test_the_instructions_of_a_folder_reach_its_conversations_alone(
    conversations: ConversationStore, folders: FolderStore, abc: list[str]
) -> None:
    folder = folders.create("F")
    conversations.arrange(abc[:1], folder_id=folder.id)
    folders.set_up(folder.id, "Answer in French.")
    assert folders.instructions_of(abc[0]) == "Answer in French."
    assert folders.instructions_of(abc[1]) == ""
    folders.delete(folder.id)
    assert folders.instructions_of(abc[0]) == ""
