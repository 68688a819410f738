"""Which engines the user has, which models they offer, and which one answers."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from backend.errors import ConflictError, EngineError, InvalidInputError, NotFoundError
from backend.llm.api_key import clean_key
from backend.llm.chat_models import first_for_chat
from backend.llm.discovery import Found, discover
from backend.llm.engine import Engine
from backend.llm.engines import BUILTIN
from backend.services.choices import Choice, DefaultChoice
from backend.services.offers import Offer, Offers

if TYPE_CHECKING:
    from backend.keys import KeyStore
    from backend.llm.engines import EngineRegistry
    from backend.store.engines import EngineStore
    from backend.store.models import EngineRecord
    from backend.store.settings import SettingStore

__all__ = ["Choice", "EngineService", "Offer"]

log = logging.getLogger("hearth.engines")

_GONE: Final = (
    "The engine of this conversation was removed. Choose another model below the "
    "message; your text is kept."
)


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
        on_changed: Callable[[], None] = lambda: None,
    ) -> None:
        """Tell `on_changed` when a page shows of an engine what is no longer so."""
        self._engines = engines
        self._default = DefaultChoice(settings)
        self._registry = registry
        self._keys = keys
        self._offers = Offers(self._ask, on_changed)
        self.is_paused = False

    async def offers(self) -> list[Offer]:
        """Return what every engine offers as far as is known; it waits for none."""
        return await self._offers.of(await asyncio.to_thread(self._engines.all))

    async def default(self) -> Choice | None:
        """Return what answers a new conversation; None when nothing is chosen yet."""
        records = await asyncio.to_thread(self._engines.all)
        return await self._default.among(records, self._offered)

    async def choose(self, choice: Choice) -> None:
        """Make a model the one that answers new conversations."""
        await self._default.choose(choice)

    async def open(self, choice: Choice) -> tuple["EngineRecord", Engine]:
        """Return the engine that answers.

        Raises:
            ConflictError: The engine was removed, or Hearth is paused.
        """
        if self.is_paused:
            raise ConflictError(
                "Answers are paused. Untick Pause Answers in the menu Tools and send "
                "again; your text is kept."
            )
        try:
            record = await asyncio.to_thread(self._engines.get, choice.engine_id)
        except NotFoundError as exc:
            raise ConflictError(_GONE) from exc
        return record, await self._registry.engine_for(record)

    async def add_server(self, name: str, url: str, key: str = "") -> "EngineRecord":
        """Add an OpenAI-compatible server and choose its first model.

        Raises:
            InvalidInputError: The address is not one of a web server.
            EngineError: The server does not answer; nothing was added.
        """
        key = clean_key(key)
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
        except BaseException:
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
        self._offers.forget(engine_id)
        removed = await asyncio.to_thread(self._engines.delete, engine_id)
        await asyncio.to_thread(self._keys.delete, engine_id)
        await self._registry.drop(engine_id)
        return record, removed

    async def set_key(self, engine_id: str, key: str) -> None:
        """Keep another API key for an engine; an empty one forgets it.

        Raises:
            NotFoundError: The engine was removed.
            InvalidInputError: It cannot be a key.
        """
        key = clean_key(key)
        record = await asyncio.to_thread(self._engines.get, engine_id)
        if key:
            await asyncio.to_thread(self._keys.set, engine_id, key, record.url)
        else:
            await asyncio.to_thread(self._keys.delete, engine_id)
        self._offers.forget(engine_id)
        await self._registry.retire(engine_id)

    async def found(self) -> list[Found]:
        """Return the local servers that run now and are not yet among the engines."""
        records = await asyncio.to_thread(self._engines.all)
        known = {record.url for record in records}
        return [found for found in await discover() if found.url not in known]

    async def _choose_first(self, record: "EngineRecord") -> None:
        models = await self._ask(record)
        self._offers.keep(record, models)
        if model := first_for_chat(models):
            await self.choose(Choice(record.id, model))

    async def _ask(self, record: "EngineRecord") -> Sequence[str]:
        engine = await self._registry.engine_for(record)
        return await engine.models()

    def _offered(self, record: "EngineRecord") -> Choice | None:
        models = self._offers.last(record)
        if record.kind == BUILTIN:
            models = models or (Path(record.path).stem,)
        model = first_for_chat(models)
        return Choice(record.id, model) if model else None


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
