"""What was starred, used and typed is known wherever a model is chosen."""

import asyncio
from contextlib import nullcontext

import pytest

from backend.errors import InvalidInputError, StoreFullError
from backend.interface.stored_values import EngineKind
from backend.services.engines.choices import Choice
from backend.services.engines.engines import EngineService
from backend.services.engines.model_choices import ModelChoices
from backend.services.engines.model_search import ModelPage
from backend.services.engines.picks import MOST_RECENT, RECENT, Picks
from backend.store.settings import SettingStore
from tests.helpers.engine_setup import Setup, gguf, setup
from tests.helpers.model_server import FakeModelServer, listing

__all__ = ["setup"]


def model_choices(setup: Setup) -> ModelChoices:
    database = setup.library.database
    return ModelChoices(setup.service, SettingStore(database), database.act)


def groups(found: ModelPage) -> dict[str, list[str]]:
    return {g.name: [m.name for m in g.models] for g in found.groups}


def test_stars_and_uses_are_kept(setup: Setup) -> None:
    models = model_choices(setup)
    ids = [f"m{n}" for n in range(8)]
    with FakeModelServer(listing(*ids)) as server:

        async def use(service: EngineService) -> None:
            record = (await service.add_server("Home", server.url)).record
            choices = [Choice(record.id, id_) for id_ in ids]
            for choice in (*choices, choices[2]):
                await models.remember(choice)
            for choice in (choices[0], choices[1], choices[0]):
                await models.toggle_favourite(choice)
            found = groups(await models.find(""))
            assert found["Favourites"] == ["m1"]
            assert found["Recently used"] == ["m2", "m7", "m6", "m5", "m4"]
            assert len(found["Recently used"]) == MOST_RECENT
            await service.remove(record.id)
            assert groups(await models.find("")) == {}, "what is gone is not offered"

        setup.run(use)


def test_a_name_no_list_has_is_kept_once_it_is_chosen(setup: Setup) -> None:
    models = model_choices(setup)
    with FakeModelServer(listing("a")) as server:

        async def use(service: EngineService) -> None:
            record = (await service.add_server("Home", server.url)).record
            found = await models.find("gpt-5 mini")
            (typed,) = [m for group in found.groups for m in group.models]
            assert typed.is_new
            await models.remember(Choice(record.id, "gpt-5-mini"))
            (offer,) = await service.offers()
            assert offer.models == ("gpt-5-mini", "a")
            with pytest.raises(InvalidInputError):
                await models.remember(Choice(record.id, "x" * 301))

        setup.run(use)


def test_a_model_file_goes_by_the_name_of_its_engine(setup: Setup) -> None:
    models = model_choices(setup)
    path = gguf(setup.library.database.path.parent, "tiny.gguf")

    async def use(service: EngineService) -> None:
        added = await service.add_file(path)
        await service.change(added.record.id, name="My own")
        choice = Choice(added.record.id, added.model)
        await models.remember(choice)
        assert (await models.judge(choice)).name == "My own"
        assert groups(await models.find("own"))["On this computer"] == ["My own"]

    setup.run(use)


@pytest.mark.parametrize(
    ("url", "is_here"),
    [
        ("http://127.0.0.1:11434/v1", True),
        ("http://localhost:1234/v1", True),
        ("http://192.168.1.7:11434/v1", False),
        ("https://api.example.org/v1", False),
    ],
)
def test_what_stays_on_this_computer_is_known(
    setup: Setup, url: str, is_here: bool
) -> None:
    models = model_choices(setup)
    record = setup.engines.add(EngineKind.OPENAI, "It", url)

    async def use(_service: EngineService) -> None:
        assert await models.is_on_this_computer(Choice(record.id, "m")) is is_here
        assert not await models.is_on_this_computer(Choice("gone", "m"))

    setup.run(use)


def test_pages_that_choose_at_once_lose_nothing_of_each_other(setup: Setup) -> None:
    models = model_choices(setup)
    with FakeModelServer(listing("a")) as server:

        async def use(service: EngineService) -> None:
            record = (await service.add_server("Home", server.url)).record
            choices = [Choice(record.id, f"typed-{n}") for n in range(MOST_RECENT)]
            await asyncio.gather(
                *map(models.remember, choices), *map(models.toggle_favourite, choices)
            )
            found = groups(await models.find(""))
            names = {choice.model for choice in choices}
            assert set(found["Favourites"]) == names
            picks = Picks(SettingStore(setup.library.database), nullcontext)
            assert set(picks.recent()) == set(choices)
            (offer,) = await service.offers()
            assert set(offer.typed) == names

        setup.run(use)


class FullDisk(SettingStore):
    """Stores what was typed, and nothing after that."""

    def set(self, key: str, value: str) -> str:
        if key == RECENT:
            raise StoreFullError("The disk is full.")
        return super().set(key, value)


def test_a_choice_is_remembered_whole_or_not_at_all(setup: Setup) -> None:
    database = setup.library.database
    models = ModelChoices(setup.service, FullDisk(database), database.act)
    with FakeModelServer(listing("a")) as server:

        async def use(service: EngineService) -> None:
            record = (await service.add_server("Home", server.url)).record
            with pytest.raises(StoreFullError):
                await models.remember(Choice(record.id, "typed"))
            (offer,) = await service.offers()
            assert offer.typed == ()

        setup.run(use)
