"""Asks a server how much its models read at once, each kind by its own way."""

import asyncio
import json
from typing import Final

from backend.llm.providers import context_known
from backend.llm.wire.answer_events import NotAnAnswerError
from backend.llm.wire.client import native_base
from backend.llm.wire.contexts import (
    context_in,
    context_loaded,
    context_set,
    listed_entry,
)
from backend.llm.wire.exchange import ModelServer, RequestError, read_text
from backend.llm.wire.limits import Limits

DEADLINE_S: Final = 4.0
KEPT_S: Final = 60.0
"""A server may load a model again, with another context."""
OLLAMA: Final = "library"
"""What Ollama calls the owner of its models."""
_LLAMA_CPP: Final = "llamacpp"
_LM_STUDIO: Final = ("organization_owner", "organization-owner")


class ModelContexts:
    """What one server says of its models; asked again after a while."""

    def __init__(self, server: ModelServer, base_url: str, limits: Limits) -> None:
        self._server = server
        self._base_url = base_url
        self._limits = limits
        self._known: dict[str, tuple[float, int | None]] = {}
        self._owners: dict[str, str] = {}

    async def of(self, model: str) -> int | None:
        """Return the context of a model in tokens; None when nobody says."""
        now = asyncio.get_running_loop().time()
        asked_at, known = self._known.get(model, (0.0, None))
        if model not in self._known or now - asked_at > KEPT_S:
            known = await self._ask(model) or context_known(self._base_url, model)
            self._known[model] = now, known
        return known

    async def is_ollama(self, model: str) -> bool:
        """Whether Ollama answers there."""
        if model not in self._owners:
            await self.of(model)
        return self._owners.get(model) == OLLAMA

    async def _ask(self, model: str) -> int | None:
        entry = listed_entry(await self._read("/models"), model)
        self._owners[model] = owner = str(entry.get("owned_by", ""))
        if owner == OLLAMA:
            running = listed_entry(await self._read("/api/ps", is_native=True), model)
            asked = json.dumps({"model": model}).encode()
            return context_in(running) or context_set(
                await self._read("/api/show", asked, is_native=True)
            )
        if owner == _LLAMA_CPP:
            # The list names the whole; two questions at once have half of it each.
            loaded = context_loaded(await self._read("/props", is_native=True))
            return loaded or context_in(entry)
        if owner in _LM_STUDIO:
            listed = await self._read("/api/v0/models", is_native=True)
            entry = listed_entry(listed, model) or entry
        return context_in(entry)

    async def _read(
        self, path: str, body: bytes | None = None, *, is_native: bool = False
    ) -> str:
        base = native_base(self._base_url) if is_native else self._base_url
        asked = self._server.request(path, body, limits=self._limits, base=base)
        try:
            async with asyncio.timeout(DEADLINE_S), asked as response:
                return await read_text(response, self._limits.models_bytes)
        except (RequestError, TimeoutError, NotAnAnswerError):
            return ""
