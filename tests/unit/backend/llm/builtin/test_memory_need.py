"""How much a model reads at once is chosen by what it is and the memory there is."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from backend.errors import EngineError
from backend.llm.builtin.engine import BuiltinEngine
from backend.llm.builtin.gguf_header import read_header
from backend.llm.builtin.memory import GIGABYTE
from backend.llm.builtin.memory_need import Fit, fit, token_bytes
from tests.helpers.gguf_files import write_gguf

KIB = 1024
HEADERS: dict[str, tuple[dict[str, Any], int]] = {
    "12 layers, 8 of 16 heads of 64": (
        {
            "block_count": 12,
            "embedding_length": 1024,
            "attention__head_count": 16,
            "attention__head_count_kv": 8,
        },
        24 * KIB,  # 192 MiB for 8192 tokens, as llama.cpp says
    ),
    "heads of another length": (
        {
            "block_count": 1,
            "embedding_length": 1024,
            "attention__head_count": 8,
            "attention__key_length": 256,
            "attention__value_length": 128,
        },
        6 * KIB,
    ),
    "no attention": ({"block_count": 12, "embedding_length": 1024}, 0),
    "nothing said": ({}, 0),
}


@pytest.mark.parametrize(("keys", "count"), HEADERS.values(), ids=HEADERS)
def test_what_a_token_takes_is_read_from_the_header(
    keys: dict[str, Any], count: int, tmp_path: Path
) -> None:
    values = {f"llama__{key}": value for key, value in keys.items()}
    path = write_gguf(tmp_path / "model.gguf", **values)
    assert token_bytes(read_header(path)) == count


# 8 billion weights in four bits, 128 KiB a token: 4 GiB for 32,768.
LARGE = (5 * GIGABYTE, 128 * KIB)
CASES = {
    "room for all": (LARGE, 131_072, 0, 64, Fit(32_768, 2)),
    "16 GB": (LARGE, 131_072, 0, 11, Fit(8_192, 2)),
    "8 GB": (LARGE, 131_072, 0, 6, Fit(4_096, 1)),
    "less than the weights": (LARGE, 131_072, 0, 4, Fit(4_096, 1)),
    "an old model": (LARGE, 2_048, 0, 64, Fit(2_048, 2)),
    "it does not say": (LARGE, 0, 0, 64, Fit(32_768, 2)),
    "asked for more than it can": (LARGE, 16_384, 99_999, 64, Fit(16_384, 2)),
    "asked for more than fits twice": (LARGE, 131_072, 65_536, 16, Fit(65_536, 1)),
    "asked for little": (LARGE, 131_072, 1_024, 6, Fit(1_024, 2)),
    "no attention": ((GIGABYTE, 0), 131_072, 0, 2, Fit(32_768, 2)),
    "memory not known": (LARGE, 131_072, 0, 0, Fit(8_192, 1)),
    "memory not known, an old model": (LARGE, 2_048, 0, 0, Fit(2_048, 1)),
    "memory not known, asked": (LARGE, 0, 512, 0, Fit(512, 1)),
}


@pytest.mark.parametrize(
    ("model", "trained", "asked", "gigabytes", "expected"), CASES.values(), ids=CASES
)
def test_context_and_places_fit_the_memory(
    model: tuple[int, int], trained: int, asked: int, gigabytes: int, expected: Fit
) -> None:
    weights, per_token = model
    memory = gigabytes * GIGABYTE
    assert fit(weights, per_token, trained, asked=asked, memory=memory) == expected


def test_a_model_too_large_for_the_computer_says_so_before_it_loads(
    tmp_path: Path,
) -> None:
    path = write_gguf(tmp_path / "model.gguf")
    with path.open("r+b") as file:
        file.truncate(1024 * GIGABYTE)

    async def ask() -> None:
        engine = BuiltinEngine(path)
        for act in (engine.models, engine.try_out):
            with pytest.raises(EngineError, match=r"needs about 1024\.5 GB of memory"):
                await act()
        assert engine.child_pid is None

    asyncio.run(ask())
