"""What is certainly no model is refused before a process starts for it."""

import os
import struct
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backend.errors import EngineError, EngineFault
from backend.llm.builtin.memory import available_memory
from backend.llm.builtin.model_file import check_model_file, memory_detail
from tests.helpers.gguf_files import write_gguf, write_parts


def header(version: int = 3, tensors: int = 9, entries: int = 20) -> bytes:
    return struct.pack("<4sIQQ", b"GGUF", version, tensors, entries)


NO_MODEL = {
    "empty": (b"", "empty"),
    "a text": (b"Once upon a time, there was a model.", "not a GGUF"),
    "safetensors": (struct.pack("<Q", 99) + b'{"__metadata__"', "safetensors"),
    "a web page": (b"<!DOCTYPE html>", "a web page"),
    "a pointer": (b"version https://git-lfs.github.com/spec/v1", "only points"),
    "an old format": (b"tjgg" + bytes(60), "an older format"),
    "big-endian": (b"GGUF" + struct.pack(">IQQ", 3, 1, 1), "kind of processor"),
    "cut in the first bytes": (header()[:20], "incomplete"),
    "cut in the keys": (header(), "incomplete"),
    "version 1": (header(version=1), "version 1"),
    "no keys": (header(entries=0), "damaged"),
    "too many entries": (header(entries=1 << 40), "damaged"),
    "too many tensors": (header(tensors=1 << 40), "damaged"),
    "a key without end": (header() + struct.pack("<Q", 1 << 60), "damaged"),
}


def refusal(path: Path) -> str:
    with pytest.raises(EngineError) as caught:
        check_model_file(path, "It")
    assert caught.value.fault is EngineFault.BAD_MODEL_FILE
    return str(caught.value)


@pytest.mark.parametrize(("content", "why"), NO_MODEL.values(), ids=NO_MODEL)
def test_a_file_that_is_no_model_says_what_it_is(
    content: bytes, why: str, tmp_path: Path
) -> None:
    path = tmp_path / "model.gguf"
    path.write_bytes(content)
    assert why in refusal(path)


OTHERS = {
    "sees": ({"architecture": "clip", "general__type": "mmproj"}, "vision or audio"),
    "adapter": ({"general__type": "adapter", "adapter__type": "lora"}, "an adapter"),
    "measurements": ({"general__type": "imatrix"}, "measurements"),
    "embeddings": ({"architecture": "bert"}, "embeddings"),
    "pooled": (
        {"llama__pooling_type": 1, "llama__attention__causal": False},
        "embeddings",
    ),
    "speech": ({"architecture": "wavtokenizer-dec"}, "speech"),
    "no vocabulary": ({"vocabulary": 0}, "vocabulary is missing"),
    "no tensors": ({"tensors": 0}, "damaged"),
}


@pytest.mark.parametrize(("written", "why"), OTHERS.values(), ids=OTHERS)
def test_a_gguf_file_that_does_not_chat_says_what_it_is(
    written: dict[str, Any], why: str, tmp_path: Path
) -> None:
    assert why in refusal(write_gguf(tmp_path / "it.gguf", **written))


@pytest.mark.parametrize("missing", [1, 100, 4096])
def test_a_file_that_is_cut_short_says_so(missing: int, tmp_path: Path) -> None:
    path = write_gguf(tmp_path / "model.gguf")
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size - missing)
    assert "incomplete, 0.0 of 0.0 MB" in refusal(path)


def test_every_way_to_cut_a_header_is_told(tmp_path: Path) -> None:
    whole = write_gguf(tmp_path / "whole.gguf").read_bytes()
    path = tmp_path / "cut.gguf"
    for length in range(4, 500):
        path.write_bytes(whole[:length])
        assert "incomplete" in refusal(path)


def test_parts_are_told_from_a_whole_model(tmp_path: Path) -> None:
    one, two, three = write_parts(tmp_path)
    found = check_model_file(one, "It")
    assert found.bytes == sum(part.stat().st_size for part in (one, two, three))
    assert f"part 2 of 3 of a model. Choose {one.name}" in refusal(two)
    whole = three.read_bytes()
    three.write_bytes(whole[:-1])
    assert "its part 3 of 3 is incomplete" in refusal(one)
    three.unlink()
    assert f"its part 3 of 3 is missing. Put {three.name}" in refusal(one)
    renamed = one.rename(tmp_path / "mine.gguf")
    assert "part 1 of 3 of a model and was renamed" in refusal(renamed)


@pytest.mark.parametrize(
    "name", ["a b.gguf", "für.gguf", "\u3000.gguf", "🔥.gguf", "a'\"b.gguf", "model"]
)
def test_a_model_may_have_any_name(name: str, tmp_path: Path) -> None:
    found = check_model_file(write_gguf(tmp_path / name), "It")
    assert found.is_familiar
    link = tmp_path / "link"
    link.symlink_to(tmp_path / name)
    assert check_model_file(link, "It").bytes == found.bytes


def test_a_kind_that_is_not_familiar_is_told(tmp_path: Path) -> None:
    assert not check_model_file(write_gguf(tmp_path / "x", "zebra9"), "It").is_familiar


@given(st.integers(0, 2000), st.binary(min_size=1, max_size=8))
@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_damaged_header_is_refused_or_read(
    tmp_path: Path, at: int, noise: bytes
) -> None:
    good = tmp_path / "good.gguf"
    whole = (good if good.exists() else write_gguf(good)).read_bytes()
    path = tmp_path / "bad.gguf"
    path.write_bytes(whole[:at] + noise + whole[at + len(noise) :])
    with suppress(EngineError):
        check_model_file(path, "It")


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match="no longer there"):
        check_model_file(tmp_path / "gone.gguf", "It")
    with pytest.raises(EngineError, match="cannot be read"):
        check_model_file(tmp_path, "It")


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX has these")
@pytest.mark.parametrize("kind", ["pipe", "link to a pipe", "device", "standard input"])
def test_what_may_never_give_a_byte_is_not_opened(kind: str, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.gguf"
    os.mkfifo(pipe)
    (tmp_path / "link.gguf").symlink_to(pipe)
    reading, writing = os.pipe()
    paths = {
        "pipe": pipe,
        "link to a pipe": tmp_path / "link.gguf",
        "device": Path("/dev/tty"),
        "standard input": Path(f"/dev/fd/{reading}"),
    }
    try:
        with pytest.raises(EngineError, match="cannot be read"):
            check_model_file(paths[kind], "It")
    finally:
        os.close(reading)
        os.close(writing)


def test_the_need_of_memory_is_told(tmp_path: Path) -> None:
    path = tmp_path / "model.gguf"
    with path.open("wb") as file:
        file.truncate(4 * 1024**3)
    assert "needs about 4.5 GB" in memory_detail(path)
    assert ("is free" in memory_detail(path)) == bool(available_memory())
    assert memory_detail(tmp_path / "gone") == ""
