"""Conversations are arranged one or several at once, and a folder speaks with them."""

import asyncio
from dataclasses import dataclass

import pytest

from backend.errors import InvalidInputError, NotFoundError
from backend.ids import ARCHIVE, NEW
from backend.services.chat.answers import AnswerService
from backend.services.chat.arranging import Arrange, Arranged, ArrangingService
from backend.services.chat.folders import FolderService
from backend.services.settings import INSTRUCTIONS
from backend.store.chat.assistants import AssistantStore
from backend.store.chat.folders import FolderStore
from backend.store.settings import SettingStore
from tests.helpers.engine_setup import Nobody, Setup, prompts_of, setup

__all__ = ["setup"]


@dataclass
class Desk:
    """The services of the list over a real store."""

    setup: Setup

    def __post_init__(self) -> None:
        library = self.setup.library
        self.library = library
        self.stored = FolderStore(library.database)
        self.folders = FolderService(self.stored, AssistantStore(library.database))
        self.arranging = ArrangingService(
            library.conversations,
            self.folders,
            AnswerService(library.messages, Nobody()),
            library.database.act,
        )

    def do(self, what: Arrange, *ids: str, folder: str = "") -> Arranged:
        return asyncio.run(self.arranging.arrange(what, ids, folder))

    def shown(self, place: str = "") -> list[str]:
        return [row.title for row in self.arranging.page(place)]


@pytest.fixture
def desk(setup: Setup) -> Desk:
    return Desk(setup)


def test_each_act_moves_all_that_are_named(desk: Desk) -> None:
    a, b = (desk.library.conversations.create(title=title).id for title in "ab")
    desk.do(Arrange.ARCHIVE, a, b)
    assert (desk.shown(), desk.shown(ARCHIVE)) == ([], ["b", "a"])
    desk.do(Arrange.UNARCHIVE, a)
    assert desk.shown() == ["a"]
    desk.do(Arrange.PIN, a, b)
    assert [row.title for row in desk.arranging.pinned()] == ["b", "a"]
    assert not desk.arranging.is_any_archived(), "who pins wants to see"
    done = desk.do(Arrange.DELETE, a, b)
    assert not desk.arranging.pinned()
    desk.library.changes.undo(done.transaction_id)
    assert len(desk.arranging.pinned()) == 2
    desk.do(Arrange.UNPIN, a, b)
    assert desk.shown() == ["b", "a"]


def test_a_new_folder_is_made_and_filled_in_one_act(desk: Desk) -> None:
    a, b = (desk.library.conversations.create(title=title).id for title in "ab")
    desk.do(Arrange.ARCHIVE, b)
    done = desk.do(Arrange.MOVE, a, b, folder=NEW)
    assert done.folder is not None
    assert (desk.shown(), desk.shown(done.folder.id)) == ([], ["b", "a"])
    desk.library.changes.undo(done.transaction_id)
    assert (desk.folders.all(), desk.shown(), desk.shown(ARCHIVE)) == ([], ["a"], ["b"])


def test_nothing_moves_where_one_part_of_an_act_cannot_be(desk: Desk) -> None:
    a = desk.library.conversations.create(title="a").id
    with pytest.raises(NotFoundError):
        desk.do(Arrange.MOVE, a, folder="gone")
    with pytest.raises(NotFoundError):
        desk.do(Arrange.MOVE, "gone", folder=NEW)
    assert not desk.folders.all()
    for ids in ([], ["x"] * 3_000):
        with pytest.raises(InvalidInputError):
            desk.do(Arrange.PIN, *ids)
    assert desk.shown() == ["a"]


def test_folders_are_named_apart_and_within_bounds(desk: Desk) -> None:
    made = [desk.folders.create() for _ in range(3)]
    assert [m.name for m in made] == ["New folder", "New folder 2", "New folder 3"]
    desk.folders.rename(made[0].id, "  Ki\n tchen ")
    assert desk.folders.name_of(made[0].id) == "Ki tchen"
    for name in ("", " ", "x" * 101):
        with pytest.raises(InvalidInputError):
            desk.folders.rename(made[0].id, name)
    with pytest.raises(InvalidInputError):
        desk.folders.set_up(made[0].id, "x" * 8_001, "")
    desk.folders.delete(made[0].id)
    assert desk.folders.name_of(made[0].id) == desk.folders.name_of("") == ""


def test_a_model_is_told_what_the_folder_says_after_what_holds_for_all(
    desk: Desk,
) -> None:
    settings = SettingStore(desk.library.database)
    conversations = desk.library.conversations
    asking = prompts_of(desk.setup)
    settings.set(INSTRUCTIONS, "Be brief.")
    folder = desk.folders.create()
    desk.folders.set_up(folder.id, "Answer in French.", "")
    inside, outside = conversations.create(title="a"), conversations.create(title="b")
    conversations.arrange([inside.id], folder_id=folder.id)
    both = "Be brief.\n\nAnswer in French."
    assert asking.next_prompt(inside.id, "Hi", "m").instructions == both
    assert asking.next_prompt(outside.id, "Hi", "m").instructions == "Be brief."
    begun = asking.first_prompt("Hi", NEW, "m", folder_id=folder.id)
    assert begun.instructions == both
    with pytest.raises(NotFoundError):
        asking.first_prompt("Hi", NEW, "m", folder_id="gone")
