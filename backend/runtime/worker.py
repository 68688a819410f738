"""Runs work in a process of its own, which may be ended at any moment.

The two speak JSON lines: one that asks, any number that answer.
"""

import contextlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Generator
from pathlib import Path
from typing import IO, Any, Final, cast

import backend

if sys.platform != "win32":
    import fcntl
    import select

_STDIN: Final = 0


class Job:
    """The asking side; `cancel` may be called from any thread."""

    def __init__(self, module: str, asked: dict[str, Any]) -> None:
        """Start a module that takes its job with `take_job`.

        What is asked goes through the pipe: argv and environment can be read by others.
        """
        self._process = subprocess.Popen(  # noqa: S603 our own module
            [sys.executable, "-m", module],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=Path(backend.__file__).parents[1],
        )
        self._stdin = cast("IO[bytes]", self._process.stdin)
        self._stdout = cast("IO[bytes]", self._process.stdout)
        # A process that died at once has no reader; `answers` ends early then.
        with contextlib.suppress(BrokenPipeError):
            self._stdin.write(json.dumps(asked).encode() + b"\n")
            self._stdin.flush()

    def answers(self) -> Generator[Any, None, None]:
        """Yield the answers while the process lives; it is gone when this ends."""
        try:
            for line in self._stdout:
                if not line.endswith(b"\n"):
                    break
                yield json.loads(line)
        finally:
            self._reap()

    def cancel(self) -> None:
        """End the process now."""
        self._process.kill()

    def _reap(self) -> None:
        self._process.kill()
        self._process.wait()
        self._stdout.close()
        with contextlib.suppress(BrokenPipeError):
            self._stdin.close()


def take_job() -> Any:  # noqa: ANN401 what was asked, in JSON
    """Return what this process is asked for; from now on it ends with its parent."""
    asked = json.loads(sys.stdin.readline())
    end_with_leash()
    return asked


def end_with_leash() -> None:
    """End when stdin does, also while a statement holds the interpreter lock.

    A copy that outlived its sidecar would meet the next one's under the same name.
    """
    if sys.platform != "win32":
        # Nobody handles SIGIO, so the kernel ends this process by it.
        fcntl.fcntl(_STDIN, fcntl.F_SETOWN, os.getpid())
        flags = fcntl.fcntl(_STDIN, fcntl.F_GETFL)
        fcntl.fcntl(_STDIN, fcntl.F_SETFL, flags | os.O_ASYNC)
        # It sends none for an end that came before: nothing else is to be read here.
        if select.select([_STDIN], [], [], 0)[0]:
            os._exit(0)
    threading.Thread(target=_follow_leash, daemon=True).start()


def answer(told: dict[str, Any]) -> None:
    """Tell the asking side something, at the latest when this process finishes."""
    sys.stdout.write(json.dumps(told) + "\n")


def finish() -> None:
    """End this process.

    A daemon thread that holds stdin's lock would abort an orderly end.
    """
    sys.stdout.flush()
    os._exit(0)


def _follow_leash() -> None:
    sys.stdin.buffer.read()
    os._exit(0)
