"""One engine per record, built anew when the record changes."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, replace

import pytest

from backend.errors import InvalidInputError
from backend.keys import KeyStore
from backend.llm.builtin import BuiltinEngine
from backend.llm.engine import Delta, Engine, Turn
from backend.llm.engines import EngineRecord, EngineRegistry, build_engine
from backend.llm.openai_compatible import OpenAICompatibleEngine


@dataclass(frozen=True)
class Record:
    id: str = "e1"
    kind: str = "openai"
    name: str = "Ollama"
    url: str = "http://127.0.0.1:11434"
    path: str = ""


class RecordedEngine:
    def __init__(self, key: str) -> None:
        self.key = key
        self.closed = 0

    async def models(self) -> list[str]:
        return []

    async def stream(
        self, model: str, turns: Sequence[Turn]
    ) -> AsyncGenerator[Delta, None]:
        yield Delta("Hi")

    async def close(self) -> None:
        self.closed += 1


def build_recorded(record: EngineRecord, key: str) -> Engine:
    return RecordedEngine(key)


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
        for engine in (first, second, third):
            assert isinstance(engine, RecordedEngine)
            assert engine.closed == 1

    asyncio.run(main())


def test_an_engine_gets_its_key_only_for_its_origin() -> None:
    async def main() -> None:
        keys = in_memory()
        keys.set("e1", "sk-1", "http://127.0.0.1:11434")
        registry = EngineRegistry(keys, build_recorded)
        mine = await registry.engine_for(Record())
        moved = await registry.engine_for(Record(url="http://evil.example"))
        assert isinstance(mine, RecordedEngine)
        assert isinstance(moved, RecordedEngine)
        assert (mine.key, moved.key) == ("sk-1", "")

    asyncio.run(main())


def test_the_kind_of_a_record_decides_its_class() -> None:
    assert isinstance(build_engine(Record(), ""), OpenAICompatibleEngine)
    builtin = build_engine(Record(kind="builtin", path="/m.gguf"), "")
    assert isinstance(builtin, BuiltinEngine)
    with pytest.raises(InvalidInputError):
        build_engine(Record(url="ftp://a.example"), "")
