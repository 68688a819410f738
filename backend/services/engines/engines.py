"""Which engines the user has, which models they offer, and which one answers."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from msgspec import structs

from backend.errors import ConflictError, EngineError, EngineFault, NotFoundError
from backend.interface.stored_values import EngineKind
from backend.llm.builtin.found_files import FoundFile
from backend.llm.builtin.ollama_files import model_name
from backend.llm.engine import Engine
from backend.llm.listed_model import ListedModel, listed
from backend.llm.options import EngineOptions
from backend.llm.servers.address import read_address, shown, stored
from backend.llm.servers.chat_models import first_for_chat
from backend.llm.servers.discovery import Found, LocalServers, server_name
from backend.llm.wire.client import ServerRoute
from backend.services.engines.access import (
    AddedEngine,
    access_set,
    base_for,
    known_server,
    look_at,
    read_access,
)
from backend.services.engines.choices import Choice
from backend.services.engines.connecting import ServerRequest, connect
from backend.services.engines.model_files import ModelFiles
from backend.services.engines.offers import Offer, Offers
from backend.services.engines.records import EngineRecords
from backend.services.engines.typed_models import read_names, with_typed

if TYPE_CHECKING:
    from backend.keys.api_keys import KeyStore
    from backend.llm.engines import EngineRegistry
    from backend.store.engines import EngineStore
    from backend.store.models import EngineRecord
    from backend.store.settings import SettingStore

__all__ = ["AddedEngine", "Choice", "EngineService", "Offer"]

log = logging.getLogger("hearth.engines")

_GONE: Final = (
    "The model of this conversation was removed. Choose another model below the "
    "message; your text is kept."
)
_SAFE_MODE: Final = (
    "Hearth runs in safe mode and contacts no server. Choose Restart Background "
    "Process in the menu Tools, then connect again."
)
_NO_LIST: Final = (
    EngineFault.GARBAGE,
    EngineFault.MODEL_MISSING,
    EngineFault.UNAUTHORISED,
)
"""How servers answer that do not list their models, or not with every key."""


class ModelRemovedError(ConflictError):
    """What was chosen to answer is no longer among the engines."""


class EngineService:
    """The user's engines.

    Attributes:
        is_paused: Whether the user wants nothing to be asked now.
        is_safe_mode: Whether Hearth runs in safe mode, in which nothing is asked.
    """

    def __init__(
        self,
        engines: "EngineStore",
        settings: "SettingStore",
        registry: "EngineRegistry",
        keys: "KeyStore",
        on_changed: Callable[[], None] = lambda: None,
        *,
        stop_answers: Callable[[], Awaitable[None]] | None = None,
        is_safe_mode: bool = False,
        model_files: ModelFiles | None = None,
    ) -> None:
        """Tell `on_changed` when a page shows of an engine what is no longer so."""
        self._engines = engines
        self._records = EngineRecords(engines, settings, keys)
        self._registry = registry
        self._on_changed = on_changed
        self._offers = Offers(self._ask, on_changed)
        self._local = LocalServers()
        self._model_files = model_files
        self._stop_answers = stop_answers
        self.is_safe_mode = is_safe_mode
        self.is_paused = False

    async def pause(self) -> None:
        """Stop what is being written, keeping it, and give the models' memory back."""
        self.is_paused = True
        if self._stop_answers:
            await self._stop_answers()
        await self._registry.close_all()

    def resume(self) -> None:
        """Answer again; what was stopped can be continued by the user."""
        self.is_paused = False

    async def offers(self) -> list[Offer]:
        """Return what every engine offers as far as is known; it waits for none."""
        records, typed = await asyncio.to_thread(self._records.with_typed)
        return [
            structs.replace(offer, listed=with_typed(offer.listed, names), typed=names)
            for offer, names in zip(await self._offers.of(records), typed, strict=True)
        ]

    async def default(self) -> Choice | None:
        """Return what answers a new conversation; None when nothing is chosen yet."""
        records, choices = await asyncio.to_thread(self._records.with_choices)
        ids = {record.id for record in records}
        chosen = next((one for one in choices if one.engine_id in ids), None)
        return chosen or next(filter(None, map(self._offered, records)), None)

    def choose(self, choice: Choice) -> None:
        """Make a model the one that answers new conversations."""
        self._records.choices.choose(choice)

    async def open(self, choice: Choice) -> tuple["EngineRecord", Engine]:
        """Return the engine that answers.

        Raises:
            ModelRemovedError: The engine was removed.
            ConflictError: Hearth is paused.
        """
        if self.is_paused:
            raise ConflictError(
                "Answers are paused. Turn off Pause Answers in the menu Tools and send "
                "again; your text is kept."
            )
        try:
            record = await asyncio.to_thread(self._engines.get, choice.engine_id)
        except NotFoundError as exc:
            raise ModelRemovedError(_GONE) from exc
        return record, await self._registry.engine_for(record)

    async def add_server(
        self,
        name: str,
        url: str,
        key: str = "",
        model: str = "",
        *,
        options: Mapping[str, str] | None = None,
        may_send_in_clear: bool = False,
    ) -> AddedEngine:
        """Add an OpenAI-compatible server and choose its first model that chats.

        Args:
            name: What the user calls it; "" for what it is.
            url: Its address, as people write one.
            key: Its API key.
            model: A model it has, for one that does not say.
            options: What was filled in of how it is reached.
            may_send_in_clear: The key may go to another computer without https.

        Raises:
            InvalidInputError: The address is none, or the key.
            NotConnectedError: It cannot be used like this; nothing was added.
        """
        if self.is_safe_mode:
            raise ConflictError(_SAFE_MODE)
        names = read_names(model)
        reached, secrets = read_access(options or {}, EngineOptions(), key)
        way = replace(ServerRoute.of(reached), headers=secrets.headers)
        request = ServerRequest(
            address=read_address(url),
            key=secrets.key,
            model=next(iter(names), ""),
            may_send_in_clear=may_send_in_clear,
            route=way.with_login(secrets.login),
        )
        probe = await connect(request)
        called = name.strip() or server_name(probe.base, probe.software)
        record, is_new = await asyncio.to_thread(
            self._records.add_server,
            called,
            probe.base,
            reached,
            secrets,
            names,
        )
        if secrets.key:
            await self._registry.retire(record.id)
        found = probe.listed or listed(probe.models)
        self._offers.keep(record, found)
        models = with_typed(found, names)
        return await self._added(record, models, is_new=is_new)

    async def add_file(self, path: Path) -> AddedEngine:
        """Add a GGUF model file for the built-in engine and choose it.

        One that is larger than the memory is added and not chosen.

        Raises:
            EngineError: The file is no model that can be opened; nothing was added.
        """
        records = await asyncio.to_thread(self._engines.all)
        record = next((r for r in records if r.path == str(path)), None)
        is_new = record is None
        models, problem = await look_at(self._registry, path)
        if record is None:
            name = model_name(path)
            record = await asyncio.to_thread(
                self._engines.add, EngineKind.BUILTIN, name, "", str(path)
            )
        if problem:
            return AddedEngine(record, (), "", is_new, problem)
        self._offers.keep(record, models)
        return await self._added(record, models, is_new=is_new)

    async def change(
        self,
        engine_id: str,
        *,
        name: str = "",
        url: str = "",
        key: str = "",
        models: str | None = None,
        options: Mapping[str, str] | None = None,
        may_send_in_clear: bool = False,
    ) -> tuple["EngineRecord", str]:
        """Change what is given; return the engine, and why it does not answer.

        It is changed whether it answers or not: a server may be asleep just now.

        Args:
            engine_id: Which one.
            name: What the user calls it.
            url: Its address.
            key: Its API key.
            models: Names of models it does not list.
            options: What was filled in of how it is reached and run.
            may_send_in_clear: The key may go to another computer without https.

        Raises:
            NotFoundError: The engine was removed.
            InvalidInputError: The address is none, or the key, or an option.
            ConflictError: Another engine has this address.
            NotConnectedError: The key would go out readable, which nobody allowed.
        """
        record = await asyncio.to_thread(self._engines.get, engine_id)
        names = None if models is None else read_names(models)
        before = EngineOptions.read(record.options)
        after, secrets = read_access(options or {}, before, key)
        is_elsewhere = bool(url) and url != shown(record.url)
        is_moved = is_elsewhere or access_set(after) != access_set(before)
        address, problem = record.url, ""
        if record.kind != EngineKind.BUILTIN and (secrets.is_new or is_moved):
            request = await asyncio.to_thread(
                self._records.access.request_for,
                record,
                url,
                after,
                secrets,
                may_send_in_clear=may_send_in_clear,
            )
            if request.route.headers:
                secrets = structs.replace(secrets, headers=request.route.headers)
            address, problem = await self._free_address(record, request)
        record = await asyncio.to_thread(
            self._records.change,
            engine_id,
            name,
            address,
            after,
            secrets,
            names,
        )
        self._offers.forget(engine_id)
        if secrets.is_new:
            await self._registry.retire(engine_id)
        self._on_changed()
        return record, problem

    async def _free_address(
        self, record: "EngineRecord", request: ServerRequest
    ) -> tuple[str, str]:
        """Return the address of a server, and why it does not answer there.

        Raises:
            ConflictError: Another engine has it.
        """
        base, problem = await base_for(request)
        other = await asyncio.to_thread(self._records.at, base)
        if other is not None and other.id != record.id:
            raise ConflictError(f"{other.name} has this address already.")
        return stored(base), problem

    async def change_file(
        self, engine_id: str, path: Path
    ) -> tuple["EngineRecord", str]:
        """Let an engine use another file, or the same one at its new place.

        It returns why that is not loaded, if so.

        Raises:
            NotFoundError: The engine was removed.
            EngineError: The file is no model that can be opened; nothing was changed.
        """
        record = await asyncio.to_thread(self._engines.get, engine_id)
        _, problem = await look_at(self._registry, path, record.options)
        self._offers.forget(engine_id)
        return await asyncio.to_thread(
            self._engines.update, engine_id, path=str(path)
        ), problem

    async def remove(self, engine_id: str) -> tuple["EngineRecord", str]:
        """Remove an engine and its key; conversations with it stay.

        It returns what was removed and the transaction to undo; the key stays gone.
        """
        record, removed = await asyncio.to_thread(self._records.remove, engine_id)
        self._offers.forget(engine_id)
        await self._registry.drop(engine_id)
        return record, removed

    async def set_key(
        self, engine_id: str, key: str, *, may_send_in_clear: bool = False
    ) -> tuple["EngineRecord", str]:
        """Keep another API key for an engine; as `change`.

        Raises:
            NotFoundError: The engine was removed.
            InvalidInputError: It cannot be a key.
            NotConnectedError: It would go out readable, which nobody allowed.
        """
        return await self.change(
            engine_id, key=key, may_send_in_clear=may_send_in_clear
        )

    async def forget_key(self, engine_id: str) -> None:
        """Forget the API key of an engine.

        Raises:
            NotFoundError: The engine was removed.
        """
        await asyncio.to_thread(self._records.forget_key, engine_id)
        self._offers.forget(engine_id)
        await self._registry.retire(engine_id)
        self._on_changed()

    async def found(self) -> list[Found]:
        """Return the local servers that run now and are not yet among the engines."""
        records = await asyncio.to_thread(self._engines.all)
        known = {known_server(record.url) for record in records}
        return [f for f in await self._local.look() if known_server(f.url) not in known]

    async def files_found(self) -> list[FoundFile]:
        """Return the model files of other programs that are not yet among the engines.

        It takes a short while the first time.
        """
        if self._model_files is None or self.is_safe_mode:
            return []
        records = await asyncio.to_thread(self._engines.all)
        known = {record.path for record in records}
        return [f for f in await self._model_files.look() if f.path not in known]

    async def _added(
        self, record: "EngineRecord", models: Sequence[ListedModel], *, is_new: bool
    ) -> AddedEngine:
        model = first_for_chat(models)
        if model:
            await asyncio.to_thread(self.choose, Choice(record.id, model))
        return AddedEngine(record, tuple(models), model, is_new=is_new)

    async def _ask(self, record: "EngineRecord") -> Sequence[ListedModel]:
        engine = await self._registry.engine_for(record)
        try:
            return await engine.models()
        except EngineError as exc:
            typed = await asyncio.to_thread(self._records.typed.of, record.id)
            if exc.fault in _NO_LIST and typed:
                return ()
            raise

    def _offered(self, record: "EngineRecord") -> Choice | None:
        models = self._offers.last(record)
        if record.kind == EngineKind.BUILTIN:
            models = models or listed([model_name(Path(record.path))])
        model = first_for_chat(models)
        return Choice(record.id, model) if model else None
