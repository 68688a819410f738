"""The built-in engine with the real llama.cpp, and the same reached as a stranger."""

import asyncio
import contextlib
import itertools
import os
import random
import signal
import sys
import time
from collections.abc import Callable, Coroutine, Sequence
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest
import uvloop

from backend.errors import EngineError, EngineFault
from backend.llm.builtin import BuiltinEngine
from backend.llm.child import ChildOptions
from backend.llm.discovery import Found, LocalServers
from backend.llm.engine import Delta, Engine, Role, Turn
from backend.llm.openai_compatible import Limits, OpenAICompatibleEngine
from tests.helpers import scripted_model
from tests.helpers.gguf_files import write_gguf
from tests.helpers.model_server import llama_server
from tests.helpers.scripted_model import scripted_gguf

__all__ = ["scripted_gguf"]

OPTIONS = ChildOptions(load_s=20, context_tokens=2048)


def asking(text: str) -> list[Turn]:
    return [Turn(Role.USER, text)]


async def collect(engine: Engine, turns: Sequence[Turn]) -> list[Delta]:
    return [delta async for delta in engine.stream("", turns)]


def text_of(deltas: Sequence[Delta]) -> str:
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
    assert engine.child_pid is not None
    return psutil.Process(engine.child_pid)


async def disturb(
    engine: BuiltinEngine, number: int, after: int
) -> tuple[list[Delta], EngineError | None]:
    """Send a signal to the child in an endless answer; return what comes of it."""
    got = list[Delta]()
    try:
        async for delta in engine.stream("", asking("forever")):
            got.append(delta)
            if len(got) == after:
                os.kill(process_of(engine).pid, number)
    except EngineError as exc:
        return got, exc
    return got, None


def test_the_built_in_engine_answers_word_by_word(scripted_gguf: Path) -> None:
    async def use(engine: BuiltinEngine) -> None:
        assert await engine.models() == ["scripted"]
        assert engine.child_pid is None, "the child starts with the first question"
        deltas = await collect(engine, asking("Hello?"))
        assert text_of(deltas) == scripted_model.HELLO
        assert len(deltas) > 5
        child = engine.child_pid
        assert text_of(await collect(engine, asking("markdown"))) == (
            scripted_model.MARKDOWN
        )
        assert engine.child_pid == child

    with_builtin(scripted_gguf, use)


def test_reasoning_comes_apart_from_the_answer(scripted_gguf: Path) -> None:
    async def use(engine: BuiltinEngine) -> None:
        deltas = await collect(engine, asking("Please think."))
        reasoning = "".join(delta.reasoning for delta in deltas)
        assert reasoning.strip() == scripted_model.THOUGHT
        assert text_of(deltas) == scripted_model.ANSWER

    with_builtin(scripted_gguf, use)


@pytest.mark.parametrize("words", [1, 2, 5, 12, 40])
def test_llama_cpp_goes_on_exactly_where_an_answer_stopped(
    scripted_gguf: Path, words: int
) -> None:
    async def use(engine: BuiltinEngine) -> None:
        whole = await collect(engine, asking("markdown"))
        partial = Turn(Role.ASSISTANT, text_of(whole[:words]))
        rest = await collect(engine, [*asking("markdown"), partial])
        assert partial.text + text_of(rest) == scripted_model.MARKDOWN
        done = Turn(Role.ASSISTANT, scripted_model.MARKDOWN)
        assert not await collect(engine, [*asking("markdown"), done])

    with_builtin(scripted_gguf, use)


def test_a_cancelled_answer_frees_the_model_at_once(scripted_gguf: Path) -> None:
    async def use(engine: BuiltinEngine) -> None:
        async with aclosing(engine.stream("", asking("forever"))) as deltas:
            async for delta in deltas:
                if delta.text == scripted_model.TICKS[20]:
                    break
        started = time.monotonic()
        assert text_of(await collect(engine, asking("Hi"))) == scripted_model.HELLO
        assert time.monotonic() - started < 0.5

    with_builtin(scripted_gguf, use)


def test_the_key_is_needed_and_is_in_no_argument_or_variable(
    scripted_gguf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-the-user")

    async def use(engine: BuiltinEngine) -> None:
        await collect(engine, asking("Hi"))
        child = process_of(engine)
        running = await engine._running_child()
        told = " ".join([*child.cmdline(), *map(str, child.environ().items())])
        assert running._api_key not in told
        assert "sk-of-the-user" not in told
        [listening] = child.net_connections("tcp")
        assert listening.laddr.ip == "127.0.0.1"
        stranger = OpenAICompatibleEngine("it", f"127.0.0.1:{listening.laddr.port}")
        with pytest.raises(EngineError) as caught:
            await stranger.models()
        await stranger.close()
        assert caught.value.fault is EngineFault.UNAUTHORISED

    with_builtin(scripted_gguf, use)


def test_a_child_that_died_between_questions_is_not_noticed(
    scripted_gguf: Path,
) -> None:
    async def use(engine: BuiltinEngine) -> None:
        await collect(engine, asking("Hi"))
        os.kill(process_of(engine).pid, signal.SIGKILL)
        assert text_of(await collect(engine, asking("Hi"))) == scripted_model.HELLO

    with_builtin(scripted_gguf, use)


def test_a_child_that_dies_while_it_loads_is_replaced_once(
    scripted_gguf: Path,
) -> None:
    async def use(engine: BuiltinEngine) -> None:
        asked = asyncio.create_task(collect(engine, asking("Hi")))
        while engine.child_pid is None:
            await asyncio.sleep(0)
        os.kill(engine.child_pid, signal.SIGKILL)
        assert text_of(await asked) == scripted_model.HELLO

    with_builtin(scripted_gguf, use)


def test_a_child_that_dies_in_an_answer_is_told_and_replaced(
    scripted_gguf: Path,
) -> None:
    async def use(engine: BuiltinEngine) -> None:
        got, error = await disturb(engine, signal.SIGKILL, after=10)
        assert error is not None
        assert error.fault is EngineFault.CRASHED
        assert "Continue" in str(error), "there is a word to go on with"
        assert text_of(got).startswith("".join(scripted_model.TICKS[:10]).lstrip())
        assert text_of(await collect(engine, asking("Hi"))) == scripted_model.HELLO

    with_builtin(scripted_gguf, use)


def test_a_stopped_child_is_ended_when_it_stalls(scripted_gguf: Path) -> None:
    options = replace(OPTIONS, limits=Limits(stall_s=0.5, retry_waits_s=()))

    async def use(engine: BuiltinEngine) -> None:
        _, error = await disturb(engine, signal.SIGSTOP, after=1)
        assert error is not None
        assert error.fault is EngineFault.STALLED
        assert engine.child_pid is None
        assert text_of(await collect(engine, asking("Hi"))) == scripted_model.HELLO

    with_builtin(scripted_gguf, use, options)


def fail_with(model: Path, options: ChildOptions = OPTIONS) -> EngineError:
    errors = list[EngineError]()

    async def use(engine: BuiltinEngine) -> None:
        with pytest.raises(EngineError) as caught:
            await collect(engine, asking("Hi"))
        errors.append(caught.value)

    with_builtin(model, use, options)
    return errors[0]


def test_a_damaged_model_is_told_and_nothing_is_left(
    scripted_gguf: Path, tmp_path: Path
) -> None:
    whole = scripted_gguf.read_bytes()
    damaged = tmp_path / "damaged.gguf"
    for bytes_ in (whole[: len(whole) // 2], whole[:64], whole[:24] + b"\xff" * 5000):
        damaged.write_bytes(bytes_)
        error = fail_with(damaged)
        assert error.fault in (EngineFault.BAD_MODEL_FILE, EngineFault.CRASHED)
        assert "model file" in str(error)


def test_a_child_that_hangs_while_loading_is_ended(scripted_gguf: Path) -> None:
    hanging = (sys.executable, "-c", "import time; time.sleep(600)")
    started = time.monotonic()
    error = fail_with(scripted_gguf, replace(OPTIONS, load_s=0.5, command=hanging))
    assert error.fault is EngineFault.TIMEOUT
    assert time.monotonic() - started < 3


def test_a_child_that_exits_while_loading_fails_early(scripted_gguf: Path) -> None:
    exiting = (sys.executable, "-c", "raise SystemExit(7)")
    started = time.monotonic()
    error = fail_with(scripted_gguf, replace(OPTIONS, command=exiting))
    assert error.fault is EngineFault.CRASHED
    assert time.monotonic() - started < 3


@pytest.mark.skipif(sys.platform != "linux", reason="RLIMIT_DATA is Linux's")
def test_a_model_that_needs_too_much_memory_is_told(scripted_gguf: Path) -> None:
    greedy = replace(OPTIONS, data_limit_bytes=400_000_000, context_tokens=2_000_000)
    error = fail_with(scripted_gguf, greedy)
    assert error.fault is EngineFault.OUT_OF_MEMORY
    assert "GB is free" in str(error)


UNDER_A_LIMIT = """
import resource, runpy
_, hard = resource.getrlimit(resource.RLIMIT_AS)
resource.setrlimit(resource.RLIMIT_AS, (200_000_000, hard))
runpy.run_module("backend.llm.engine_child", run_name="__main__")
"""


@pytest.mark.skipif(sys.platform != "linux", reason="RLIMIT_AS is Linux's")
def test_the_memory_limit_of_the_sidecar_does_not_bind_the_model(
    scripted_gguf: Path,
) -> None:
    async def use(engine: BuiltinEngine) -> None:
        assert text_of(await collect(engine, asking("Hi"))) == scripted_model.HELLO

    command = (sys.executable, "-c", UNDER_A_LIMIT)
    with_builtin(scripted_gguf, use, replace(OPTIONS, command=command))


def test_a_child_ended_by_the_kernel_for_memory_is_told_so(
    scripted_gguf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kills = itertools.count()
    monkeypatch.setattr("backend.llm.child.count_oom_kills", lambda: next(kills))

    async def use(engine: BuiltinEngine) -> None:
        _, error = await disturb(engine, signal.SIGKILL, after=3)
        assert error is not None
        assert error.fault is EngineFault.OUT_OF_MEMORY

    with_builtin(scripted_gguf, use)


@pytest.mark.parametrize("seed", range(6))
def test_a_mutilated_model_harms_nobody_else(
    scripted_gguf: Path, tmp_path: Path, seed: int
) -> None:
    dice = random.Random(seed)
    content = bytearray(scripted_gguf.read_bytes())
    for _ in range(40):
        content[dice.randrange(24, 9000)] = dice.randrange(256)
    mutilated = tmp_path / "mutilated.gguf"
    mutilated.write_bytes(content)

    async def use(engine: BuiltinEngine) -> None:
        with contextlib.suppress(EngineError):
            await collect(engine, asking("Hi"))

    with_builtin(mutilated, use, replace(OPTIONS, load_s=5))


def test_the_end_of_the_leash_ends_the_child_in_the_middle_of_an_answer(
    scripted_gguf: Path,
) -> None:
    async def use(engine: BuiltinEngine) -> None:
        async with aclosing(engine.stream("", asking("forever"))) as deltas:
            await anext(deltas)
            child = await engine._running_child()
            assert child._process.stdin is not None
            child._process.stdin.close()
            assert await child.has_ended(within_s=5)
        assert child._process.returncode == 0

    with_builtin(scripted_gguf, use)


def test_a_conversation_that_is_too_long_is_told(scripted_gguf: Path) -> None:
    async def use(engine: BuiltinEngine) -> None:
        with pytest.raises(EngineError) as caught:
            await collect(engine, asking("word " * 5000))
        assert caught.value.fault is EngineFault.CONTEXT_TOO_LONG
        assert text_of(await collect(engine, asking("Hi"))) == scripted_model.HELLO

    with_builtin(scripted_gguf, use)


def maps_model(child: psutil.Process) -> bool:
    return any(found.path.endswith(".gguf") for found in child.memory_maps())


@pytest.mark.skipif(sys.platform != "linux", reason="reads the maps of the child")
def test_an_idle_model_is_unloaded_and_comes_back(scripted_gguf: Path) -> None:
    async def use(engine: BuiltinEngine) -> None:
        await collect(engine, asking("Hi"))
        child = process_of(engine)
        assert maps_model(child)
        async with asyncio.timeout(10):
            while maps_model(child):
                await asyncio.sleep(0.05)
        assert text_of(await collect(engine, asking("Hi"))) == scripted_model.HELLO
        assert engine.child_pid == child.pid

    with_builtin(scripted_gguf, use, replace(OPTIONS, sleep_idle_s=1))


def test_a_second_answer_says_that_it_waits_for_the_first(scripted_gguf: Path) -> None:
    async def use(engine: BuiltinEngine) -> None:
        async with aclosing(engine.stream("", asking("forever"))) as first:
            while not (await anext(first)).text:
                pass
            second = engine.stream("", asking("Hi"))
            assert await anext(second) == Delta(waits=True)
            coming = asyncio.create_task(anext(second))
            await anext(first)
            assert not coming.done()
        assert await coming == Delta()
        rest = [delta async for delta in second]
        assert text_of(rest) == scripted_model.HELLO

    with_builtin(scripted_gguf, use)


def test_a_closed_engine_starts_no_child_again(scripted_gguf: Path) -> None:
    async def use(engine: BuiltinEngine) -> None:
        answer = asyncio.create_task(collect(engine, asking("Hi")))
        async with asyncio.timeout(20):
            while engine.child_pid is None:
                await asyncio.sleep(0)
        child = process_of(engine)
        child.suspend()  # it loads for as long as we like
        await engine.close()
        for late in (answer, collect(engine, asking("Hi"))):
            with pytest.raises(EngineError) as caught:
                await late
            assert caught.value.fault is EngineFault.REMOVED

    with_builtin(scripted_gguf, use)


def test_what_llama_cpp_cannot_load_is_told_in_its_own_words(tmp_path: Path) -> None:
    async def try_out(engine: BuiltinEngine) -> None:
        with pytest.raises(EngineError, match="models of the kind zebra9") as caught:
            await engine.try_out()
        assert caught.value.fault is EngineFault.BAD_MODEL_FILE
        assert "Update Hearth" in str(caught.value)

    with_builtin(write_gguf(tmp_path / "zebra.gguf", "zebra9"), try_out)

    async def ask(engine: BuiltinEngine) -> None:
        await engine.try_out()
        assert engine.child_pid is None, "a familiar kind is not loaded for a try"
        with pytest.raises(EngineError, match=r"llama\.context_length"):
            await collect(engine, asking("Hi"))

    with_builtin(write_gguf(tmp_path / "hollow.gguf"), ask)


def test_the_same_engine_answers_as_a_stranger(scripted_gguf: Path) -> None:
    async def main(url: str) -> None:
        local = LocalServers({"llama.cpp": int(url.rpartition(":")[2])})
        async with asyncio.timeout(20):
            while not (found := await local.look()):
                pass
        assert found == [Found("llama.cpp", url, ("scripted",))]
        engine = OpenAICompatibleEngine("llama.cpp", url)
        deltas = await collect(engine, asking("Hi"))
        assert text_of(deltas) == scripted_model.HELLO
        partial = Turn(Role.ASSISTANT, text_of(deltas[:4]))
        rest = await collect(engine, [*asking("Hi"), partial])
        assert partial.text + text_of(rest) == scripted_model.HELLO
        await engine.close()

    with llama_server(scripted_gguf) as url:
        asyncio.run(main(url))


def test_the_built_in_engine_runs_on_the_loop_of_the_sidecar(
    scripted_gguf: Path,
) -> None:
    async def main() -> None:
        engine = BuiltinEngine(scripted_gguf, OPTIONS)
        assert text_of(await collect(engine, asking("Hi"))) == scripted_model.HELLO
        os.kill(process_of(engine).pid, signal.SIGKILL)
        assert text_of(await collect(engine, asking("Hi"))) == scripted_model.HELLO
        await engine.close()
        assert engine.child_pid is None

    before = psutil.Process().children()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main())
    assert psutil.Process().children() == before
