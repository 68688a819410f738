"""Asks an engine at a server that plays a script, within limits of seconds."""

import asyncio
from collections.abc import Sequence

from backend.errors import EngineError
from backend.llm.engine import Delta, Role, Turn
from backend.llm.openai_compatible import Limits, OpenAICompatibleEngine
from tests.helpers.model_server import FakeModelServer, Script

QUICK = Limits(
    connect_s=1,
    first_byte_s=1,
    stall_s=0.7,
    wordless_s=30,
    settle_s=0.3,
    models_s=1,
    loading_s=0.05,
    loading_waits_s=(0.01,),
    retry_waits_s=(0.01, 0.01),
    answer_bytes=2_000_000,
    line_bytes=100_000,
    models_bytes=100_000,
)
KEY = "sk-secret"
LET_GO_S = 30.0
"""A server that is not let go of waits for ever."""
ASK = (Turn(Role.USER, "Hello?"),)
PARTIAL = (*ASK, Turn(Role.ASSISTANT, "The cat sat"))


def engine_at(url: str, limits: Limits | None = QUICK) -> OpenAICompatibleEngine:
    """Return an engine at this address; without limits those of the address."""
    return OpenAICompatibleEngine("Ollama", url, KEY, limits=limits)


async def answer_of(
    url: str, turns: Sequence[Turn], limits: Limits | None = QUICK
) -> tuple[list[Delta], EngineError | None]:
    """Return what came of an answer, and how it failed."""
    engine, got = engine_at(url, limits), list[Delta]()
    try:
        async for delta in engine.stream("m", turns):
            got.append(delta)
    except EngineError as exc:
        return got, exc
    finally:
        await engine.close()
    return got, None


def ask(
    script: Script,
    *more: Script,
    turns: Sequence[Turn] = ASK,
    limits: Limits | None = QUICK,
) -> tuple[str, EngineError | None, FakeModelServer]:
    """Ask a server that plays scripts; return the text, the failure and the server."""
    with FakeModelServer(script, *more) as server:
        got, error = asyncio.run(answer_of(server.url, turns, limits))
    whole = Delta()
    for delta in got:
        whole = whole.then(delta)
    return whole.text, error, server
