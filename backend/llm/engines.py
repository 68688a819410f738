"""Builds the engine of each engine record once, and keeps it."""

import asyncio
from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Protocol

from msgspec import Struct

from backend.interface.stored_values import EngineKind
from backend.keys.api_keys import KeyStore
from backend.llm.builtin.child import ChildOptions
from backend.llm.builtin.engine import BuiltinEngine
from backend.llm.engine import Engine
from backend.llm.kept_engine import KeptEngine
from backend.llm.listed_model import ListedModel
from backend.llm.openai_compatible import OpenAICompatibleEngine
from backend.llm.options import EngineOptions
from backend.llm.servers.api_key import clean_key
from backend.llm.servers.extra_headers import with_values
from backend.llm.wire.client import ServerRoute
from backend.llm.wire.system_proxy import SYSTEM
from backend.runtime.side_threads import SideThreads


class StoredEngine(Protocol):
    """What is stored about an engine.

    Attributes:
        kind: An `EngineKind`; a server has a `url`, a file a `path`.
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

    @property
    def options(self) -> str:
        """How it is reached and run."""
        ...


class NewEngine(Struct, frozen=True, kw_only=True):
    """An engine that is tried out before it is stored."""

    id: str = ""
    kind: EngineKind = EngineKind.OPENAI
    name: str = ""
    url: str = ""
    path: str = ""
    options: str = ""


class EngineRegistry:
    """Gives out engines by their records; one per record, kept until dropped.

    What is done to one engine never waits for another one.
    """

    def __init__(
        self,
        keys: KeyStore,
        build: Callable[[StoredEngine, str], Engine] | None = None,
        files: SideThreads | None = None,
    ) -> None:
        self._keys = keys
        self._build = build or partial(build_engine, files=files)
        self._engines: dict[str, tuple[tuple[str, ...], KeptEngine]] = {}
        self._without_key: set[str] = set()
        self._changing: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def engine_for(self, record: StoredEngine) -> KeptEngine:
        """Return the engine of the record; a changed record gets a new one.

        So does one that is refused, and whose key was locked away when it was built.

        Raises:
            InvalidInputError: The address in the record is none, or its key.
        """
        async with self._changing[record.id]:
            facts = _facts(record)
            kept = self._engines.get(record.id)
            same = kept[1] if kept and kept[0] == facts else None
            if same and not self._may_want_key(same, record.id):
                return same
            key, whole = await self._key_for(record), await self._with_secrets(record)
            if same and not key and whole.options == record.options:
                return same
            await self._retire(record.id)
            built = self._build(whole, clean_key(key))
            engine = KeptEngine(built, record.name)
            self._engines[record.id] = facts, engine
            return engine

    async def try_out(self, record: StoredEngine, key: str = "") -> list[ListedModel]:
        """Return the models of an engine that is not kept.

        Raises:
            EngineError: It cannot be used.
            InvalidInputError: The address in the record is none.
        """
        engine = self._build(record, key)
        try:
            if isinstance(engine, BuiltinEngine):
                await engine.try_out()
            return await engine.models()
        finally:
            await engine.close()

    async def drop(self, engine_id: str) -> None:
        """Close the engine of a record that was removed, also while it answers."""
        async with self._changing[engine_id]:
            self._without_key.discard(engine_id)
            if kept := self._engines.pop(engine_id, None):
                await kept[1].close()

    async def retire(self, engine_id: str) -> None:
        """Use another engine from the next question on; answers go on to their end."""
        async with self._changing[engine_id]:
            await self._retire(engine_id)

    async def close_all(self) -> None:
        """Close every engine; afterwards no child process is left."""
        await asyncio.gather(*(self.drop(engine_id) for engine_id in [*self._engines]))

    def _may_want_key(self, engine: KeptEngine, engine_id: str) -> bool:
        """Whether the keyring, which may ask the user to open it, is asked again."""
        return engine_id in self._without_key and engine.is_refused

    async def _key_for(self, record: StoredEngine) -> str:
        """Return its key; note where the keyring would not say."""
        key: str | None = ""
        if record.kind == EngineKind.OPENAI:
            key = await asyncio.to_thread(self._keys.find, record.id, record.url)
        if key is None:
            self._without_key.add(record.id)
        else:
            self._without_key.discard(record.id)
        return key or ""

    async def _with_secrets(self, record: StoredEngine) -> StoredEngine:
        """Return the record with what the keyring has for its proxy and headers."""
        options, login = EngineOptions.read(record.options), ""
        headers = options.headers
        if options.proxy not in ("", SYSTEM):
            place = proxy_key(record.id)
            login = await asyncio.to_thread(self._keys.get, place, options.proxy)
        if headers:
            place = headers_key(record.id)
            found = await asyncio.to_thread(self._keys.find, place, record.url)
            if found is None:
                self._without_key.add(record.id)
            headers = with_values(headers, found or "") or headers
        if not login and headers == options.headers:
            return record
        options = replace(
            options,
            proxy=ServerRoute(proxy=options.proxy).with_login(login).proxy,
            headers=headers,
        )
        return NewEngine(
            id=record.id,
            kind=EngineKind(record.kind),
            name=record.name,
            url=record.url,
            path=record.path,
            options=options.to_text(),
        )

    async def _retire(self, engine_id: str) -> None:
        if kept := self._engines.pop(engine_id, None):
            await kept[1].retire()


def proxy_key(engine_id: str) -> str:
    """Return under which name the keyring has the login for an engine's proxy."""
    return f"{engine_id}/proxy"


def headers_key(engine_id: str) -> str:
    """Return under which name the keyring has the extra headers of an engine."""
    return f"{engine_id}/headers"


def build_engine(
    record: StoredEngine, key: str, files: SideThreads | None = None
) -> Engine:
    """Build the engine a record describes.

    Raises:
        InvalidInputError: The address in the record is none.
    """
    options = EngineOptions.read(record.options)
    if record.kind == EngineKind.BUILTIN:
        return BuiltinEngine(Path(record.path), ChildOptions.of(options), files)
    return OpenAICompatibleEngine(record.name, record.url, key, options=options)


def _facts(record: StoredEngine) -> tuple[str, ...]:
    """Return what an engine is built of: a file's other name needs no other one."""
    if record.kind == EngineKind.BUILTIN:
        return (record.kind, record.path, record.options)
    return (record.kind, record.name, record.url, record.options)
