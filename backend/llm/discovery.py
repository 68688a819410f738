"""Finds model servers that run on this machine."""

import asyncio
import contextlib
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from backend.errors import EngineError
from backend.llm.openai_compatible import Limits, OpenAICompatibleEngine
from backend.protocol import LOOPBACK

KNOWN_PORTS: Final[Mapping[str, int]] = MappingProxyType(
    {"Ollama": 11434, "LM Studio": 1234, "llama.cpp": 8080, "Jan": 1337}
)
DEADLINE_S: Final = 0.4


@dataclass(frozen=True, slots=True)
class Found:
    """A model server that answered."""

    name: str
    url: str
    models: tuple[str, ...]


async def discover(
    ports: Mapping[str, int] = KNOWN_PORTS, deadline_s: float = DEADLINE_S
) -> list[Found]:
    """Return the servers that answer within the deadline, in the order of the ports."""
    probes = (_probe(name, port, deadline_s) for name, port in ports.items())
    found = await asyncio.gather(*probes)
    return [server for server in found if server is not None]


async def _probe(name: str, port: int, deadline_s: float) -> Found | None:
    with contextlib.suppress(OSError, TimeoutError, EngineError):
        async with asyncio.timeout(deadline_s):
            # Most ports are closed: the HTTP client is loaded only for an open one.
            _, writer = await asyncio.open_connection(LOOPBACK, port)
            writer.close()
            return await _ask(name, f"http://{LOOPBACK}:{port}", deadline_s)
    return None


async def _ask(name: str, url: str, deadline_s: float) -> Found:
    engine = OpenAICompatibleEngine(name, url, limits=Limits(models_s=deadline_s))
    try:
        return Found(name, url, tuple(await engine.models()))
    finally:
        await engine.close()
