"""Finds model servers that run on this machine."""

import asyncio
import contextlib
import importlib
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
DEADLINE_S: Final = 0.3
_CONNECT_S: Final = 0.1


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
    opened = await asyncio.gather(*(_is_open(port) for port in ports.values()))
    candidates = [name for name, is_open in zip(ports, opened, strict=True) if is_open]
    if not candidates:
        return []
    # Loaded only when a port is open, and not on the time of the servers.
    for module in ("httpx2", "httpcore2"):
        await asyncio.to_thread(importlib.import_module, module)
    probes = (_probe(name, ports[name], deadline_s) for name in candidates)
    found = await asyncio.gather(*probes)
    return [server for server in found if server is not None]


async def _is_open(port: int) -> bool:
    with contextlib.suppress(OSError, TimeoutError):
        async with asyncio.timeout(_CONNECT_S):
            _, writer = await asyncio.open_connection(LOOPBACK, port)
            writer.close()
            return True
    return False


async def _probe(name: str, port: int, deadline_s: float) -> Found | None:
    with contextlib.suppress(TimeoutError, EngineError):
        async with asyncio.timeout(deadline_s):
            return await _ask(name, f"http://{LOOPBACK}:{port}", deadline_s)
    return None


async def _ask(name: str, url: str, deadline_s: float) -> Found:
    engine = OpenAICompatibleEngine(name, url, limits=Limits(models_s=deadline_s))
    try:
        return Found(name, url, tuple(await engine.models()))
    finally:
        await engine.close()
