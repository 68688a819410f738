"""Which model answers: the one that was chosen, and the one before it."""

from pathlib import Path

from backend.ids import NEW
from backend.interface.stored_values import EngineKind
from backend.services.chat.answers import AnswerService
from backend.services.engines.engines import Choice, EngineService
from backend.store.history.changes import ChangeStore
from tests.helpers.engine_setup import Nobody, Setup, asking, gguf, setup
from tests.helpers.model_server import FakeModelServer, listing

__all__ = ["setup"]


def test_the_first_model_that_chats_is_chosen(setup: Setup) -> None:
    ids = ("bge-m3", "nomic-embed-text", "whisper-1", "dall-e-3", "rerank-2", "qwen3")
    with FakeModelServer(listing(*ids)) as server:

        async def use(service: EngineService) -> None:
            record = (await service.add_server("", server.url)).record
            assert await service.default() == Choice(record.id, "qwen3")

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
        service.choose(Choice(one.id, "one"))
        service.choose(Choice(three.id, "three"))
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
    kept = setup.engines.add(
        EngineKind.BUILTIN, "Kept", "", str(gguf(tmp_path, "kept.gguf"))
    )

    async def use(service: EngineService) -> None:
        record = (await service.add_file(gguf(tmp_path))).record
        await service.remove(record.id)
        assert await service.default() == Choice(kept.id, "kept")

    setup.run(use)


def test_a_model_chosen_in_one_conversation_is_its_own(
    setup: Setup, tmp_path: Path
) -> None:
    library = setup.library
    conversations = asking(setup, AnswerService(library.messages, Nobody()))
    conversation = library.conversations.create(title="Fire")

    async def use(service: EngineService) -> None:
        one = setup.engines.add(
            EngineKind.BUILTIN, "One", "", str(gguf(tmp_path, "one.gguf"))
        )
        two = setup.engines.add(
            EngineKind.BUILTIN, "Two", "", str(gguf(tmp_path, "two.gguf"))
        )
        await conversations.choose_model(NEW, Choice(one.id, "one"))
        await conversations.choose_model(conversation.id, Choice(two.id, "two"))
        assert await service.default() == Choice(one.id, "one")
        chosen = conversations.get(conversation.id)
        assert (chosen.engine_id, chosen.model) == (two.id, "two")
        await conversations.choose_model(NEW, Choice(two.id, "two"))
        assert await service.default() == Choice(two.id, "two")

    setup.run(use)


def test_the_first_model_of_all_is_chosen_in_one_act(setup: Setup) -> None:
    library, commits = setup.library, list[int]()
    conversations = asking(setup, AnswerService(library.messages, Nobody()))
    conversation = library.conversations.create(title="Fire")
    engine = setup.engines.add(EngineKind.OPENAI, "Asleep", "http://127.0.0.1:9/v1")
    library.database.on_commit = lambda rows: commits.append(len(rows))

    async def use(service: EngineService) -> None:
        await conversations.choose_model(conversation.id, Choice(engine.id, "m"))
        assert await service.default() == Choice(engine.id, "m")

    setup.run(use)
    assert commits == [2]
