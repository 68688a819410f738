"""One engine per record, built anew when the record changes."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from dataclasses import dataclass, replace

import pytest
from keyring.errors import KeyringLocked

from backend.errors import EngineError, EngineFault, InvalidInputError
from backend.keys.api_keys import KeyStore
from backend.llm.builtin.engine import BuiltinEngine
from backend.llm.engine import Delta, Engine, Measure, Turn
from backend.llm.engines import (
    EngineRegistry,
    StoredEngine,
    build_engine,
    headers_key,
)
from backend.llm.kept_engine import KeptEngine
from backend.llm.listed_model import ListedModel
from backend.llm.openai_compatible import OpenAICompatibleEngine
from backend.llm.options import AS_SET, EngineOptions, Parameters
from backend.llm.sentences import engine_error
from backend.llm.servers.extra_headers import headers_text
from backend.llm.wire.client import ServerRoute
from tests.helpers.fake_keyrings import FailingVault


@dataclass(frozen=True)
class Record:
    id: str = "e1"
    kind: str = "openai"
    name: str = "Ollama"
    url: str = "http://127.0.0.1:11434"
    path: str = ""
    options: str = ""


class RecordedEngine:
    def __init__(self, key: str) -> None:
        self.key = key
        self.closed = 0
        self.go_on = asyncio.Event()

    async def models(self) -> list[ListedModel]:
        return []

    async def stream(
        self, model: str, turns: Sequence[Turn], parameters: Parameters = AS_SET
    ) -> AsyncGenerator[Delta, None]:
        yield Delta("Hi")
        await self.go_on.wait()
        if self.closed:
            raise engine_error(EngineFault.CUT_OFF, "It")
        yield Delta(" you")

    async def measure(self, model: str, turns: Sequence[Turn]) -> Measure:
        return Measure()

    async def close(self) -> None:
        self.closed += 1


def build_recorded(record: StoredEngine, key: str) -> Engine:
    return RecordedEngine(key)


def recorded(kept: KeptEngine) -> RecordedEngine:
    assert isinstance(kept.engine, RecordedEngine)
    return kept.engine


def in_memory() -> KeyStore:
    return KeyStore(lambda: None)


def test_a_record_has_one_engine_until_it_changes_or_is_dropped() -> None:
    async def main() -> None:
        registry = EngineRegistry(in_memory(), build_recorded)
        record = Record()
        first = await registry.engine_for(record)
        assert await registry.engine_for(replace(record)) is first
        second = await registry.engine_for(replace(record, url="http://127.0.0.1:1"))
        assert second is not first
        await registry.drop(record.id)
        await registry.drop(record.id)
        third = await registry.engine_for(record)
        await registry.close_all()
        for kept in (first, second, third):
            assert recorded(kept).closed == 1

    asyncio.run(main())


def test_an_engine_gets_its_key_only_for_its_origin() -> None:
    async def main() -> None:
        keys = in_memory()
        keys.set("e1", "sk-1", "http://127.0.0.1:11434")
        registry = EngineRegistry(keys, build_recorded)
        mine = await registry.engine_for(Record())
        moved = await registry.engine_for(Record(url="http://evil.example"))
        assert (recorded(mine).key, recorded(moved).key) == ("sk-1", "")

    asyncio.run(main())


class GuardedEngine(RecordedEngine):
    async def models(self) -> list[ListedModel]:
        if not self.key:
            raise engine_error(EngineFault.UNAUTHORISED, "It")
        return [ListedModel(id="m")]

    async def stream(
        self, model: str, turns: Sequence[Turn], parameters: Parameters = AS_SET
    ) -> AsyncGenerator[Delta, None]:
        await self.models()
        yield Delta("Hi")


async def refused_by_models(kept: KeptEngine) -> None:
    with pytest.raises(EngineError):
        await kept.models()


async def refused_by_an_answer(kept: KeptEngine) -> None:
    with pytest.raises(EngineError):
        await anext(kept.stream("m", []))


@pytest.mark.parametrize("refused", [refused_by_models, refused_by_an_answer])
def test_a_key_locked_away_is_used_once_the_keyring_opens(
    refused: Callable[[KeptEngine], Awaitable[None]],
) -> None:
    async def main() -> None:
        vault = FailingVault(KeyringLocked())
        vault.kept["Hearth", "e1"] = "http://127.0.0.1:11434 sk-1"
        registry = EngineRegistry(
            KeyStore(lambda: vault), lambda _, key: GuardedEngine(key)
        )
        first = await registry.engine_for(Record())
        await refused(first)
        assert await registry.engine_for(Record()) is first
        vault.error = None
        second = await registry.engine_for(Record())
        assert await second.models() == [ListedModel(id="m")]
        assert await registry.engine_for(Record()) is second

    asyncio.run(main())


def test_extra_headers_locked_away_are_sent_once_the_keyring_opens() -> None:
    async def main() -> None:
        vault = FailingVault(KeyringLocked())
        record = Record(options=EngineOptions(headers={"X-Pass": ""}).to_text())
        kept = f"{record.url} {headers_text({'X-Pass': 'hush'})}"
        vault.kept["Hearth", headers_key("e1")] = kept

        def build(record: StoredEngine, _key: str) -> Engine:
            headers = ServerRoute.of(EngineOptions.read(record.options)).headers
            return GuardedEngine(headers.get("X-Pass", ""))

        registry = EngineRegistry(KeyStore(lambda: vault), build)
        first = await registry.engine_for(record)
        await refused_by_models(first)
        assert await registry.engine_for(record) is first
        vault.error = None
        second = await registry.engine_for(record)
        assert await second.models() == [ListedModel(id="m")]
        assert await registry.engine_for(record) is second

    asyncio.run(main())


def test_a_locked_keyring_is_not_asked_again_for_nothing() -> None:
    """It would ask the user for a password at every question."""

    async def main() -> None:
        vault = FailingVault(KeyringLocked())
        registry = EngineRegistry(KeyStore(lambda: vault), build_recorded)
        first = await registry.engine_for(Record())
        assert await first.models() == []
        vault.error = None
        vault.kept["Hearth", "e1"] = "http://127.0.0.1:11434 sk-1"
        assert await registry.engine_for(Record()) is first

    asyncio.run(main())


def test_the_kind_of_a_record_decides_its_class() -> None:
    assert isinstance(build_engine(Record(), ""), OpenAICompatibleEngine)
    builtin = build_engine(Record(kind="builtin", path="/m.gguf"), "")
    assert isinstance(builtin, BuiltinEngine)
    with pytest.raises(InvalidInputError):
        build_engine(Record(url="ftp://a.example"), "")


def test_an_answer_goes_on_to_its_end_when_its_engine_is_exchanged() -> None:
    async def main() -> None:
        registry = EngineRegistry(in_memory(), build_recorded)
        first = await registry.engine_for(Record())
        answer = first.stream("m", [])
        assert await anext(answer) == Delta("Hi")
        await registry.retire("e1")
        second = await registry.engine_for(Record(name="Another"))
        assert second is not first
        assert recorded(first).closed == 0
        recorded(first).go_on.set()
        assert [delta async for delta in answer] == [Delta(" you")]
        assert recorded(first).closed == 1

    asyncio.run(main())


def test_an_answer_says_that_its_engine_was_removed() -> None:
    async def main() -> None:
        registry = EngineRegistry(in_memory(), build_recorded)
        engine = await registry.engine_for(Record())
        answer = engine.stream("m", [])
        await anext(answer)
        await registry.drop("e1")
        recorded(engine).go_on.set()
        with pytest.raises(EngineError, match="Ollama was removed") as caught:
            await anext(answer)
        assert caught.value.fault is EngineFault.REMOVED
        with pytest.raises(EngineError, match="Ollama was removed"):
            await anext(engine.stream("m", []))

    asyncio.run(main())


def test_an_engine_that_does_not_close_keeps_no_other_one_waiting() -> None:
    class Stubborn(RecordedEngine):
        async def close(self) -> None:
            await asyncio.Event().wait()

    def build(record: StoredEngine, key: str) -> Engine:
        return Stubborn(key) if record.id == "bad" else RecordedEngine(key)

    async def main() -> None:
        registry = EngineRegistry(in_memory(), build)
        await registry.engine_for(Record(id="bad"))
        dropping = asyncio.create_task(registry.drop("bad"))
        await asyncio.sleep(0)
        async with asyncio.timeout(30):
            await registry.engine_for(Record(id="good"))
        dropping.cancel()

    asyncio.run(main())


def test_another_name_lets_the_model_file_stay_loaded() -> None:
    async def main() -> None:
        registry = EngineRegistry(in_memory(), build_recorded)
        record = Record(kind="builtin", path="/m.gguf", url="")
        first = await registry.engine_for(record)
        assert await registry.engine_for(replace(record, name="Mine")) is first
        moved = await registry.engine_for(replace(record, path="/n.gguf"))
        assert moved is not first

    asyncio.run(main())


def test_a_key_that_no_request_can_carry_is_told_and_not_sent() -> None:
    async def main() -> None:
        keys = in_memory()
        keys.set("e1", "sk-…abcd", Record.url)
        with pytest.raises(InvalidInputError, match="hidden"):
            await EngineRegistry(keys, build_recorded).engine_for(Record())

    asyncio.run(main())
