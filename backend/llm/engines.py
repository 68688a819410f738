"""Builds the engine of each engine record once, and keeps it."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Final, Protocol

from backend.keys import KeyStore
from backend.llm.builtin import BuiltinEngine
from backend.llm.engine import Engine
from backend.llm.openai_compatible import OpenAICompatibleEngine

OPENAI: Final = "openai"
BUILTIN: Final = "builtin"


class EngineRecord(Protocol):
    """What is stored about an engine.

    Attributes:
        kind: `OPENAI` (uses `url`) or `BUILTIN` (uses `path`).
    """

    @property
    def id(self) -> str:
        """Its key in the database."""
        ...

    @property
    def kind(self) -> str:
        """Which class serves it."""
        ...

    @property
    def name(self) -> str:
        """What the user calls it."""
        ...

    @property
    def url(self) -> str:
        """Where its server is."""
        ...

    @property
    def path(self) -> str:
        """Where its model file is."""
        ...


class EngineRegistry:
    """Gives out engines by their records; one per record, kept until dropped."""

    def __init__(
        self,
        keys: KeyStore,
        build: Callable[[EngineRecord, str], Engine] | None = None,
    ) -> None:
        self._keys = keys
        self._build = build or build_engine
        self._engines: dict[str, tuple[tuple[str, ...], Engine]] = {}
        self._changing = asyncio.Lock()

    async def engine_for(self, record: EngineRecord) -> Engine:
        """Return the engine of the record; a changed record gets a new one.

        Raises:
            InvalidInputError: The address in the record is none.
        """
        async with self._changing:
            facts = (record.kind, record.name, record.url, record.path)
            kept = self._engines.get(record.id)
            if kept is not None and kept[0] == facts:
                return kept[1]
            await self._drop(record.id)
            key = ""
            if record.kind == OPENAI:
                key = await asyncio.to_thread(self._keys.get, record.id, record.url)
            engine = self._build(record, key)
            self._engines[record.id] = facts, engine
            return engine

    async def drop(self, engine_id: str) -> None:
        """Close the engine of a record that was changed, removed or given a key."""
        async with self._changing:
            await self._drop(engine_id)

    async def close_all(self) -> None:
        """Close every engine; afterwards no child process is left."""
        async with self._changing:
            engines = [engine for _, engine in self._engines.values()]
            self._engines.clear()
            await asyncio.gather(*(engine.close() for engine in engines))

    async def _drop(self, engine_id: str) -> None:
        if kept := self._engines.pop(engine_id, None):
            await kept[1].close()


def build_engine(record: EngineRecord, key: str) -> Engine:
    """Build the engine a record describes.

    Raises:
        InvalidInputError: The address in the record is none.
    """
    if record.kind == BUILTIN:
        return BuiltinEngine(Path(record.path))
    return OpenAICompatibleEngine(record.name, record.url, key)
