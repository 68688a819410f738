"""Finds out which program a bundle comes from, and reads it with that parser."""

import re
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final, Self

from backend.errors import HearthError
from backend.importing import (
    chatbox,
    chatgpt,
    claude,
    hearth,
    jan,
    lm_studio,
    open_webui,
)
from backend.importing.bundles import Bundle, check_total
from backend.importing.identity import settle
from backend.importing.limits import MAX_CONVERSATIONS, too_large, unknown
from backend.importing.records import (
    ConversationRow,
    Row,
    Skip,
    Source,
    Talk,
    Tally,
)
from backend.importing.stream import Readable, entries, lines, whole

_SHARD: Final = re.compile(r"(?:.*/)?conversations(?:-\d+)?\.json")
_LOOKED_AT: Final = 1_000
_TRIED: Final = 20
_FAULTS: Final = (TypeError, ValueError, KeyError, AttributeError, RecursionError)
_LISTS: Final[dict[Source, Callable[[object, Tally], Talk | None]]] = {
    Source.CHATGPT: chatgpt.read,
    Source.CLAUDE: claude.read,
    Source.OPEN_WEBUI: open_webui.read,
}
_SIGNS: Final = {
    "mapping": Source.CHATGPT,
    "chat_messages": Source.CLAUDE,
    "chat": Source.OPEN_WEBUI,
    "history": Source.OPEN_WEBUI,
}


@dataclass(slots=True)
class Reading:
    """A bundle that was recognised.

    Attributes:
        names: The files that will be read.
        total: How many bytes they have.
        done: How many bytes have been read.
    """

    bundle: Bundle
    source: Source
    names: list[str]
    total: int
    done: int = 0

    def rows(self, tally: Tally) -> Iterator[Row]:
        """Yield everything that can be imported, and count it and the rest.

        Raises:
            InvalidInputError: The file is damaged.
            TooLargeError: It holds too much.
        """
        seen: set[str] = set()
        for row in self._rows(tally):
            if isinstance(row, ConversationRow) and not row.messages:
                tally.skip(Skip.EMPTY)
            elif row.id in seen:
                tally.skip(Skip.TWICE)
            else:
                seen.add(row.id)
                if len(seen) > MAX_CONVERSATIONS:
                    raise too_large("This holds more than 200,000 conversations.")
                tally.count(row)
                yield row

    def _rows(self, tally: Tally) -> Iterator[Row]:
        for name in self.names:
            if self.source is Source.HEARTH:
                yield from self._own(name, tally)
                continue
            for talk in self._talks(name, tally):
                if talk.said:
                    yield settle(self.source, talk)
                else:
                    tally.skip(Skip.EMPTY)

    def _talks(self, name: str, tally: Tally) -> Iterator[Talk]:
        if self.source is Source.JAN:
            yield from self._guarded(tally, lambda: self._thread(name, tally))
        elif self.source is Source.LM_STUDIO:
            with self._open(name) as file:
                item = whole(file)
            key = name.rpartition("/")[2]
            yield from self._guarded(tally, lambda: lm_studio.read(item, key, tally))
        elif self.source is Source.CHATBOX:
            yield from self._sessions(name, tally)
        else:
            read = _LISTS[self.source]
            for item in self._items(name):
                if isinstance(item, dict):
                    yield from self._guarded(tally, lambda item=item: read(item, tally))  # type: ignore[misc]  # bound now
                else:
                    tally.skip(Skip.UNREADABLE)

    def _guarded(self, tally: Tally, read: Callable[[], Talk | None]) -> Iterator[Talk]:
        try:
            talk = read()
        except _FAULTS:
            talk = None
        if talk is None:
            tally.skip(Skip.UNREADABLE)
        else:
            yield talk

    def _items(self, name: str) -> Iterator[Any]:
        """Yield the conversations of a list, or the only one."""
        with self._open(name) as file:
            for key, item in entries(file):
                if key:
                    break
                yield item
            else:
                return
        with self._open(name) as file:
            yield whole(file)

    def _sessions(self, name: str, tally: Tally) -> Iterator[Talk]:
        with self._open(name) as file:
            for key, item in entries(file):
                if not chatbox.holds_session(key):
                    continue
                try:
                    yield from chatbox.read(item, tally)
                except _FAULTS:
                    tally.skip(Skip.UNREADABLE)

    def _thread(self, name: str, tally: Tally) -> Talk | None:
        folder, _, _ = name.rpartition("/")
        with self._open(name) as file:
            item = whole(file)
        messages = f"{folder}/messages.jsonl" if folder else "messages.jsonl"
        if messages not in self.bundle.sizes:
            return jan.read(item, [], folder, tally)
        with self._open(messages) as file:
            return jan.read(item, lines(file), folder, tally)

    def _own(self, name: str, tally: Tally) -> Iterator[Row]:
        with self._open(name) as file:
            for key, item in entries(file):
                row: Row | None = None
                if key == "version":
                    hearth.check_version(item)
                elif key == "conversations":
                    row = hearth.read_conversation(item, tally)
                elif key == "notes":
                    row = hearth.read_note(item, tally)
                if row:
                    yield row

    def _open(self, name: str) -> "_Metered":
        return _Metered(self, self.bundle.open(name))


class _Metered:
    """A file whose reading is counted."""

    def __init__(self, reading: Reading, file: Readable) -> None:
        self._reading = reading
        self._file = file

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of it."""
        self._file.close()

    def read(self, size: int, /) -> bytes:
        """Return at most so many bytes; none at the end."""
        piece = self._file.read(size)
        self._reading.done += len(piece)
        return piece


def recognise(bundle: Bundle) -> Reading:
    """Return how to read a bundle.

    Raises:
        InvalidInputError: It comes from no known program, or is damaged.
        TooLargeError: It is too large.
    """
    source, names = _named(bundle)
    read = [*names]
    if source is Source.JAN:
        read += [name for name in bundle.sizes if name.endswith("messages.jsonl")]
    total = check_total([bundle.sizes[name] for name in read])
    return Reading(bundle, source, names, total)


def _named(bundle: Bundle) -> tuple[Source, list[str]]:
    names = sorted(n for n in bundle.sizes if not n.rpartition("/")[2].startswith("._"))
    threads = [n for n in names if n.rpartition("/")[2] == "thread.json"]
    if threads:
        return Source.JAN, threads
    kept = [n for n in names if n.endswith(".conversation.json")]
    if kept:
        return Source.LM_STUDIO, kept
    shards = [n for n in names if _SHARD.fullmatch(n)]
    others = [n for n in names if n.endswith(".json")] or names
    for name in (shards or others)[:_TRIED]:
        if source := _source_of(bundle, name, is_only=len(names) == 1):
            return source, shards or [name]
    raise unknown()


def _source_of(bundle: Bundle, name: str, *, is_only: bool) -> Source | None:
    check_total([bundle.sizes[name]])
    try:
        with closing(bundle.open(name)) as file:
            found = (_classify(*entry) for entry in islice(entries(file), _LOOKED_AT))
            return next((source for source in found if source), None)
    except HearthError:
        if is_only:
            raise
        return None


def _classify(key: str, item: object) -> Source | None:
    """Return which program's export has such an entry."""
    if not key:
        keys = item if isinstance(item, dict) else ()
        return next((source for sign, source in _SIGNS.items() if sign in keys), None)
    if key == "format" and item == hearth.FORMAT:
        return Source.HEARTH
    if key in chatbox.MARKS or key.startswith("session:"):
        return Source.CHATBOX
    if key == "messages" and isinstance(item, dict) and "versions" in item:
        return Source.LM_STUDIO
    return _SIGNS.get(key)
