"""A model that is damaged, strange or too large is told of, and harms nobody."""

import contextlib
import random
import struct
import sys
from pathlib import Path

import pytest
from msgspec.structs import replace

from backend.errors import EngineError, EngineFault
from backend.llm.builtin.engine import BuiltinEngine
from tests.helpers.builtin_engine import (
    OPTIONS,
    asking,
    collect,
    fail_with,
    with_builtin,
)
from tests.helpers.gguf_files import write_gguf, write_in_new_format


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


@pytest.mark.skipif(sys.platform != "linux", reason="RLIMIT_DATA is Linux's")
def test_a_model_that_needs_too_much_memory_is_told(
    scripted_gguf: Path, tmp_path: Path
) -> None:
    content, key = bytearray(scripted_gguf.read_bytes()), b"llama.context_length"
    # Behind the key are its type and its value.
    struct.pack_into("<I", content, content.index(key) + len(key) + 4, 2_000_000)
    trained = tmp_path / "trained.gguf"
    trained.write_bytes(content)
    greedy = replace(OPTIONS, data_limit_bytes=400_000_000, context_tokens=2_000_000)
    error = fail_with(trained, greedy)
    assert error.fault is EngineFault.OUT_OF_MEMORY
    assert "GB is free" in str(error)


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


def test_what_llama_cpp_cannot_load_is_told_in_its_own_words(tmp_path: Path) -> None:
    async def try_out(engine: BuiltinEngine) -> None:
        with pytest.raises(EngineError, match="Update Hearth") as caught:
            await engine.try_out()
        assert caught.value.fault is EngineFault.BAD_MODEL_FILE
        said.append(str(caught.value))

    said = list[str]()
    with_builtin(write_gguf(tmp_path / "zebra.gguf", "zebra9"), try_out)
    with_builtin(write_in_new_format(tmp_path / "new.gguf"), try_out)
    assert "models of the kind zebra9" in said[0]
    assert "number format" in said[1]

    async def ask(engine: BuiltinEngine) -> None:
        await engine.try_out()
        assert engine.child_pid is None, "a familiar kind is not loaded for a try"
        with pytest.raises(EngineError, match=r"llama\.context_length"):
            await collect(engine, asking("Hi"))

    with_builtin(write_gguf(tmp_path / "hollow.gguf"), ask)
