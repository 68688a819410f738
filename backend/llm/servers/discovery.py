"""Finds model servers that run on this machine."""

import asyncio
import contextlib
import importlib
import os
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Final
from urllib.parse import urlsplit

from msgspec import Struct

from backend.errors import HearthError
from backend.interface.protocol import LOOPBACK
from backend.llm.providers import provider_of
from backend.llm.servers.address import is_here, read_address
from backend.llm.servers.probe import ProbeResult, ask_models

KNOWN_PORTS: Final[Mapping[str, int]] = MappingProxyType(
    {
        "Ollama": 11434,
        "LM Studio": 1234,
        "llama.cpp": 8080,  # and LocalAI
        "Jan": 1337,
        "KoboldCpp": 5001,
    }
)
"""Not vLLM's 8000: whoever writes a web page there would be asked every few seconds."""
DEADLINE_S: Final = 0.3
PATIENCE_S: Final = 5.0
"""How long a server may take whose port is open: it may be loading a model."""
_CONNECT_S: Final = 0.1
_HOSTS: Final = (LOOPBACK, "::1")
_ANYBODY: Final = ("llama.cpp", "KoboldCpp")
"""Names of ports that many other programs use too."""


class Found(Struct, frozen=True):
    """A model server that answered."""

    name: str
    url: str
    models: tuple[str, ...]


class LocalServers:
    """Looks for servers again and again, without anybody waiting for a slow one."""

    def __init__(self, ports: Mapping[str, int] = KNOWN_PORTS) -> None:
        """Look at these ports, and where Ollama is set to be."""
        self._ports = ports
        self._found: dict[tuple[str, str, int], Found | None] = {}
        self._asking: dict[tuple[str, str, int], asyncio.Task[None]] = {}

    async def look(self) -> list[Found]:
        """Return the servers that run, as far as is known after a short while.

        One that takes longer is waited for behind this, and reported the next time.
        """
        places = await _open_places([*self._ports.items(), *ollama_places()])
        self._found = {p: f for p, f in self._found.items() if p in places}
        for place in places:
            if place not in self._asking:
                self._asking[place] = asyncio.create_task(
                    self._ask(place), name=f"look at port {place[2]}"
                )
        if self._asking:
            await asyncio.wait(self._asking.values(), timeout=DEADLINE_S)
        found = [self._found.get(place) for place in places]
        return [server for server in found if server is not None]

    async def _ask(self, place: tuple[str, str, int]) -> None:
        try:
            self._found[place] = await _probe(*place, PATIENCE_S)
        finally:
            del self._asking[place]


def server_name(base: str, software: str) -> str:
    """Return what to call a server: the provider, what runs there, or its place."""
    parts = urlsplit(base)
    host = parts.hostname or ""
    if provider := provider_of(host):
        return provider.name
    if software:
        return software if is_here(host) else f"{software} on {host}"
    return parts.netloc


def ollama_places(
    environment: Mapping[str, str] | None = None,
) -> Sequence[tuple[str, int]]:
    """Return where Ollama is set to listen, when that is on this computer."""
    data = (os.environ if environment is None else environment).get("OLLAMA_HOST", "")
    with contextlib.suppress(HearthError):
        address = read_address(data)
        port = urlsplit(f"//{address.netloc}").port or KNOWN_PORTS["Ollama"]
        if address.is_here and port != KNOWN_PORTS["Ollama"]:
            return (("Ollama", port),)
    return ()


async def _open_places(
    ports: Iterable[tuple[str, int]],
) -> list[tuple[str, str, int]]:
    """Return name, host and port of what listens; one address for each port."""
    wanted = [(name, host, port) for name, port in ports for host in _HOSTS]
    opened = await asyncio.gather(*(_is_open(host, port) for _, host, port in wanted))
    places = [place for place, is_open in zip(wanted, opened, strict=True) if is_open]
    if places:
        # Loaded only when a port is open, and not on the time of the servers.
        for module in ("httpx2", "httpcore2"):
            await asyncio.to_thread(importlib.import_module, module)
    first = {place[2]: place for place in reversed(places)}
    return [place for place in places if first[place[2]] == place]


async def _is_open(host: str, port: int) -> bool:
    with contextlib.suppress(OSError, TimeoutError):
        async with asyncio.timeout(_CONNECT_S):
            _, writer = await asyncio.open_connection(host, port)
            writer.close()
            return True
    return False


async def _probe(name: str, host: str, port: int, deadline_s: float) -> Found | None:
    url = f"http://{f'[{host}]' if ':' in host else host}:{port}"
    probe = await ask_models(f"{url}/v1", deadline_s=deadline_s)
    if probe.reply is not ProbeResult.MODELS:
        return None
    if probe.software:
        name = probe.software
    elif name in _ANYBODY:
        name = server_name(url, "")
    return Found(name, url, probe.models)
