"""Engines as a person adds, chooses and removes them, over a real store."""

import asyncio
import json
import os
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from backend.errors import EngineError, HearthError, InvalidInputError
from backend.keys import KeyStore
from backend.llm.engines import EngineRegistry
from backend.services.answers import AnswerService
from backend.services.connecting import NotConnectedError, Question
from backend.services.conversations import ConversationService
from backend.services.engines import Choice, EngineService, Offer
from backend.services.growing import Growing
from backend.services.settings import SettingService
from backend.store.changes import ChangeStore
from backend.store.drafts import DraftStore
from backend.store.engines import EngineStore
from backend.store.ids import NEW
from backend.store.revisions import RevisionStore
from backend.store.settings import SettingStore
from tests.helpers.gguf_files import write_gguf
from tests.helpers.library import Library, open_library
from tests.helpers.model_server import (
    Exchange,
    FakeModelServer,
    Script,
    refusing_port,
)
from tests.helpers.vaults import WorkingVault


def listing(*ids: str) -> Script:
    body = json.dumps({"object": "list", "data": [{"id": model} for model in ids]})
    return lambda exchange: exchange.answer(200, body)


@dataclass
class Setup:
    """A service and what is below it."""

    library: Library
    vault: WorkingVault
    changes: list[str]

    def __post_init__(self) -> None:
        self.keys = KeyStore(lambda: self.vault)
        self.engines = EngineStore(self.library.database)
        self.registry = EngineRegistry(self.keys)
        self.service = EngineService(
            self.engines,
            SettingStore(self.library.database),
            self.registry,
            self.keys,
            lambda: self.changes.append("engines"),
        )

    def run(self, use: Callable[[EngineService], Awaitable[None]]) -> None:
        """Use the service on a loop of its own, for as long as a person may wait."""

        async def main() -> None:
            async with asyncio.timeout(60):
                await use(self.service)
            await self.registry.close_all()

        asyncio.run(main())

    async def offers_when(self, ready: Callable[[list[Offer]], bool]) -> list[Offer]:
        """Return what is offered once it is so."""
        while not ready(offers := await self.service.offers()):
            await asyncio.sleep(0.01)
        return offers


@pytest.fixture
def setup(tmp_path: Path) -> Iterator[Setup]:
    with open_library(tmp_path / "data") as library:
        yield Setup(library, WorkingVault(), [])


class Nobody:
    """Looks at no answer."""

    def began(self, answer: Growing) -> None: ...

    def grew(self, answer: Growing) -> None: ...

    async def ended(self, answer: Growing) -> None: ...

    def troubled(self, sentence: str) -> None: ...


def gguf(folder: Path, name: str = "model.gguf") -> Path:
    return write_gguf(folder / name)


def test_the_first_model_that_chats_is_chosen(setup: Setup) -> None:
    ids = ("bge-m3", "nomic-embed-text", "whisper-1", "dall-e-3", "rerank-2", "qwen3")
    with FakeModelServer(listing(*ids)) as server:

        async def use(service: EngineService) -> None:
            record = (await service.add_server("", server.url)).record
            assert await service.default() == Choice(record.id, "qwen3")

        setup.run(use)


def test_no_page_waits_for_a_silent_server_and_its_failure_is_kept(
    setup: Setup, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("backend.services.offers.DEADLINE_S", 0.5)
    with (
        FakeModelServer(listing("a")) as good,
        FakeModelServer(Exchange.hang) as silent,
    ):
        setup.engines.add("openai", "Good", good.url)
        setup.engines.add("openai", "Silent", silent.url)

        async def use(service: EngineService) -> None:
            offers = await setup.offers_when(lambda found: bool(found[0].models))
            assert [(o.models, o.is_asked) for o in offers] == [
                (("a",), False),
                ((), True),
            ]
            offers = await setup.offers_when(lambda found: bool(found[1].problem))
            assert offers[1].problem == "It does not answer just now."
            assert "engines" in setup.changes, "the page is told to look again"
            asked = len(silent.requests)
            for _ in range(5):
                await service.offers()
            assert len(silent.requests) == asked, "the failure counts for a while"

        setup.run(use)


def test_an_engine_that_cannot_even_be_built_hides_no_other(setup: Setup) -> None:
    with FakeModelServer(listing("a")) as server:
        bad = [
            setup.engines.add("openai", "No address", "ftp://x"),
            setup.engines.add("openai", "Bad key", "http://127.0.0.1:9"),
            setup.engines.add("openai", "Bad port", "http://127.0.0.1:99999"),
        ]
        setup.keys.set(bad[1].id, "sk-…abcd", bad[1].url)
        setup.engines.add("openai", "Good", server.url)

        async def use(service: EngineService) -> None:
            offers = await setup.offers_when(
                lambda found: not any(offer.is_asked for offer in found)
            )
            assert [bool(offer.problem) for offer in offers] == [
                True,
                True,
                True,
                False,
            ]
            assert "hidden" in offers[1].problem
            for record in bad:
                await service.remove(record.id)
            assert [o.record.name for o in await service.offers()] == ["Good"]
            assert not setup.vault.kept, "the key leaves the keyring with its engine"

        setup.run(use)


@pytest.mark.parametrize("key", ["sk-…abcd", "clé", "🔑", "sk a"])
def test_a_key_that_is_none_changes_nothing(setup: Setup, key: str) -> None:
    with FakeModelServer(listing("a")) as server:

        async def use(service: EngineService) -> None:
            with pytest.raises(InvalidInputError):
                await service.add_server("", server.url, key)
            assert not await service.offers()
            record = (await service.add_server("", server.url, "Bearer sk-1")).record
            with pytest.raises(InvalidInputError):
                await service.set_key(record.id, key)
            assert setup.keys.get(record.id, record.url) == "sk-1"

        setup.run(use)
        assert "Authorization: Bearer sk-1" in server.requests[-1].head


def test_the_key_leaves_the_keyring_when_its_engine_is_removed(setup: Setup) -> None:
    with FakeModelServer(listing("a")) as server:

        async def use(service: EngineService) -> None:
            record = (await service.add_server("", server.url, "sk-1")).record
            assert setup.vault.kept
            await service.remove(record.id)
            assert not setup.vault.kept

        setup.run(use)


def test_the_engine_before_answers_when_the_chosen_one_is_removed(
    setup: Setup, tmp_path: Path
) -> None:
    changes = ChangeStore(setup.library.database)

    async def use(service: EngineService) -> None:
        one, two, three = [
            (await service.add_file(gguf(tmp_path, f"{name}.gguf"))).record
            for name in ("one", "two", "three")
        ]
        await service.choose(Choice(one.id, "one"))
        await service.choose(Choice(three.id, "three"))
        _, removed = await service.remove(three.id)
        assert await service.default() == Choice(one.id, "one")
        changes.undo(removed)
        assert await service.default() == Choice(three.id, "three")
        for record in (one, two, three):
            await service.remove(record.id)
        assert await service.default() is None

    setup.run(use)


def test_an_engine_that_was_never_chosen_answers_when_it_is_the_last(
    setup: Setup, tmp_path: Path
) -> None:
    kept = setup.engines.add("builtin", "Kept", "", str(gguf(tmp_path, "kept.gguf")))

    async def use(service: EngineService) -> None:
        record = (await service.add_file(gguf(tmp_path))).record
        await service.remove(record.id)
        assert await service.default() == Choice(kept.id, "kept")

    setup.run(use)


@pytest.mark.parametrize("name", ["pipe.gguf", "gone.gguf", "text.gguf"])
def test_a_file_that_is_no_model_is_not_added(
    setup: Setup, tmp_path: Path, name: str
) -> None:
    os.mkfifo(tmp_path / "pipe.gguf")
    (tmp_path / "text.gguf").write_text("Once upon a time")

    async def use(service: EngineService) -> None:
        with pytest.raises(EngineError):
            await service.add_file(tmp_path / name)
        assert not await service.offers()

    setup.run(use)


def test_a_model_chosen_in_one_conversation_is_its_own(
    setup: Setup, tmp_path: Path
) -> None:
    library = setup.library
    conversations = ConversationService(
        conversations=library.conversations,
        messages=library.messages,
        revisions=RevisionStore(library.database),
        drafts=DraftStore(library.database),
        answers=AnswerService(library.messages, Nobody()),
        engines=setup.service,
        settings=SettingService(SettingStore(library.database), setup.keys),
    )
    conversation = library.conversations.create(title="Fire")

    async def use(service: EngineService) -> None:
        one = setup.engines.add("builtin", "One", "", str(gguf(tmp_path, "one.gguf")))
        two = setup.engines.add("builtin", "Two", "", str(gguf(tmp_path, "two.gguf")))
        await conversations.choose_model(NEW, Choice(one.id, "one"))
        await conversations.choose_model(conversation.id, Choice(two.id, "two"))
        assert await service.default() == Choice(one.id, "one")
        chosen = await conversations.get(conversation.id)
        assert (chosen.engine_id, chosen.model) == (two.id, "two")
        await conversations.choose_model(NEW, Choice(two.id, "two"))
        assert await service.default() == Choice(two.id, "two")

    setup.run(use)


def test_a_removed_engine_is_told_of_in_its_conversation(
    setup: Setup, tmp_path: Path
) -> None:
    async def use(service: EngineService) -> None:
        record = (await service.add_file(gguf(tmp_path))).record
        await service.remove(record.id)
        with pytest.raises(HearthError, match="was removed"):
            await service.open(Choice(record.id, "model"))

    setup.run(use)


def test_the_same_server_is_one_engine_however_it_is_written(setup: Setup) -> None:
    with FakeModelServer(listing("a")) as server:
        forms = [server.url, f"localhost:{server.port}", f"{server.url}/v1/models"]

        async def use(service: EngineService) -> None:
            added = [await service.add_server("", form) for form in forms]
            assert [one.is_new for one in added] == [True, False, False]
            assert len({one.record.id for one in added}) == 1
            assert len(await service.offers()) == 1

        setup.run(use)


def test_a_model_is_used_by_its_name_where_none_is_listed(setup: Setup) -> None:
    def play(exchange: Exchange) -> None:
        is_chat = exchange.path.endswith("/v1/chat/completions")
        exchange.answer(400 if is_chat else 404, "{}")

    with FakeModelServer(play) as server:

        async def use(service: EngineService) -> None:
            added = await service.add_server("", server.url, model="org/mine|c:latest")
            chosen = Choice(added.record.id, "org/mine|c:latest")
            assert await service.default() == chosen
            assert Choice.parse(str(chosen)) == chosen
            service._offers.forget(added.record.id)
            [offer] = await setup.offers_when(lambda found: not found[0].is_asked)
            assert (offer.models, offer.problem) == (("org/mine|c:latest",), "")
            await service.change(added.record.id, models="one, two")
            [offer] = await setup.offers_when(lambda found: not found[0].is_asked)
            assert offer.models == ("one", "two")

        setup.run(use)


def test_an_engine_keeps_its_id_when_name_and_address_change(setup: Setup) -> None:
    with (
        FakeModelServer(listing("a")) as old,
        FakeModelServer(listing("b")) as new,
    ):

        async def use(service: EngineService) -> None:
            record = (await service.add_server("", old.url, "sk-1")).record
            changed, problem = await service.change(
                record.id, name="Mine", url=f"{new.url}/v1/models"
            )
            assert (changed.id, changed.name, problem) == (record.id, "Mine", "")
            [offer] = await setup.offers_when(lambda found: not found[0].is_asked)
            assert offer.models == ("b",)
            assert not [e for e in new.requests if "sk-1" in e.head], (
                "a key goes only where it was entered for"
            )
            await service.change(record.id, url=new.url, key="sk-2")
            assert "sk-2" in new.requests[-1].head

        setup.run(use)


def test_an_engine_can_be_edited_while_nothing_answers(setup: Setup) -> None:
    with refusing_port() as port:
        record = setup.engines.add("openai", "Asleep", "http://127.0.0.1:9/v1")

        async def use(service: EngineService) -> None:
            url = f"http://127.0.0.1:{port}"
            changed, problem = await service.change(record.id, name="Awake", url=url)
            assert changed.name == "Awake"
            assert changed.url == f"{url}/v1"
            assert "Nothing answers" in problem
            changed, _ = await service.change(record.id, name="Again")
            assert changed.name == "Again"

        setup.run(use)


def test_an_engine_takes_no_address_of_another_one(setup: Setup) -> None:
    with FakeModelServer(listing("a")) as server:

        async def use(service: EngineService) -> None:
            await service.add_server("First", server.url)
            record = setup.engines.add("openai", "Second", "http://127.0.0.1:9/v1")
            with pytest.raises(HearthError, match="First has this address"):
                await service.change(record.id, url=f"localhost:{server.port}")
            assert setup.engines.get(record.id).url == "http://127.0.0.1:9/v1"

        setup.run(use)


def test_saving_a_key_for_another_computer_asks_first(setup: Setup) -> None:
    with FakeModelServer(listing("a")) as server:
        url = f"http://127.1:{server.port}/v1"
        record = setup.engines.add("openai", "Perhaps far", url)

        async def use(service: EngineService) -> None:
            with pytest.raises(NotConnectedError) as caught:
                await service.set_key(record.id, "sk-1")
            assert caught.value.question is Question.IN_CLEAR
            assert not setup.vault.kept
            assert not server.requests
            await service.set_key(record.id, "sk-1", may_send_in_clear=True)
            assert setup.keys.get(record.id, url) == "sk-1"

        setup.run(use)


def test_a_moved_file_is_found_again_by_the_same_engine(
    setup: Setup, tmp_path: Path
) -> None:
    async def use(service: EngineService) -> None:
        path = gguf(tmp_path, "old.gguf")
        record = (await service.add_file(path)).record
        moved = path.rename(tmp_path / "new.gguf")
        service._offers.forget(record.id)
        [offer] = await setup.offers_when(lambda found: not found[0].is_asked)
        assert "no longer there" in offer.problem
        with pytest.raises(EngineError):
            await service.change_file(record.id, tmp_path / "nothing.gguf")
        await service.change_file(record.id, moved)
        [offer] = await setup.offers_when(lambda found: not found[0].is_asked)
        assert (offer.record.id, offer.problem) == (record.id, "")

    setup.run(use)
