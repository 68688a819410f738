"""The leash: stdin, whose first line is the hello and whose end means exit."""

import os
import queue
import threading
from collections.abc import Callable
from typing import Final

from backend.protocol import Hello, LineReader, ProtocolError

HELLO_TIMEOUT_S: Final = 10.0
_STDIN: Final = 0
_CHUNK: Final = 64 * 1024


class Leash:
    """Reads stdin in a thread of its own."""

    def __init__(self, on_end: Callable[[], None]) -> None:
        self._on_end = on_end
        self._is_held = threading.Event()
        self._first: queue.SimpleQueue[str | None] = queue.SimpleQueue()

    def follow(self) -> None:
        """Start reading."""
        threading.Thread(target=self._read, name="leash", daemon=True).start()

    def hello(self, timeout: float = HELLO_TIMEOUT_S) -> Hello:
        """Return what the shell said first.

        Raises:
            ProtocolError: It said nothing in time, or something else.
        """
        try:
            line = self._first.get(timeout=timeout)
        except queue.Empty:
            line = None
        if line is None:
            raise ProtocolError("no hello came on stdin")
        hello = Hello.from_line(line)
        self._is_held.set()
        return hello

    def _read(self) -> None:
        reader = LineReader()
        try:
            while data := os.read(_STDIN, _CHUNK):
                for line in reader.feed(data):
                    self._first.put(line)
        except OSError:
            # Closed or broken is the end as well.
            pass
        self._first.put(None)
        # A leash nobody ever held has no end.
        self._is_held.wait()
        self._on_end()
