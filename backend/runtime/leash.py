"""The leash: stdin, whose first line says what is wanted and whose end means exit."""

import os
import queue
import sys
import threading
from collections.abc import Callable
from typing import Final

from backend.interface.protocol import Hello, LineReader, ProtocolError

if sys.platform != "win32":
    import fcntl

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

    def first_line(self) -> str | None:
        """Return what was said first; None when nothing was."""
        line = self._first.get()
        self._is_held.set()
        return line

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
        # Without a first line that is understood, the end means nothing.
        self._is_held.wait()
        self._on_end()


def signal_at_end(number: int) -> None:
    """Have the kernel signal this process when its leash ends, whatever Python does.

    Other systems than Linux send SIGIO, which ends a process, whatever is asked for.
    A leash that is no pipe has the thread alone.
    """
    if sys.platform == "win32":
        return
    try:
        fcntl.fcntl(_STDIN, fcntl.F_SETOWN, os.getpid())
        if sys.platform == "linux":
            fcntl.fcntl(_STDIN, fcntl.F_SETSIG, number)
        flags = fcntl.fcntl(_STDIN, fcntl.F_GETFL)
        fcntl.fcntl(_STDIN, fcntl.F_SETFL, flags | os.O_ASYNC)
    except OSError:
        pass
