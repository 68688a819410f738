"""Cuts what a server sends into events, in whatever pieces and form it comes.

By the standard of server-sent events (WHATWG HTML, 9.2): any line end, a byte order
mark, comments, unknown fields, data in several lines. Beyond it: data counts as soon as
it is a whole JSON value, because some servers part events by no empty line; a field
`error` and lines of plain JSON count too, and so does a body that is only JSON.
"""

import codecs
import re
from enum import Enum, auto
from typing import Final

from msgspec import Struct

ERROR: Final = "error"

_LINE_END: Final = re.compile(rb"\r\n|\n|\r")
_SIGNS: Final = re.compile(r'["{}\[\]]|\\.?', re.DOTALL)
_OPENING: Final = ("{", "[")
_FIELD: Final = re.compile(r"(?:data|event|id|retry|error)?:")
_BLANKS: Final = b" \t\r\n"


class TooLongError(ValueError):
    """An event is longer than any answer."""


class ServerEvent(Struct, frozen=True):
    """One event: its data, and what kind of event the server calls it."""

    data: str
    name: str = ""


class Form(Enum):
    """What a body is, judged by how it begins."""

    UNKNOWN = auto()
    EVENTS = auto()
    JSON = auto()
    PAGE = auto()


class EventReader:
    """Cuts a body into events.

    Attributes:
        form: What the body is.
    """

    def __init__(self, line_bytes: int) -> None:
        self.form = Form.UNKNOWN
        self._line_bytes = line_bytes
        self._start = b""
        self._line: list[bytes] = []
        self._line_size = 0
        self._ended_in_cr = False
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._values = _JsonValues(line_bytes)
        self._is_raw = False
        self._name = ""
        self._latest = ""
        self._events: list[ServerEvent] = []
        self._failure: TooLongError | None = None

    def feed(self, data: bytes) -> list[ServerEvent]:
        """Take what was read and return the events it completed.

        Raises:
            TooLongError: An event is too long; what came before it was returned.
        """
        if self._failure is not None:
            raise self._failure
        try:
            self._feed(data)
        except TooLongError as exc:
            if not self._events:
                raise
            self._failure = exc
        return self._take()

    def end(self) -> list[ServerEvent]:
        """Return what is left when the body has ended, with or without a line end."""
        if self.form is Form.JSON and self._values.is_open:
            # It only began like JSON, or was cut off.
            rest = self._values.take_rest().encode("utf-8", "replace")
            self.form = Form.EVENTS
            self._feed_lines(rest)
        if self.form is Form.EVENTS:
            self._read_line(self._take_line(b""))
        self._flush()
        return self._take()

    def _take(self) -> list[ServerEvent]:
        events, self._events = self._events, []
        return events

    def _feed(self, data: bytes) -> None:
        if self.form is Form.UNKNOWN:
            data = self._begin(self._start + data)
        if self.form is Form.EVENTS:
            self._feed_lines(data)
        elif self.form is Form.JSON:
            for value in self._values.feed(self._decoder.decode(data)):
                self._emit(value)

    def _begin(self, start: bytes) -> bytes:
        """Tell the form by the first sign; return what is to be read by now."""
        body = start.removeprefix(codecs.BOM_UTF8)
        first = body.lstrip(_BLANKS)[:1]
        if codecs.BOM_UTF8.startswith(start) or not first:
            # Of blanks one is enough to know that no mark comes any more.
            self._start = start if len(start) <= len(codecs.BOM_UTF8) else b"\n"
            return b""
        forms = {b"{": Form.JSON, b"[": Form.JSON, b"<": Form.PAGE}
        self.form = forms.get(first, Form.EVENTS)
        return body

    def _feed_lines(self, data: bytes) -> None:
        if self._ended_in_cr:
            data = data.removeprefix(b"\n")
        if not data:
            return
        self._ended_in_cr = data.endswith(b"\r")
        *ends, rest = _LINE_END.split(data)
        for end in ends:
            self._read_line(self._take_line(end))
        self._line.append(rest)
        self._line_size += len(rest)
        if self._line_size > self._line_bytes:
            raise TooLongError("a line is too long")

    def _take_line(self, end: bytes) -> str:
        if self._line_size + len(end) > self._line_bytes:
            raise TooLongError("a line is too long")
        line = b"".join((*self._line, end))
        self._line, self._line_size = [], 0
        return line.decode("utf-8", "replace")

    def _read_line(self, line: str) -> None:
        if self._is_raw and _FIELD.match(line):
            self._flush()
        if not line:
            self._flush()
        elif self._is_raw or line.startswith(_OPENING):
            self._read_data(line)
            self._is_raw = self._values.is_open
        else:
            name, _, value = line.partition(":")
            self._read_field(name.strip(), value.removeprefix(" "))

    def _read_field(self, name: str, value: str) -> None:
        match name:
            case "data":
                self._read_data(value)
            case "event":
                self._name = value.strip().lower()
                if self._name == ERROR and self._latest:
                    # It was announced as data before it was said to be an error.
                    self._emit(self._latest)
            case "error":
                self._events.append(ServerEvent(value.strip(), ERROR))
            case _:
                pass  # The standard's own, and those it does not know.

    def _read_data(self, value: str) -> None:
        if self._values.is_open or value.lstrip().startswith(_OPENING):
            for found in self._values.feed(value + "\n"):
                self._emit(found)
        # A comment can come wrapped as data.
        elif (word := value.strip()) and not word.startswith(":"):
            self._emit(word)

    def _emit(self, data: str) -> None:
        self._latest = data
        self._events.append(ServerEvent(data, self._name))

    def _flush(self) -> None:
        """End an event; what of it is no whole value is returned line by line."""
        for line in self._values.take_rest().splitlines():
            if line.strip():
                self._emit(line.strip())
        self._name = self._latest = ""
        self._is_raw = False


class _JsonValues:
    """Finds the objects and arrays in a text that comes in pieces."""

    def __init__(self, max_chars: int) -> None:
        self._max_chars = max_chars
        self._pieces: list[str] = []
        self._size = 0
        self._depth = 0
        self._is_in_string = False
        self._escapes = False

    @property
    def is_open(self) -> bool:
        """Whether a value has begun and not ended."""
        return self._depth > 0

    def feed(self, text: str) -> list[str]:
        """Return the values that the text completed.

        Raises:
            TooLongError: A value is too long.
        """
        values, start = list[str](), 0
        begin = 1 if self._escapes and text else 0
        self._escapes = self._escapes and not begin
        for found in _SIGNS.finditer(text, begin):
            was_open = self.is_open
            self._read_sign(found[0])
            if self.is_open and not was_open:
                start = found.start()
            elif was_open and not self.is_open:
                values.append("".join((*self._pieces, text[start : found.end()])))
                self._pieces, self._size = [], 0
        if self.is_open:
            self._keep(text[start:])
        return values

    def take_rest(self) -> str:
        """Return a value that has no end, and forget it."""
        rest = "".join(self._pieces)
        self._pieces, self._size, self._depth = [], 0, 0
        self._is_in_string = self._escapes = False
        return rest

    def _keep(self, text: str) -> None:
        self._pieces.append(text)
        self._size += len(text)
        if self._size > self._max_chars:
            raise TooLongError("an event is too long")

    def _read_sign(self, sign: str) -> None:
        if self._is_in_string:
            self._is_in_string = sign != '"'
            self._escapes = sign == "\\"
        elif sign == '"':
            self._is_in_string = self.is_open
        elif sign in _OPENING:
            self._depth += 1
        elif self.is_open and sign in ("}", "]"):
            self._depth -= 1
