"""In safe mode no engine does anything but say so."""

import asyncio

import pytest

from backend.errors import EngineError, EngineFault
from backend.llm.engine import Role, Turn
from backend.llm.safe_mode import SafeModeEngine


def test_it_says_how_to_leave_safe_mode_instead_of_answering() -> None:
    async def ask() -> None:
        engine = SafeModeEngine("Ollama")
        async for _ in engine.stream("any", [Turn(Role.USER, "hello")]):
            pytest.fail("it answered")

    with pytest.raises(EngineError, match="Restart Background Process") as caught:
        asyncio.run(ask())
    assert caught.value.fault is EngineFault.SAFE_MODE


def test_closing_it_needs_nothing() -> None:
    asyncio.run(SafeModeEngine("Ollama").close())
