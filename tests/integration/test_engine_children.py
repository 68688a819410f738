"""The child that runs llama.cpp: whatever becomes of it, the engine goes on."""

import asyncio
import itertools
import os
import signal
import sys
import time
from contextlib import aclosing
from pathlib import Path

import psutil
import pytest
from msgspec.structs import replace

from backend.errors import EngineError, EngineFault
from backend.llm.builtin.child import ChildOptions
from backend.llm.builtin.engine import BuiltinEngine
from backend.llm.openai_compatible import Limits, OpenAICompatibleEngine
from backend.llm.options import EngineOptions, Parameters
from tests.helpers import scripted_model
from tests.helpers.builtin_engine import (
    OPTIONS,
    asking,
    collect,
    disturb,
    fail_with,
    process_of,
    text_of,
    with_builtin,
)


def test_the_key_is_needed_and_is_in_no_argument_or_variable(
    scripted_gguf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-the-user")

    async def use(engine: BuiltinEngine) -> None:
        await collect(engine, asking("Hi"))
        child = process_of(engine)
        running = await engine._running_child()
        text = " ".join([*child.cmdline(), *map(str, child.environ().items())])
        assert running._api_key not in text
        assert "sk-of-the-user" not in text
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


def test_a_child_that_hangs_while_loading_is_ended(scripted_gguf: Path) -> None:
    hanging = (sys.executable, "-c", "import time; time.sleep(600)")
    error = fail_with(scripted_gguf, replace(OPTIONS, load_s=0.5, command=hanging))
    assert error.fault is EngineFault.TIMEOUT


def test_a_child_that_exits_while_loading_fails_early(scripted_gguf: Path) -> None:
    exiting = (sys.executable, "-c", "raise SystemExit(7)")
    started = time.monotonic()
    error = fail_with(scripted_gguf, replace(OPTIONS, command=exiting))
    assert error.fault is EngineFault.CRASHED
    assert time.monotonic() - started < OPTIONS.load_s


UNDER_A_LIMIT = """
import resource, runpy
_, hard = resource.getrlimit(resource.RLIMIT_AS)
resource.setrlimit(resource.RLIMIT_AS, (200_000_000, hard))
runpy.run_module("backend.llm.builtin.engine_child", run_name="__main__")
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
    monkeypatch.setattr(
        "backend.llm.builtin.child.count_oom_kills", lambda: next(kills)
    )

    async def use(engine: BuiltinEngine) -> None:
        _, error = await disturb(engine, signal.SIGKILL, after=3)
        assert error is not None
        assert error.fault is EngineFault.OUT_OF_MEMORY

    with_builtin(scripted_gguf, use)


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
        assert child._process.returncode in {0, -signal.SIGKILL}

    with_builtin(scripted_gguf, use)


def maps_model(child: psutil.Process) -> bool:
    return any(found.path.endswith(".gguf") for found in child.memory_maps())


@pytest.mark.skipif(sys.platform != "linux", reason="reads the maps of the child")
def test_an_idle_model_is_unloaded_and_comes_back(
    scripted_gguf: Path, tmp_path: Path
) -> None:
    path = tmp_path / "models für alle.gguf"
    path.write_bytes(scripted_gguf.read_bytes())

    async def idle(child: psutil.Process) -> None:
        async with asyncio.timeout(10):
            while maps_model(child):
                await asyncio.sleep(0.05)

    async def use(engine: BuiltinEngine) -> None:
        await collect(engine, asking("Hi"))
        child = process_of(engine)
        assert maps_model(child)
        await idle(child)
        assert text_of(await collect(engine, asking("Hi"))) == scripted_model.HELLO
        assert engine.child_pid == child.pid
        await idle(child)
        path.rename(tmp_path / "elsewhere.gguf")
        with pytest.raises(EngineError, match="it is no longer there"):
            await collect(engine, asking("Hi"))
        (tmp_path / "elsewhere.gguf").rename(path)
        assert text_of(await collect(engine, asking("Hi"))) == scripted_model.HELLO

    with_builtin(path, use, replace(OPTIONS, sleep_idle_s=1))


def test_what_a_person_set_reaches_llama_cpp(scripted_gguf: Path) -> None:
    few = Parameters(max_tokens=3)
    engine_options = EngineOptions(context=512, threads=1, gpu_layers=0, parameters=few)

    async def use(engine: BuiltinEngine) -> None:
        with pytest.raises(EngineError) as caught:
            await collect(engine, asking("Hi"))
        assert caught.value.fault is EngineFault.LIMIT
        assert (await engine.measure("", asking("Hi"))).context == 512
        with pytest.raises(EngineError) as caught:
            await collect(engine, asking("word " * 700))
        assert caught.value.fault is EngineFault.CONTEXT_TOO_LONG

    with_builtin(scripted_gguf, use, ChildOptions.of(engine_options))


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
