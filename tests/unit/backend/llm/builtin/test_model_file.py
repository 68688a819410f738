"""What is certainly no model is refused before a process starts for it."""

import os
import struct
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backend.errors import EngineError, EngineFault
from backend.llm.builtin.memory import available_memory
from backend.llm.builtin.model_file import (
    check_model_file,
    memory_detail,
    without_later_parts,
)
from tests.helpers.gguf_files import write_gguf, write_in_new_format, write_parts


def header(version: int = 3, tensors: int = 9, entries: int = 20) -> bytes:
    return struct.pack("<4sIQQ", b"GGUF", version, tensors, entries)


NO_MODEL = {
    "empty": (b"", "empty"),
    "a text": (b"Once upon a time, there was a model.", "not a GGUF"),
    "safetensors": (struct.pack("<Q", 99) + b'{"__metadata__"', "safetensors"),
    "a web page": (b"<!DOCTYPE html>", "a web page"),
    "a pointer": (b"version https://git-lfs.github.com/spec/v1", "only points"),
    "zeros": (bytes(64), "no content yet"),
    "a zip archive": (b"PK\x03\x04" + bytes(60), "packed"),
    "a gzip file": (b"\x1f\x8b" + bytes(60), "packed"),
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
    "pooled and causal": (
        {"architecture": "qwen3", "qwen3__pooling_type": 3},
        "embeddings",
    ),
    "pictures": ({"architecture": "flux", "vocabulary": 0}, "pictures"),
    "diffusion": ({"architecture": "llada"}, "diffusion"),
    "speech": ({"architecture": "wavtokenizer-dec"}, "speech"),
    "no vocabulary": ({"vocabulary": 0}, "vocabulary is missing"),
    "vocabulary alone": ({"tensors": 0}, "only a vocabulary"),
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


def test_a_bad_part_is_told_from_a_bad_model(tmp_path: Path) -> None:
    one, two, three = write_parts(tmp_path)
    whole = two.read_bytes()
    two.write_bytes(three.read_bytes())
    assert "part 2 of 3 belongs to another model" in refusal(one)
    two.write_bytes(b"<!DOCTYPE html>")
    assert "part 2 of 3 cannot be used: it is a web page" in refusal(one)
    two.unlink()
    two.symlink_to(tmp_path / "gone")
    assert "part 2 of 3 cannot be used: it is a link to a file" in refusal(one)
    two.unlink()
    two.write_bytes(whole)
    one.unlink()
    assert "part 2 of 3 of a model. Choose all parts" in refusal(two)


def test_parts_may_have_capital_letters_and_be_links(tmp_path: Path) -> None:
    linked = []
    for number, part in enumerate(write_parts(tmp_path), start=1):
        blob = part.rename(tmp_path / f"blob{number}")
        linked.append(tmp_path / f"Модель X-{number:05}-of-00003.GGUF")
        linked[-1].symlink_to(blob)
    found = check_model_file(linked[0], "It")
    assert found.weights == linked[0], "llama.cpp finds the others by this name"
    assert found.bytes == sum(part.stat().st_size for part in linked)


def test_parts_given_together_are_one_model(tmp_path: Path) -> None:
    one, two, three = write_parts(tmp_path)
    other = tmp_path / "other.gguf"
    assert without_later_parts([two, other, one, three]) == [other, one]
    assert without_later_parts([two, three]) == [two, three]


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


def test_a_new_format_of_numbers_is_not_familiar(tmp_path: Path) -> None:
    path = write_in_new_format(tmp_path / "model.gguf")
    assert not check_model_file(path, "It").is_familiar


def test_what_is_not_at_its_place_says_why(tmp_path: Path) -> None:
    (tmp_path / "dead").symlink_to(tmp_path / "gone.gguf")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    reasons = {
        "gone.gguf": "it is no longer there",
        "dead": "a link to a file that is no longer there",
        "loop": "leads back to itself",
        "n" * 300: "name is too long",
        "with a \0": "it is no longer there",
        ".": "it is a folder. Choose the GGUF file in it",
    }
    for name, why in reasons.items():
        assert why in refusal(tmp_path / name)


@contextmanager
def nobody() -> Iterator[None]:
    """Be somebody who may not read everything, as root may."""
    me = os.geteuid()
    os.seteuid(me or 65534)
    try:
        yield
    finally:
        os.seteuid(me)


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX has these")
@pytest.mark.parametrize("forbidden", ["the file", "its folder"])
def test_a_file_nobody_may_read_says_so(forbidden: str, tmp_path: Path) -> None:
    folder = tmp_path / "models"
    folder.mkdir()
    path = write_gguf(folder / "model.gguf")
    (path if forbidden == "the file" else folder).chmod(0)
    try:
        with nobody():
            why = refusal(path)
    finally:
        folder.chmod(0o700)
    assert "your account may not read it. Change its permissions" in why


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
        with pytest.raises(EngineError, match="a device or a pipe"):
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
