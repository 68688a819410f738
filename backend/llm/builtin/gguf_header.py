"""Reads what the header of a GGUF file tells, without its tensors.

The format is little-endian: magic, version, counts, then keys with typed values, then
the tensors' names, shapes and places. Lists of text (the vocabulary) are passed over.
"""

import struct
from collections.abc import Mapping
from pathlib import Path
from typing import BinaryIO, Final

from msgspec import Struct

from backend.runtime.regular_files import open_regular

MAGIC: Final = b"GGUF"
VERSIONS: Final = (2, 3)

_FIXED: Final = {
    0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q",
    12: "d",
}  # fmt: skip
_TEXT: Final = 8
_LIST: Final = 9
_MOST_BYTES: Final = 64 * 1024 * 1024
_MOST_ENTRIES: Final = 100_000
_MOST_TEXTS: Final = 10_000_000
_LONGEST_TEXT: Final = 1024 * 1024
_MOST_DIMENSIONS: Final = 4
_ALIGNMENT: Final = 32
# Bytes and elements of a block, by the number of a format.
_BLOCKS: Final = {
    0: (4, 1), 1: (2, 1), 2: (18, 32), 3: (20, 32), 6: (22, 32), 7: (24, 32),
    8: (34, 32), 9: (36, 32), 10: (84, 256), 11: (110, 256), 12: (144, 256),
    13: (176, 256), 14: (210, 256), 15: (292, 256), 16: (66, 256), 17: (74, 256),
    18: (98, 256), 19: (50, 256), 20: (18, 32), 21: (110, 256), 22: (82, 256),
    23: (136, 256), 24: (1, 1), 25: (2, 1), 26: (4, 1), 27: (8, 1), 28: (8, 1),
    29: (56, 256), 30: (2, 1), 34: (54, 256), 35: (66, 256), 39: (17, 32),
}  # fmt: skip

Value = str | int | float | bool


class HeaderError(ValueError):
    """The file is no GGUF file that can be read; the text says what it is."""


class CutShortError(HeaderError):
    """The file ends within its header."""


class Header(Struct, frozen=True, kw_only=True):
    """What a header tells.

    Attributes:
        values: The single values, by their keys.
        needs_bytes: How long a whole file is at least.
        has_new_format: Some of its numbers are written in a way not known here.
    """

    values: Mapping[str, Value]
    tensors: int
    needs_bytes: int
    has_new_format: bool = False

    def text(self, key: str) -> str:
        """Return a value that is a text, "" when there is none."""
        value = self.values.get(key, "")
        return value if isinstance(value, str) else ""

    def number(self, key: str) -> int:
        """Return a value that is a whole number, 0 when there is none."""
        value = self.values.get(key, 0)
        return value if isinstance(value, int) else 0


def read_header(path: Path, *, is_brief: bool = False) -> Header:
    """Read the header of a file.

    Args:
        path: Of the file.
        is_brief: Stop before the vocabulary, which is nearly all of a header: what
            kind of model it is stands before it.

    Raises:
        OSError: The file cannot be read.
        HeaderError: It is no GGUF file, or a damaged one.
    """
    with open_regular(path) as file:
        return _Reader(file).header(is_brief=is_brief)


class _Reader:
    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._has_new_format = False

    def header(self, *, is_brief: bool) -> Header:
        if self._file.read(len(MAGIC)) != MAGIC:
            raise HeaderError("it is not a GGUF file")
        version = self._number("I")
        if version not in VERSIONS:
            if not version & 0xFFFF:
                raise HeaderError("it is written for another kind of processor")
            raise HeaderError(f"its version {version} is not supported")
        tensors, entries = self._number("Q"), self._number("Q")
        if tensors > _MOST_ENTRIES or not 0 < entries <= _MOST_ENTRIES:
            raise HeaderError("it is damaged")
        values = self._entries(entries, is_brief=is_brief)
        end = (
            0 if is_brief else max((self._tensor() for _ in range(tensors)), default=0)
        )
        alignment = values.get("general.alignment", _ALIGNMENT)
        if not isinstance(alignment, int) or not 0 < alignment <= _MOST_BYTES:
            raise HeaderError("it is damaged")
        start = -(-self._file.tell() // alignment) * alignment
        needs = start + end if end else self._file.tell()
        return Header(
            values=values,
            tensors=tensors,
            needs_bytes=needs,
            has_new_format=self._has_new_format,
        )

    def _entries(self, count: int, *, is_brief: bool) -> dict[str, Value]:
        values, keys = dict[str, Value](), set[str]()
        for _ in range(count):
            key = self._text()
            if key in keys:
                raise HeaderError("it is damaged")
            keys.add(key)
            if is_brief and key.startswith("tokenizer."):
                break
            kind = self._number("I")
            if kind == _LIST:
                self._pass_list()
            elif kind == _TEXT:
                values[key] = self._text()
            else:
                values[key] = self._fixed(kind)
        return values

    def _tensor(self) -> int:
        """Return where the data of the next tensor ends."""
        self._text()
        dimensions = self._number("I")
        if dimensions > _MOST_DIMENSIONS:
            raise HeaderError("it is damaged")
        elements = 1
        for _ in range(dimensions):
            elements *= self._number("Q")
        number = self._number("I")
        self._has_new_format |= number not in _BLOCKS
        size, block = _BLOCKS.get(number, (0, 1))
        return self._number("Q") + elements // block * size

    def _bytes(self, count: int) -> bytes:
        if count > _MOST_BYTES:
            raise HeaderError("it is damaged")
        found = self._file.read(count)
        if len(found) < count:
            raise CutShortError("it is incomplete")
        return found

    def _number(self, code: str) -> int:
        return int(self._unpack(code))

    def _fixed(self, kind: int) -> Value:
        code = _FIXED.get(kind)
        if code is None:
            raise HeaderError("it is damaged")
        return self._unpack(code)

    def _unpack(self, code: str) -> Value:
        value: Value
        (value,) = struct.unpack(f"<{code}", self._bytes(struct.calcsize(f"<{code}")))
        return value

    def _text(self) -> str:
        length = self._number("Q")
        if length > _LONGEST_TEXT:
            raise HeaderError("it is damaged")
        return self._bytes(length).decode("utf-8", "replace")

    def _pass_list(self) -> None:
        kind, count = self._number("I"), self._number("Q")
        if kind in _FIXED:
            self._bytes(struct.calcsize(f"<{_FIXED[kind]}") * count)
        elif kind == _TEXT and count <= _MOST_TEXTS:
            self._pass_texts(count)
        else:
            raise HeaderError("it is damaged")

    def _pass_texts(self, count: int) -> None:
        # Without helpers: a vocabulary has 300,000 of them.
        read = self._file.read
        for _ in range(count):
            length = int.from_bytes(head := read(8), "little")
            if length > _LONGEST_TEXT:
                raise HeaderError("it is damaged")
            if len(head) < 8 or len(read(length)) < length:  # noqa: PLR2004 of a length
                raise CutShortError("it is incomplete")
