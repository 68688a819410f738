"""The life of the sidecar: hello, bind, handshake, serve, and an end that saves."""

import asyncio
import logging
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Coroutine
from enum import Enum
from typing import TYPE_CHECKING, Any, Final

from backend.installation import running_version
from backend.interface.protocol import LEASH_GRACE_S, Handshake, ProtocolError
from backend.runtime.leash import Leash
from backend.runtime.logs import describe_bug, start_logging
from backend.runtime.process_guard import ProcessGuard, dump_on_request, this_system

if TYPE_CHECKING:
    from backend.app import App
    from backend.interface.protocol import Hello

log = logging.getLogger("hearth.sidecar")

STOP_S: Final = 3.0
"""Seconds in which what is not saved yet is saved."""

KILL_S: Final = LEASH_GRACE_S - 1
"""Seconds until the end comes whether saved or not."""

_STDOUT, _STDERR = 1, 2
_BY_HAND = "This is the inner half of Hearth, which `hearth` starts by itself: {}.\n"
_END_SIGNALS = ("SIGTERM", "SIGINT", "SIGQUIT", "SIGHUP")


class StartStage(Enum):
    """How far a sidecar has come."""

    BOOTING = "booting"
    SERVING = "serving"
    ENDING = "ending"


def run(
    build: "Callable[[Hello], App] | None" = None, system: ProcessGuard | None = None
) -> int:
    """Serve one shell; return an exit code when that cannot be.

    Args:
        build: Builds another application than Hearth's.
        system: Another guard than that of a process which the shell started itself.
    """
    if os.isatty(0):
        sys.stderr.write(_BY_HAND.format("it cannot be run by hand"))
        return 2
    sidecar = Sidecar(system or this_system())
    leash = Leash(sidecar.end)
    leash.follow()
    # While the hello is on its way.
    from backend import app  # noqa: PLC0415 while the hello comes
    from backend.web import listener, request_guard, server  # noqa: PLC0415 while the hello comes

    try:
        hello = leash.hello()
    except ProtocolError as exc:
        sys.stderr.write(_BY_HAND.format(exc))
        return 2
    sidecar.prepare(dev=hello.dev)
    if hello.version not in ("", running_version()):
        log.warning("this is %s, the window %s", running_version(), hello.version)
    listening = listener.listen(hello.port)
    built = (build or app.build)(hello)
    trust = request_guard.Credentials(hello.token, listening.port)
    # The token stays with those who check and prove it.
    del hello
    start = sidecar.starter(built, listening.port)
    serving = server.build_server(built.routes, trust, built.render_error, start)
    serving.start(listening.held, 1)
    return 1


class Sidecar:
    """Moves from booting over serving to ending, whoever asks for the end."""

    def __init__(self, system: ProcessGuard) -> None:
        self._system = system
        self._stage = StartStage.BOOTING
        self._stdout = _STDOUT
        self._tasks: set[asyncio.Task[None]] = set()
        # Nothing is open before serving begins.
        self._begin_end: Callable[[], object] = lambda: os._exit(0)

    def prepare(self, *, dev: bool) -> None:
        """Bound this process, tie it to its parent and keep stdout for ourselves."""
        start_logging(dev=dev)
        dump_on_request()
        self._system.bound()
        self._system.follow_parent(self.end)
        # What a library prints must not come into the handshake.
        self._stdout = os.dup(_STDOUT)
        os.dup2(_STDERR, _STDOUT)

    def starter(self, app: "App", port: int) -> Callable[[], Awaitable[None]]:
        """Return what Robyn runs on its loop when it is about to serve."""

        async def start() -> None:
            try:
                self._serve(app, port)
            except Exception as exc:  # noqa: BLE001 Robyn would abort the process
                log.critical("could not serve: %s", describe_bug(exc))
                os._exit(1)

        return start

    def end(self) -> None:
        """Save and exit, from any thread; asking again changes nothing."""
        if self._stage is StartStage.ENDING:
            return
        self._stage = StartStage.ENDING
        self._system.end_within(KILL_S)
        self._begin_end()

    def _serve(self, app: "App", port: int) -> None:
        loop = asyncio.get_running_loop()
        if sys.platform != "win32":
            for name in _END_SIGNALS:
                loop.add_signal_handler(getattr(signal, name), self.end)
        self._begin_end = lambda: loop.call_soon_threadsafe(self._spawn, _finish(app))
        self._stage = StartStage.SERVING
        self._spawn(_start(app))
        handshake = Handshake(port=port, pid=os.getpid())
        os.write(self._stdout, handshake.to_line().encode())

    def _spawn(self, coroutine: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


async def _start(app: "App") -> None:
    try:
        await app.start()
    except Exception as exc:  # noqa: BLE001 the page still says what is wrong
        log.critical("could not start: %s", describe_bug(exc))


async def _finish(app: "App") -> None:
    code = 0
    try:
        await asyncio.wait_for(app.stop(), STOP_S)
    except Exception as exc:  # noqa: BLE001 the end comes all the same
        log.critical("could not end well: %s", describe_bug(exc))
        code = 1
    log.info("ended")
    # Robyn's own threads would keep the process; there is nothing left to save.
    os._exit(code)
