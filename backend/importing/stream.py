"""Reads the entries of a JSON file one by one, whatever the size of the file."""

import codecs
import json
import re
from collections.abc import Container, Iterator
from typing import Any, Final, Protocol

from backend.errors import InvalidInputError
from backend.importing.limits import MAX_ENTRY_CHARS, damaged, too_large, unknown

_CHUNK: Final = 1024 * 1024
_SPACE: Final = re.compile(r"[ \t\n\r]*")
_NESTED: Final = InvalidInputError(
    "This file is nested too deeply. Nothing was imported."
)


class Readable(Protocol):
    """What a file must do here."""

    def read(self, size: int, /) -> bytes:
        """Return at most so many bytes; none at the end."""
        ...

    def close(self) -> None:
        """Let go of it."""
        ...


def entries(file: Readable, opened: Container[str] = ()) -> Iterator[tuple[str, Any]]:
    """Yield the elements of the file's list, or the members of its object.

    A member that is a list is yielded element by element under its name, so that no
    more than one entry is held at a time. An element of a list has the name "".

    Args:
        file: What is read.
        opened: Members that are objects whose own members are yielded, as "a.b".

    Raises:
        InvalidInputError: The file is no JSON, was cut off, or is nested too deeply.
        TooLargeError: One entry is too large.
    """
    window = _Window(file)
    match window.peek():
        case "[":
            for element in _elements(window):
                yield "", element
        case "{":
            yield from _members(window, opened)
        case _:
            raise unknown()
    if window.peek():
        raise damaged()


def whole(file: Readable) -> Any:  # noqa: ANN401 any JSON
    """Return the one value of a small file.

    Raises:
        InvalidInputError: As for `entries`.
        TooLargeError: As for `entries`.
    """
    window = _Window(file)
    window.peek()
    return window.value()


def lines(file: Readable) -> Iterator[Any]:
    """Yield the values of a file with one on each line; None for a damaged line.

    Raises:
        TooLargeError: One line is too large.
    """
    window = _Window(file)
    while line := window.line():
        if line.strip():
            try:
                yield json.loads(line)
            except (ValueError, RecursionError):
                yield None


def _elements(window: "_Window") -> Iterator[Any]:
    window.expect("[")
    if window.peek() == "]":
        window.expect("]")
        return
    while True:
        yield window.value()
        if window.expect(",]") == "]":
            return


def _members(
    window: "_Window", opened: Container[str] = ()
) -> Iterator[tuple[str, Any]]:
    window.expect("{")
    if window.peek() == "}":
        window.expect("}")
        return
    while True:
        name = window.value() if window.peek() == '"' else None
        window.expect(":")
        if name is None:
            raise damaged()
        yield from _entries_of(name, window, opened)
        if window.expect(",}") == "}":
            return


def _entries_of(
    name: str, window: "_Window", opened: Container[str]
) -> Iterator[tuple[str, Any]]:
    """Yield what a member has."""
    if window.peek() == "[":
        for element in _elements(window):
            yield name, element
    elif name in opened and window.peek() == "{":
        for inner, value in _members(window):
            yield f"{name}.{inner}", value
    else:
        yield name, window.value()


class _Window:
    """The part of the text that is being looked at."""

    def __init__(self, file: Readable) -> None:
        self._file = file
        self._to_text: codecs.IncrementalDecoder | None = None
        self._json = json.JSONDecoder()
        self._text = ""
        self._at = 0
        self._has_ended = False

    def peek(self) -> str:
        """Return the next character that is no space; "" at the end."""
        while True:
            found = _SPACE.match(self._text, self._at)
            self._at = found.end() if found else self._at
            if self._at < len(self._text) or self._has_ended:
                return self._text[self._at : self._at + 1]
            self._grow()

    def line(self) -> str:
        """Take what is left of the line, with its end; "" at the end of the file."""
        while True:
            end = self._text.find("\n", self._at) + 1
            if end or self._has_ended:
                line = self._text[self._at : end or None]
                self._at += len(line)
                return line
            self._grow()

    def expect(self, allowed: str) -> str:
        """Take one of these characters."""
        found = self.peek()
        if not found or found not in allowed:
            raise damaged()
        self._at += 1
        return found

    def value(self) -> Any:  # noqa: ANN401 any JSON
        """Take a whole value, reading on until it is there."""
        self.peek()
        while True:
            try:
                found, end = self._json.raw_decode(self._text, self._at)
            except RecursionError:
                raise _NESTED from None
            except ValueError:
                end = -1
                found = None
            # A number that ends where the window does may go on.
            if end >= 0 and (end < len(self._text) or self._has_ended):
                self._at = end
                return found
            if self._has_ended:
                raise damaged()
            self._grow()

    def _grow(self) -> None:
        """Read on, twice as much each time, so that growing stays cheap."""
        kept = self._text[self._at :]
        if len(kept) > MAX_ENTRY_CHARS:
            raise too_large("One entry of this file is too large for Hearth.")
        piece = self._file.read(max(_CHUNK, len(kept)))
        self._has_ended = not piece
        if self._to_text is None:
            self._to_text = codecs.getincrementaldecoder(_encoding(piece))("replace")
        self._text = kept + self._to_text.decode(piece, final=self._has_ended)
        self._at = 0


def _encoding(start: bytes) -> str:
    """Return how a file is written: some systems save JSON as UTF-16."""
    return json.detect_encoding(start) if start else "utf-8"
