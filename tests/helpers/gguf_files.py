"""Writes small GGUF files, good ones and bad ones."""

import struct
from pathlib import Path

import gguf
import numpy as np

Value = str | int | bool


def write_gguf(
    path: Path,
    architecture: str = "llama",
    *,
    tensors: int = 2,
    vocabulary: int = 8,
    **values: Value,
) -> Path:
    """Write a file with a header like a model's; a double underscore is a dot."""
    writer = gguf.GGUFWriter(path, architecture)
    for key, value in values.items():
        _add(writer, key.replace("__", "."), value)
    if vocabulary:
        writer.add_tokenizer_model("llama")
        writer.add_token_list([f"token {n}".encode() for n in range(vocabulary)])
    for number in range(tensors):
        weights = np.zeros((32, 32), np.float32)
        writer.add_tensor(f"blk.{number}.weight", weights)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def write_in_new_format(path: Path) -> Path:
    """Write a file with numbers in a format nobody knows yet."""
    content, name = bytearray(write_gguf(path).read_bytes()), b"blk.0.weight"
    # Behind the name of a tensor: how many dimensions, two of them, the format.
    struct.pack_into("<I", content, content.index(name) + len(name) + 4 + 16, 199)
    path.write_bytes(content)
    return path


def write_parts(folder: Path, name: str = "model", count: int = 3) -> list[Path]:
    """Write a model in parts; return their paths."""
    paths = [folder / f"{name}-{n:05}-of-{count:05}.gguf" for n in range(1, count + 1)]
    for number, path in enumerate(paths):
        vocabulary = 0 if number else 8
        write_gguf(
            path,
            vocabulary=vocabulary,
            tensors=bool(number),
            split__no=number,
            split__count=count,
        )
    return paths


def _add(writer: gguf.GGUFWriter, key: str, value: Value) -> None:
    match value:
        case bool():
            writer.add_bool(key, value)
        case int():
            writer.add_uint32(key, value)
        case str():
            writer.add_string(key, value)
