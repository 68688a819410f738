"""Runs the built-in engine for one test, and sees that no child is left."""

import asyncio
import os
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any

import psutil
import pytest

from backend.errors import EngineError
from backend.llm.builtin.child import ChildOptions
from backend.llm.builtin.engine import BuiltinEngine
from backend.llm.engine import Delta, Engine, Role, Turn

OPTIONS = ChildOptions(load_s=20, context_tokens=2048)


def asking(text: str) -> list[Turn]:
    """Return the turns of a first question."""
    return [Turn(Role.USER, text)]


async def collect(engine: Engine, turns: Sequence[Turn]) -> list[Delta]:
    """Return every piece of an answer, without signs of how it goes."""
    return [delta async for delta in engine.stream("", turns) if delta.has_words]


def text_of(deltas: Sequence[Delta]) -> str:
    """Return the words of the pieces."""
    return "".join(delta.text for delta in deltas)


def with_builtin(
    model: Path,
    use: Callable[[BuiltinEngine], Coroutine[Any, Any, None]],
    options: ChildOptions = OPTIONS,
) -> None:
    """Run the test's coroutine with an engine, and see that no child is left."""

    async def main() -> None:
        engine = BuiltinEngine(model, options)
        try:
            await use(engine)
        finally:
            await engine.close()

    before = psutil.Process().children()
    asyncio.run(main())
    assert psutil.Process().children() == before


def process_of(engine: BuiltinEngine) -> psutil.Process:
    """Return the engine's child."""
    assert engine.child_pid is not None
    return psutil.Process(engine.child_pid)


async def disturb(
    engine: BuiltinEngine, number: int, after: int
) -> tuple[list[Delta], EngineError | None]:
    """Send a signal to the child in an endless answer; return what comes of it."""
    got = list[Delta]()
    try:
        async for delta in engine.stream("", asking("forever")):
            if delta.has_words:
                got.append(delta)
            if len(got) == after:
                os.kill(process_of(engine).pid, number)
    except EngineError as exc:
        return got, exc
    return got, None


def fail_with(model: Path, options: ChildOptions = OPTIONS) -> EngineError:
    """Ask, and return the error the answer ends with."""
    errors = list[EngineError]()

    async def use(engine: BuiltinEngine) -> None:
        with pytest.raises(EngineError) as caught:
            await collect(engine, asking("Hi"))
        errors.append(caught.value)

    with_builtin(model, use, options)
    return errors[0]
