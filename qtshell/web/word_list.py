"""Writes dictionaries that Chromium reads (BDICT, version 2).

A header with the MD5 of the rest, four lists of affixes, and a tree of the words'
bytes: a leaf holds how a word ends and which affixes it takes, a list or a table holds
children.
"""

import hashlib
import struct
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

_MAGIC: Final = b"BDic"
_HEADER_BYTES: Final = 32
_LEAF_ENDING: Final = 0x40
_LEAF_MORE: Final = 0x20
_LEAF_MAX: Final = 0x1FFE
_LEAF_END: Final = 0xFFFF
_AFFIXES_MAX: Final = 30
_LIST: Final = 0xE0
_LIST_WIDE: Final = 0x10
_LIST_MAX: Final = 15
_TABLE: Final = 0xC0
_TABLE_WIDE: Final = 0x02
_TABLE_WORD_END: Final = 0x01
_NEAR: Final = 0xFFFF
_NEXT: Final = 0xFF
_LIKELY_NEAR: Final = 50_000
"""As many bytes of words are a tree whose parts are near each other."""

_Entry = tuple[bytes, tuple[int, ...]]


@dataclass(frozen=True, slots=True)
class Affixes:
    """What words can be made of others by.

    Attributes:
        groups: The flags that words have together; the first one is called 1.
        rules: Lines that say what a flag adds.
        replacements: What is often written for what.
        others: Other lines.
    """

    groups: Sequence[bytes] = ()
    rules: Sequence[bytes] = ()
    replacements: Sequence[bytes] = ()
    others: Sequence[bytes] = ()


def dictionary_of(words: Iterable[str]) -> bytes:
    """Return a dictionary with these words."""
    keys = {word.encode(): (0,) for word in words if word and "\0" not in word}
    return dictionary_with(keys, Affixes())


def dictionary_with(words: Mapping[bytes, tuple[int, ...]], affixes: Affixes) -> bytes:
    """Return a dictionary of words, each with the groups of affixes it takes."""
    groups = [b"AF %d" % len(affixes.groups), *(b"AF " + g for g in affixes.groups)]
    lists = [
        _lines(one)
        for one in (groups, affixes.rules, affixes.replacements, affixes.others)
    ]
    at = _HEADER_BYTES + 16 + 2  # the lists begin after two line ends
    ends = [at + sum(map(len, lists[:n])) for n in range(len(lists))]
    head = struct.pack("<4I", *ends) + b"\n\n" + b"".join(lists)
    tree_at = _HEADER_BYTES + len(head)
    body = head + _node(sorted(words.items()), tree_at, is_root=True)
    start = struct.pack("<4sHHII", _MAGIC, 2, 0, _HEADER_BYTES, tree_at)
    return start + hashlib.md5(body, usedforsecurity=False).digest() + body


def _lines(lines: Iterable[bytes]) -> bytes:
    return b"".join((line or b" ") + b"\0" for line in lines) + b"\0"


def _node(entries: list[_Entry], at: int, *, is_root: bool = False) -> bytes:
    """Return the tree of words with the same beginning, which stands at a place."""
    if len(entries) == 1 and not is_root:
        return _leaf(*entries[0])
    groups: dict[int, list[_Entry]] = {}
    for ending, ids in entries:
        groups.setdefault(ending[0] if ending else 0, []).append((ending[1:], ids))
    if sum(len(ending) for ending, _ in entries) < _LIKELY_NEAR:
        # Nothing in it is far away, so it is the same at every place.
        children = {letter: _node(group, 0) for letter, group in groups.items()}
        if near := _list(children) or _table(children):
            return near
    return _wide_table(groups, at)


def _leaf(ending: bytes, ids: tuple[int, ...]) -> bytes:
    first, *more = ids[:_AFFIXES_MAX] or (0,)
    if first > _LEAF_MAX:
        first, more = _LEAF_MAX + 1, [first, *more]
    kind = (_LEAF_ENDING if ending else 0) | (_LEAF_MORE if more else 0)
    leaf = bytes([kind | first >> 8, first & 0xFF])
    leaf += ending + b"\0" if ending else b""
    return leaf + struct.pack(f"<{len(more) + 1}H", *more, _LEAF_END) if more else leaf


def _list(children: Mapping[int, bytes]) -> bytes:
    """Return children one after the other; nothing when they do not fit."""
    if len(children) > _LIST_MAX:
        return b""
    places, body = [], b""
    for letter, node in children.items():
        places.append((letter, len(body)))
        body += node
    far = places[-1][1]
    if far > _NEAR:
        return b""
    kind, form = (_LIST, "<BB") if far <= _NEXT else (_LIST | _LIST_WIDE, "<BH")
    head = b"".join(struct.pack(form, *place) for place in places)
    return bytes([kind | len(children)]) + head + body


def _table(children: Mapping[int, bytes]) -> bytes:
    """Return children by their letters; nothing when they do not fit."""
    ends, first, count = _span(children)
    places, body = [0] * (ends + count), b""
    start = 3 + 2 * len(places)
    for letter, node in children.items():
        places[_index(letter, first, ends)] = start + len(body)
        body += node
    if max(places) > _NEAR:
        return b""
    head = bytes([_TABLE | (_TABLE_WORD_END if ends else 0), first, count])
    return head + struct.pack(f"<{len(places)}H", *places) + body


def _wide_table(groups: Mapping[int, list[_Entry]], at: int) -> bytes:
    """Return children by their letters, whose places are those in the file."""
    ends, first, count = _span(groups)
    places, body = [0] * (ends + count), bytearray()
    start = at + 3 + 4 * len(places)
    for letter, group in groups.items():
        places[_index(letter, first, ends)] = start + len(body)
        body += _node(group, start + len(body))
    kind = _TABLE | _TABLE_WIDE | (_TABLE_WORD_END if ends else 0)
    head = bytes([kind, first, count]) + struct.pack(f"<{len(places)}I", *places)
    return head + bytes(body)


def _span(letters: Iterable[int]) -> tuple[int, int, int]:
    """Return whether a word ends here, the first letter, and how many are to the last.

    The end of a word stands before the table, which would else be mostly empty.
    """
    found = sorted(letters)
    more = [letter for letter in found if letter]
    first = more[0] if more else 1
    return int(0 in found), first, (more[-1] - first + 1) if more else 0


def _index(letter: int, first: int, ends: int) -> int:
    return letter - first + ends if letter else 0
