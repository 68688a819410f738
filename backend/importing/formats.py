"""Finds out which programs the files of a bundle come from."""

import re
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass, field
from itertools import islice
from typing import Final

from backend.errors import HearthError
from backend.importing.bundles import Bundle, check_total
from backend.importing.limits import MAX_FILE_BYTES, DamagedError, damaged, unknown
from backend.importing.programs import chatbox, cherry_studio, hearth
from backend.importing.reading import WRAPPERS, Reading, SourceFile, lists_in, source_of
from backend.importing.records import Skip, Source
from backend.importing.stream import entries, lines

_SHARD: Final = re.compile(r"(?:.*/)?conversations(?:-\d+)?\.json")
_PROJECTS: Final = re.compile(r"(?:.*/)?projects(?:/[^/]+)?\.json")
"""They say more of folders than the conversations in them."""
_LOOKED_AT: Final = 1_000
_THREAD: Final = "thread.json"
_MESSAGES: Final = "messages.jsonl"
_LM_STUDIO: Final = ".conversation.json"


@dataclass(slots=True)
class _Found:
    """What the files of a bundle are."""

    parts: list[SourceFile] = field(default_factory=list)
    left: list[tuple[Skip, str]] = field(default_factory=list)
    fault: HearthError | None = None


def recognise(bundle: Bundle) -> Reading:
    """Return how to read a bundle: each of its files by its own kind.

    Raises:
        InvalidInputError: None of them comes from a known program, or all that do
            are damaged.
        TooLargeError: They are too large together.
    """
    names = sorted(
        (n for n in bundle.sizes if not _base(n).startswith("._")),
        key=lambda n: (not _PROJECTS.fullmatch(n), n),
    )
    check_total([bundle.sizes[n] for n in names if _SHARD.fullmatch(n)])
    found = _Found(left=[(Skip.LARGE_FILE, name) for name in bundle.lost])
    for name in names:
        _look(bundle, name, found, is_only=len(names) == 1)
    if not found.parts:
        raise found.fault or unknown()
    read = [name for part in found.parts for name in part.files]
    total = check_total([bundle.sizes[name] for name in read])
    return Reading(bundle, found.parts, total, left=found.left)


def _look(bundle: Bundle, name: str, found: _Found, *, is_only: bool) -> None:
    """Find out what one file is."""
    if part := _by_name(bundle, name):
        found.parts += [part] if part.files else []
        return
    if bundle.sizes[name] > MAX_FILE_BYTES:
        if is_only:
            check_total([bundle.sizes[name]])
        found.left.append((Skip.LARGE_FILE, name))
        return
    try:
        source = _by_content(bundle, name)
    except HearthError as exc:
        if is_only:
            raise
        is_cut = isinstance(exc, DamagedError)
        found.left.append((Skip.DAMAGED if is_cut else Skip.FILE, name))
        found.fault = found.fault or (damaged(name) if is_cut else None)
        return
    if source:
        found.parts.append(SourceFile(source, name, (name,)))
    else:
        found.left.append((Skip.FILE, name))


def _by_name(bundle: Bundle, name: str) -> SourceFile | None:
    """Return what a name alone tells; a part without files belongs to another."""
    folder, base = name[: -len(_base(name))], _base(name)
    if base == _THREAD:
        pair = (name, folder + _MESSAGES)
        return SourceFile(Source.JAN, name, tuple(n for n in pair if n in bundle.sizes))
    if base == _MESSAGES:
        has_head = folder + _THREAD in bundle.sizes
        return SourceFile(Source.JAN, name, () if has_head else (name,))
    if base.endswith(_LM_STUDIO):
        return SourceFile(Source.LM_STUDIO, name, (name,))
    return None


def _by_content(bundle: Bundle, name: str) -> Source | None:
    with closing(bundle.open(name)) as file:
        if name.lower().endswith(".jsonl"):
            return _first(source_of(line) for line in islice(lines(file), _LOOKED_AT))
        found = entries(file, cherry_studio.OPENED)
        return _first(_classify(*e) for e in islice(found, _LOOKED_AT))


def _first(found: Iterable[Source | None]) -> Source | None:
    return next((source for source in found if source), None)


def _classify(key: str, item: object) -> Source | None:
    """Return which program's export has such an entry."""
    if not key:
        return source_of(item)
    if key == "format" and item == hearth.FORMAT:
        return Source.HEARTH
    if key in chatbox.MARKS or chatbox.holds_session(key):
        return Source.CHATBOX
    if cherry_studio.holds_topics(key, item):
        return Source.CHERRY_STUDIO
    if key in WRAPPERS and (source := _wrapped(item)):
        return source
    if key == "history" and isinstance(item, dict):
        # Of all programs only this one keeps lists of messages under that name.
        is_list = isinstance(item.get("messages"), list)
        return Source.CHATBOT_UI if is_list else source_of({key: item})
    return source_of({key: [item] if key == "messages" else item})


def _wrapped(item: object) -> Source | None:
    """Return the source of a list below a name, or of one below another name yet."""
    if source := source_of(item):
        return source
    return _first(
        source_of(one) for found in lists_in(item) for one in found[:_LOOKED_AT]
    )


def _base(name: str) -> str:
    return name.rpartition("/")[2]
