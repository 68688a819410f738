"""Which engines the user has, which models they offer, and which one answers."""

import asyncio
import logging
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from backend.errors import ConflictError, EngineError, InvalidInputError, NotFoundError
from backend.llm.discovery import Found, discover
from backend.llm.engine import Engine

if TYPE_CHECKING:
    from backend.keys import KeyStore
    from backend.llm.engines import EngineRegistry
    from backend.store.engines import EngineStore
    from backend.store.models import EngineRecord
    from backend.store.settings import SettingStore

log = logging.getLogger("hearth.engines")

DEFAULT_MODEL: Final = "model.default"
LIST_DEADLINE_S: Final = 3.0
LIST_FRESH_S: Final = 15.0


@dataclass(frozen=True, slots=True)
class Choice:
    """One model of one engine, as the user picks it."""

    engine_id: str
    model: str

    def __str__(self) -> str:
        return f"{self.engine_id}|{self.model}"

    @classmethod
    def parse(cls, text: str) -> "Choice | None":
        """Read a choice as the page sends it; None when nothing is chosen."""
        engine_id, _, model = text.partition("|")
        return cls(engine_id, model) if engine_id and model else None


@dataclass(frozen=True, slots=True)
class Offer:
    """An engine with the models it offers now.

    Attributes:
        problem: Why there are none, for the user; "" when all is well.
    """

    record: "EngineRecord"
    models: tuple[str, ...]
    problem: str = ""


class EngineService:
    """The user's engines.

    Attributes:
        is_paused: Whether the user wants nothing to be asked at present.
    """

    def __init__(
        self,
        engines: "EngineStore",
        settings: "SettingStore",
        registry: "EngineRegistry",
        keys: "KeyStore",
    ) -> None:
        self._engines = engines
        self._settings = settings
        self._registry = registry
        self._keys = keys
        self._offers: dict[str, tuple[float, Offer]] = {}
        self.is_paused = False

    async def offers(self) -> list[Offer]:
        """Ask every engine for its models, all at once and not for long."""
        records = await asyncio.to_thread(self._engines.all)
        return list(await asyncio.gather(*(self._offer(record) for record in records)))

    async def default(self) -> Choice | None:
        """Return what answers a new conversation; None when nothing is chosen yet."""
        chosen = Choice.parse(
            await asyncio.to_thread(self._settings.get, DEFAULT_MODEL)
        )
        if chosen is None:
            return None
        records = await asyncio.to_thread(self._engines.all)
        return chosen if any(r.id == chosen.engine_id for r in records) else None

    async def choose(self, choice: Choice) -> None:
        """Make a model the one that answers new conversations."""
        await asyncio.to_thread(self._settings.set, DEFAULT_MODEL, str(choice))

    async def open(self, choice: Choice) -> tuple["EngineRecord", Engine]:
        """Return the engine that answers.

        Raises:
            ConflictError: The engine was removed, or Hearth is paused.
        """
        if self.is_paused:
            raise ConflictError(
                "Hearth is paused. Untick Pause in the menu of its tray icon and send "
                "again; your text is kept."
            )
        try:
            record = await asyncio.to_thread(self._engines.get, choice.engine_id)
        except NotFoundError as exc:
            raise ConflictError(
                "The engine of this conversation was removed. Choose another model "
                "below the message; your text is kept."
            ) from exc
        return record, await self._registry.engine_for(record)

    async def add_server(self, name: str, url: str, key: str = "") -> "EngineRecord":
        """Add an OpenAI-compatible server and choose its first model.

        Raises:
            InvalidInputError: The address is not one of a web server.
            EngineError: The server does not answer; nothing was added.
        """
        url = url.strip().rstrip("/")
        if "://" not in url:
            url = f"http://{url}"
        parts = _split(url)
        name = name.strip() or parts
        record = await asyncio.to_thread(self._engines.add, "openai", name, url, "")
        try:
            if key:
                await asyncio.to_thread(self._keys.set, record.id, key, record.url)
            await self._choose_first(record)
        except EngineError:
            await self.remove(record.id)
            raise
        return record

    async def add_file(self, path: Path) -> "EngineRecord":
        """Add a GGUF model file for the built-in engine and choose it.

        Raises:
            EngineError: The file is no model that can be opened; nothing was added.
        """
        records = await asyncio.to_thread(self._engines.all)
        for record in records:
            if record.path == str(path):
                await self._choose_first(record)
                return record
        record = await asyncio.to_thread(
            self._engines.add, "builtin", path.stem, "", str(path)
        )
        try:
            await self._choose_first(record)
        except EngineError:
            await self.remove(record.id)
            raise
        return record

    async def remove(self, engine_id: str) -> tuple["EngineRecord", str]:
        """Remove an engine and its key; conversations with it stay.

        It returns what was removed and the transaction to undo; the key stays gone.
        """
        record = await asyncio.to_thread(self._engines.get, engine_id)
        self._offers.pop(engine_id, None)
        removed = await asyncio.to_thread(self._engines.delete, engine_id)
        await asyncio.to_thread(self._keys.delete, engine_id)
        await self._registry.drop(engine_id)
        return record, removed

    async def set_key(self, engine_id: str, key: str) -> None:
        """Keep another API key for an engine; an empty one forgets it.

        Raises:
            NotFoundError: The engine was removed.
        """
        record = await asyncio.to_thread(self._engines.get, engine_id)
        if key:
            await asyncio.to_thread(self._keys.set, engine_id, key, record.url)
        else:
            await asyncio.to_thread(self._keys.delete, engine_id)
        self._offers.pop(engine_id, None)
        await self._registry.drop(engine_id)

    async def found(self) -> list[Found]:
        """Return the local servers that run now and are not yet among the engines."""
        records = await asyncio.to_thread(self._engines.all)
        known = {record.url for record in records}
        return [found for found in await discover() if found.url not in known]

    async def _choose_first(self, record: "EngineRecord") -> None:
        engine = await self._registry.engine_for(record)
        models = await engine.models()
        self._offers.pop(record.id, None)
        if models:
            await self.choose(Choice(record.id, models[0]))

    async def _offer(self, record: "EngineRecord") -> Offer:
        known = self._offers.get(record.id)
        if known and time.monotonic() - known[0] < LIST_FRESH_S:
            return known[1]
        engine = await self._registry.engine_for(record)
        try:
            async with asyncio.timeout(LIST_DEADLINE_S):
                offer = Offer(record, tuple(await engine.models()))
        except EngineError as exc:
            return Offer(record, (), str(exc))
        except TimeoutError:
            return Offer(record, (), f"{record.name} does not answer just now.")
        self._offers[record.id] = (time.monotonic(), offer)
        return offer


def _split(url: str) -> str:
    """Return the host of a server's address, with its port."""
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018 raises for a port that is none
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise InvalidInputError(
            "That is not the address of a server. It looks like "
            "http://127.0.0.1:11434 or https://api.example.com/v1."
        )
    return parts.netloc.rpartition("@")[2]
