"""The built-in engine with the real llama.cpp, and the same reached as a stranger."""

import asyncio
import os
import signal
from collections.abc import AsyncGenerator
from contextlib import aclosing
from pathlib import Path

import psutil
import pytest
import uvloop
from msgspec.structs import replace

from backend.errors import EngineError, EngineFault
from backend.llm.builtin.engine import BuiltinEngine
from backend.llm.engine import Delta, Role, Turn, TurnPicture, Wait
from backend.llm.openai_compatible import OpenAICompatibleEngine
from backend.llm.servers.discovery import Found, LocalServers
from tests.helpers import scripted_model
from tests.helpers.builtin_engine import (
    OPTIONS,
    asking,
    collect,
    process_of,
    text_of,
    with_builtin,
)
from tests.helpers.model_server import llama_server
from tests.helpers.tiny_projector import dot, write_tiny_projector


def test_the_built_in_engine_answers_word_by_word(scripted_gguf: Path) -> None:
    async def use(engine: BuiltinEngine) -> None:
        assert [model.id for model in await engine.models()] == ["scripted"]
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


@pytest.mark.parametrize(
    ("projector", "sees"),
    [("mmproj-F16.gguf", True), ("mmproj-other.gguf", True), (None, False)],
)
def test_the_built_in_engine_sees_with_what_lies_beside_its_model(
    scripted_gguf: Path, tmp_path: Path, projector: str | None, sees: bool
) -> None:
    model = tmp_path / "scripted.gguf"
    model.symlink_to(scripted_gguf)
    if projector:
        write_tiny_projector(tmp_path / projector)
    seen = Turn(Role.USER, "hello", (TurnPicture("image/png", dot()),))

    async def use(engine: BuiltinEngine) -> None:
        (listed,) = await engine.models()
        assert listed.sees is sees
        if sees:
            deltas = [d async for d in engine.stream("scripted", [seen])]
            assert "".join(d.text for d in deltas) == scripted_model.HELLO
        else:
            with pytest.raises(EngineError) as caught:
                [d async for d in engine.stream("scripted", [seen])]
            assert caught.value.fault is EngineFault.NO_SIGHT

    with_builtin(model, use)


def test_what_a_model_cannot_see_with_does_not_keep_it_from_answering(
    scripted_gguf: Path, tmp_path: Path
) -> None:
    model = tmp_path / "scripted.gguf"
    model.symlink_to(scripted_gguf)
    broken = write_tiny_projector(tmp_path / "mmproj-scripted.gguf")
    broken.write_bytes(broken.read_bytes()[:-2_000])

    async def use(engine: BuiltinEngine) -> None:
        asked = [Turn(Role.USER, "hello")]
        deltas = [d async for d in engine.stream("scripted", asked)]
        assert "".join(d.text for d in deltas) == scripted_model.HELLO

    with_builtin(model, use)


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


def test_llama_cpp_says_how_an_answer_goes(scripted_gguf: Path) -> None:
    async def use(engine: BuiltinEngine) -> None:
        signs = list[Delta]()
        for _ in range(2):
            asked = engine.stream("", asking("word " * 100 + "Hi"))
            signs += [delta async for delta in asked if not delta.has_words]
        loading, first, *rest = signs
        assert (loading.wait, first.wait, first.read) == (Wait.LOADING, Wait.READING, 0)
        shares = [delta.read for delta in rest if delta.read is not None]
        assert any(0 < share < 1 for share in shares), "the question is read in parts"
        usages = [delta.usage for delta in rest if delta.usage]
        assert [usage.answer > 0 for usage in usages] == [True, True]
        assert all(usage.prompt > 100 for usage in usages)
        assert [delta.wait for delta in rest].count(Wait.LOADING) == 0

    with_builtin(scripted_gguf, use)


def test_a_cancelled_answer_frees_the_model_at_once(scripted_gguf: Path) -> None:
    async def use(engine: BuiltinEngine) -> None:
        with pytest.raises(EngineError):  # its context is full
            await collect(engine, asking("forever"))
        child = process_of(engine)
        whole_s = child.cpu_times().user
        async with aclosing(engine.stream("", asking("forever"))) as deltas:
            async for delta in deltas:
                if delta.text == scripted_model.TICKS[20]:
                    break
        assert text_of(await collect(engine, asking("Hi"))) == scripted_model.HELLO
        assert child.cpu_times().user < 1.5 * whole_s, "it was written to its end"

    with_builtin(scripted_gguf, use, replace(OPTIONS, places=1))


def test_a_conversation_that_is_too_long_is_told(scripted_gguf: Path) -> None:
    async def use(engine: BuiltinEngine) -> None:
        with pytest.raises(EngineError) as caught:
            await collect(engine, asking("word " * 5000))
        assert caught.value.fault is EngineFault.CONTEXT_TOO_LONG
        assert text_of(await collect(engine, asking("Hi"))) == scripted_model.HELLO

    with_builtin(scripted_gguf, use)


async def begun(engine: BuiltinEngine) -> AsyncGenerator[Delta, None]:
    """Return an endless answer that has begun."""
    answer = engine.stream("", asking("forever"))
    while not (await anext(answer)).text:
        pass
    return answer


def test_two_conversations_are_answered_at_once_and_a_third_waits_its_turn(
    scripted_gguf: Path,
) -> None:
    async def use(engine: BuiltinEngine) -> None:
        first = await begun(engine)
        assert text_of(await collect(engine, asking("Hi"))) == scripted_model.HELLO
        second = await begun(engine)
        waiting = [engine.stream("", asking(said)) for said in ("Hi", "think")]
        for answer in waiting:
            assert await anext(answer) == Delta(wait=Wait.TURN)
        third, fourth = (asyncio.create_task(anext(answer)) for answer in waiting)
        child = engine.child_pid
        await anext(first)
        await anext(second)
        assert not third.done()
        await second.aclose()  # Stop
        assert await third == Delta(wait=Wait.READING)
        assert not fourth.done(), "who came first is first"
        fourth.cancel()  # one that waits can be stopped too
        rest = [delta async for delta in waiting[0]]
        assert text_of(rest) == scripted_model.HELLO
        assert (await anext(first)).text, "the others harmed it not"
        assert engine.child_pid == child
        await first.aclose()

    with_builtin(scripted_gguf, use)


def test_with_memory_for_one_the_second_says_that_it_waits(scripted_gguf: Path) -> None:
    async def use(engine: BuiltinEngine) -> None:
        first = await begun(engine)
        second = engine.stream("", asking("Hi"))
        assert await anext(second) == Delta(wait=Wait.TURN)
        coming = asyncio.create_task(anext(second))
        os.kill(process_of(engine).pid, signal.SIGKILL)
        with pytest.raises(EngineError, match="text so far is kept"):
            [delta async for delta in first]
        assert await coming == Delta(wait=Wait.LOADING)
        rest = [delta async for delta in second]
        assert text_of(rest) == scripted_model.HELLO

    with_builtin(scripted_gguf, use, replace(OPTIONS, places=1))


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
