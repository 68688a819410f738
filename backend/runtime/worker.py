"""Runs work in a process of its own, which may be ended at any moment.

The two speak JSON lines: one that asks, any number that answer. The child gets a small
environment and ends with the process that started it, even by a kill.
"""

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Generator
from typing import IO, Any, Final, cast

from backend.installation import creation_flags, helper_environment, module_command
from backend.runtime.leash import Leash, signal_at_end

if sys.platform != "win32":
    import resource
    import select

_STDIN: Final = 0
_SIZE_BYTES: Final = 8
_PIECE_BYTES: Final = 1024 * 1024


class Job:
    """The asking side; `cancel` may be called from any thread."""

    def __init__(
        self,
        module: str,
        asked: dict[str, Any],
        *,
        network: bool = False,
        content: bytes | None = None,
        deadline_s: float | None = None,
    ) -> None:
        """Start a module that takes its job with `take_job`.

        What is asked goes through the pipe: argv and environment can be read by others.

        Args:
            module: Of ours.
            asked: What it is to do.
            network: Whether it is told the ways out.
            content: What it works on, for one that begins with `take_content`.
            deadline_s: When it is ended, whatever it does.
        """
        self._process = subprocess.Popen(  # noqa: S603 our own module
            module_command(module),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=helper_environment(os.environ, network=network),
            creationflags=creation_flags(),
        )
        self._stdin = cast("IO[bytes]", self._process.stdin)
        self._stdout = cast("IO[bytes]", self._process.stdout)
        self._deadline = threading.Timer(deadline_s or 0, self.cancel)
        self._deadline.daemon = True
        if deadline_s is not None:
            self._deadline.start()
        # A process that died at once has no reader; `answers` ends early then.
        with contextlib.suppress(BrokenPipeError):
            if content is not None:
                self._stdin.write(len(content).to_bytes(_SIZE_BYTES) + content)
            self._stdin.write(json.dumps(asked).encode() + b"\n")
            self._stdin.flush()

    def answers(self, most_bytes: int = -1) -> Generator[Any, None, None]:
        """Yield the answers while the process lives; it is gone when this ends.

        Args:
            most_bytes: How long one may be; a longer one is the end.
        """
        try:
            while line := self._stdout.readline(most_bytes):
                if not line.endswith(b"\n"):
                    break
                yield json.loads(line)
        finally:
            self._reap()

    def cancel(self) -> None:
        """End the process now."""
        self._process.kill()

    def _reap(self) -> None:
        self._deadline.cancel()
        self._process.kill()
        self._process.wait()
        self._stdout.close()
        with contextlib.suppress(BrokenPipeError):
            self._stdin.close()


def take_content() -> bytes:
    """Return what comes before the job, for which `Job` was given a content."""
    return _exactly(int.from_bytes(_exactly(_SIZE_BYTES)))


def _exactly(size: int) -> bytes:
    """Read so many bytes; this process ends when whoever started it does."""
    taken = bytearray()
    while len(taken) < size:
        piece = os.read(_STDIN, min(size - len(taken), _PIECE_BYTES))
        if not piece:
            os._exit(0)
        taken += piece
    return bytes(taken)


def take_job() -> Any:  # noqa: ANN401 what was asked, in JSON
    """Return what this process is asked for; from now on it ends with its parent.

    Also while a statement holds the interpreter lock, or when it is stopped: a copy
    that outlived its sidecar would meet the next one's under the same name.
    """
    leash = Leash(lambda: os._exit(0))
    leash.follow()
    asked = leash.first_line()
    if asked is None:
        os._exit(0)
    if sys.platform != "win32":
        signal_at_end(signal.SIGKILL)
        # It sends none for an end that came before: nothing else is to be read here.
        if select.select([_STDIN], [], [], 0)[0]:
            os._exit(0)
    return json.loads(asked)


def limit(**most: int | None) -> None:
    """Limit what this process may use, for good.

    Args:
        most: By the names of RLIMITs; None lifts one as far as may be.
    """
    if sys.platform == "win32":
        return
    for name, value in most.items():
        # The address space is not counted on macOS.
        if name == "AS" and sys.platform == "darwin":
            continue
        kind = getattr(resource, f"RLIMIT_{name}")
        bound = resource.getrlimit(kind)[1] if value is None else value
        resource.setrlimit(kind, (bound, bound))


def answer(data: dict[str, Any]) -> None:
    """Tell the asking side something, at the latest when this process finishes."""
    sys.stdout.write(json.dumps(data) + "\n")


def finish() -> None:
    """End this process.

    A daemon thread that holds stdin's lock would abort an orderly end.
    """
    sys.stdout.flush()
    os._exit(0)
