"""Writes the user's own words as a dictionary that Chromium reads (BDICT, version 2).

A header with the MD5 of the rest, four lists of affixes, all empty here, and a tree of
the words' bytes: a leaf holds how a word ends, a list or a table holds children.
"""

import hashlib
import struct
from collections.abc import Iterable, Mapping
from typing import Final

_MAGIC: Final = b"BDic"
_HEADER_BYTES: Final = 32
_AFFIXES: Final = b"AF 0\0\0" + b"\0" * 3
"""No groups of affixes, no rules, no replacements, nothing else."""
_NO_AFFIX: Final = b"\0\0"
_ENDING: Final = b"\x40\0"
_LIST: Final = 0xE0
_LIST_MAX: Final = 15
_TABLE: Final = 0xC0
_MAX_OFFSET: Final = {"list": 0xFF, "table": 0xFFFF}


def dictionary_of(words: Iterable[str]) -> bytes:
    """Return a dictionary with these words.

    Raises:
        ValueError: They are too many.
    """
    keys = sorted({word.encode() for word in words if word and "\0" not in word})
    at = _HEADER_BYTES + 16 + 2  # the lists of affixes begin after two line ends
    ends = (at, at + 6, at + 7, at + 8)
    affixes = struct.pack("<4I", *ends) + b"\n\n" + _AFFIXES
    body = affixes + _node(keys, is_root=True)
    start = struct.pack(
        "<4sHHII", _MAGIC, 2, 0, _HEADER_BYTES, _HEADER_BYTES + len(affixes)
    )
    return start + hashlib.md5(body, usedforsecurity=False).digest() + body


def _node(endings: list[bytes], *, is_root: bool = False) -> bytes:
    if len(endings) == 1 and not is_root:
        return _ENDING + endings[0] + b"\0" if endings[0] else _NO_AFFIX
    groups: dict[int, list[bytes]] = {}
    for ending in endings:
        groups.setdefault(ending[0] if ending else 0, []).append(ending[1:])
    children = {letter: _node(group) for letter, group in groups.items()}
    return _list(children) or _table(children)


def _list(children: Mapping[int, bytes]) -> bytes:
    """Return children one after the other; nothing when they do not fit."""
    if len(children) > _LIST_MAX:
        return b""
    head, body = bytes([_LIST | len(children)]), b""
    for letter, node in children.items():
        if len(body) > _MAX_OFFSET["list"]:
            return b""
        head, body = head + bytes([letter, len(body)]), body + node
    return head + body


def _table(children: Mapping[int, bytes]) -> bytes:
    first, last = min(children), max(children)
    count = last - first + 1
    offsets, body = [0] * count, b""
    for letter, node in children.items():
        offsets[letter - first] = 3 + 2 * count + len(body)
        body += node
    if first == 0 or count > _MAX_OFFSET["list"] or max(offsets) > _MAX_OFFSET["table"]:
        raise ValueError("There are too many words.")
    return struct.pack(f"<3B{count}H", _TABLE, first, count, *offsets) + body
