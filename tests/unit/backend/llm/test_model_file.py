"""What is certainly no model is refused before a process starts for it."""

import os
import struct
import sys
from pathlib import Path

import pytest

from backend.errors import EngineError, EngineFault
from backend.llm.model_file import available_memory, check_model_file, memory_detail


def header(version: int = 3, tensors: int = 9, entries: int = 20) -> bytes:
    return struct.pack("<4sIQQ", b"GGUF", version, tensors, entries)


BAD = {
    "empty": (b"", "no GGUF"),
    "a text": (b"Once upon a time, there was a model.", "no GGUF"),
    "safetensors": (struct.pack("<Q", 99) + b'{"__metadata__"', "no GGUF"),
    "cut short": (header()[:20], "cut short"),
    "version 1": (header(version=1), "version 1"),
    "no tensors": (header(tensors=0), "damaged"),
    "too many entries": (header(entries=1 << 40), "damaged"),
}


@pytest.mark.parametrize(("content", "why"), BAD.values(), ids=BAD)
def test_a_file_that_is_no_model_is_refused(
    content: bytes, why: str, tmp_path: Path
) -> None:
    path = tmp_path / "model.gguf"
    path.write_bytes(content)
    with pytest.raises(EngineError, match=why) as caught:
        check_model_file(path, "It")
    assert caught.value.fault is EngineFault.BAD_MODEL_FILE


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


def test_a_good_header_passes(tmp_path: Path) -> None:
    path = tmp_path / "model.gguf"
    path.write_bytes(header())
    check_model_file(path, "It")


def test_the_need_of_memory_is_told(tmp_path: Path) -> None:
    path = tmp_path / "model.gguf"
    with path.open("wb") as file:
        file.truncate(4 * 1024**3)
    assert "needs about 4.5 GB" in memory_detail(path)
    assert ("is free" in memory_detail(path)) == bool(available_memory())
    assert memory_detail(tmp_path / "gone") == ""
