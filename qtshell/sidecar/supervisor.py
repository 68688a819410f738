"""Owns the sidecar's process and does what its lifecycle decides."""

import logging
import os
import signal
import sys
from collections import deque
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Final

from PySide6.QtCore import QObject, QProcess, QProcessEnvironment, QTimer, Signal

from backend.installation import clean_environment, running_version
from backend.interface.protocol import (
    Handshake,
    Hello,
    LineReader,
    SidecarEnd,
    new_command_key,
    new_token,
)
from qtshell.sidecar.clock import LATE_MS, Clock, SystemClock
from qtshell.sidecar.health import Prober
from qtshell.sidecar.launch import Launch
from qtshell.sidecar.lifecycle import (
    ALIVE,
    Effect,
    Event,
    Lifecycle,
    Phase,
    Reason,
    step,
)
from qtshell.sidecar.origin import Origin

log = logging.getLogger("hearth.supervisor")
sidecar_log = logging.getLogger("hearth.sidecar")

_MAX_LOGGED: Final = 16 * 1024
_LAST_LINES: Final = 50
_SERVING: Final = (Phase.READY, Phase.UNRESPONSIVE)
_AT_REST: Final = (Phase.STOPPED, Phase.FAILED)
_LAST_WORDS: Final = (
    # Robyn 0.88, sparckles/Robyn#1425.
    ("Failed to read chunk from payload", Event.BAD_REQUEST_ABORT),
    # Rust, when the limit set in backend/runtime/process_guard.py is reached.
    ("memory allocation of ", Event.OUT_OF_MEMORY),
)
"""What a dying sidecar says, and what that means."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """A proved sidecar: where it listens and the secret it knows."""

    origin: Origin
    token: str = field(repr=False)
    command_key: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Why the supervisor gave up, for the recovery panel."""

    reason: Reason
    last_lines: tuple[str, ...]


class SidecarSupervisor(QObject):
    """Starts the sidecar, proves it, watches it, restarts it and ends it.

    Attributes:
        is_metered: What the next sidecar is to know of the connection from the start.
        began_metered: What the last one was begun with.

    Signals:
        phase_changed: The new `Phase`.
        ready: The `Trust` of a sidecar that was just proved.
        failed: The `Failure` with which it gave up.
    """

    phase_changed = Signal(object)
    ready = Signal(object)
    failed = Signal(object)

    def __init__(
        self,
        launch: Launch,
        data_dir: Path,
        *,
        dev: bool = False,
        database_key: str | None = None,
        clock: Clock | None = None,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._launch = launch
        self._data_dir = data_dir
        self._dev = dev
        self._database_key = database_key
        self._clock = clock or SystemClock()
        self.is_metered = self.began_metered = False
        self._slept_ms = self._clock.slept_ms()
        self._state = Lifecycle()
        self._process: QProcess | None = None
        self._pid = 0
        self._trust: Trust | None = None
        self._token = ""
        self._command_key = new_command_key()
        self._last_port = 0
        self._last_lines: deque[str] = deque(maxlen=_LAST_LINES)
        self._death = Event.EXITED
        self._timer = QTimer(self, singleShot=True)
        self._timer.timeout.connect(self._on_timer_timeout)
        self._prober = Prober(self)
        self._prober.proved.connect(partial(self._feed, Event.PROVED))
        self._prober.disproved.connect(partial(self._feed, Event.DISPROVED))

    @property
    def phase(self) -> Phase:
        """Where the sidecar is in its life."""
        return self._state.phase

    @property
    def reason(self) -> Reason | None:
        """Why it failed last; None after the user asked for it."""
        return self._state.reason

    @property
    def pid(self) -> int:
        """The process id of the sidecar; 0 when there is none."""
        return self._pid

    @property
    def trust(self) -> Trust | None:
        """The proved sidecar, while it serves."""
        return self._trust if self.phase in _SERVING else None

    def start(self) -> None:
        """Start the sidecar unless it runs already."""
        self._feed(Event.START)

    def restart(self, *, safe_mode: bool = False) -> None:
        """End the sidecar if it runs and start it again, with a clean record."""
        self._feed(Event.RESTART_SAFELY if safe_mode else Event.RESTART)

    def stop(self) -> None:
        """Let go of the sidecar; the phase becomes STOPPED when it is gone."""
        self._feed(Event.STOP)

    def _feed(self, event: Event) -> None:
        before = self._state
        self._state, effects = step(before, event, self._clock.now_ms())
        for effect in effects:
            self._perform(effect)
        self._arm()
        if self._state.phase is not before.phase:
            self._announce(before.phase)

    def _announce(self, before: Phase) -> None:
        phase = self._state.phase
        if phase in _AT_REST:
            self._dismiss_fork_server()
        why = self._state.reason.value if self._state.reason else ""
        log.info("%s -> %s %s", before.value, phase.value, why)
        self.phase_changed.emit(phase)
        if phase is Phase.READY and before is Phase.PROBING:
            self.ready.emit(self._trust)
        if phase is Phase.FAILED and self._state.reason:
            lines = tuple(self._last_lines)
            self.failed.emit(Failure(reason=self._state.reason, last_lines=lines))

    def _perform(self, effect: Effect) -> None:
        match effect:
            case Effect.SPAWN:
                self._spawn()
            case Effect.PROBE:
                if self._trust:
                    self._prober.probe(self._trust.origin, self._trust.token)
            case Effect.BEAT:
                self._prober.beat()
            case Effect.CANCEL_PROBES:
                self._prober.cancel_probes()
            case Effect.CLOSE_STDIN | Effect.DUMP | Effect.TERMINATE | Effect.KILL:
                self._end(effect)

    def _spawn(self) -> None:
        self._token, self._trust = new_token(), None
        self._death = Event.EXITED
        process = self._process
        # A fork server whose sidecar has ended waits for the next hello.
        if process is None:
            process = self._process = self._new_process()
            process.start()
        self._pid = process.processId()
        process.write(self._hello().to_line().encode())

    def _new_process(self) -> QProcess:
        process = QProcess(self)
        environment = QProcessEnvironment()
        for name, value in clean_environment(os.environ).items():
            environment.insert(name, value)
        process.setProcessEnvironment(environment)
        if sys.platform != "win32":
            # Chromium's files and sockets, which Qt 6.12 leaves open to children.
            process.setUnixProcessParameters(
                QProcess.UnixProcessFlag.CloseFileDescriptors
            )
        process.setProgram(self._launch.program)
        process.setArguments(list(self._launch.arguments))
        stdout, stderr = LineReader(), LineReader()
        process.readyReadStandardOutput.connect(
            lambda: self._on_stdout_ready(process, stdout)
        )
        process.readyReadStandardError.connect(
            lambda: self._on_stderr_ready(process, stderr)
        )
        process.finished.connect(lambda: self._on_process_finished(process))
        process.errorOccurred.connect(
            lambda error: self._on_process_error(process, error)
        )
        return process

    def _hello(self) -> Hello:
        self.began_metered = self.is_metered
        return Hello(
            token=self._token,
            data_dir=str(self._data_dir),
            port=self._last_port,
            database_key=self._database_key,
            dev=self._dev,
            safe_mode=self._state.safe_mode,
            command_key=self._command_key,
            is_metered=self.is_metered,
            version=running_version(),
        )

    def _end(self, effect: Effect) -> None:
        process = self._process
        if process is None:
            return
        match effect:
            case Effect.CLOSE_STDIN:
                process.closeWriteChannel()
            case Effect.TERMINATE:
                process.terminate()
            case Effect.DUMP:
                _ask_for_dump(process.processId())
            case _:
                process.kill()

    def _on_stdout_ready(self, process: QProcess, reader: LineReader) -> None:
        lines = reader.feed(bytes(process.readAllStandardOutput().data()))
        for line in lines:
            if process is not self._process:
                return
            if end := SidecarEnd.from_line(line):
                # Queued: its last words are on stderr, which is read in this turn too.
                take = partial(self._on_sidecar_ended, process, end)
                QTimer.singleShot(0, self, take)
            elif self.phase is Phase.LAUNCHING and (
                shaken := Handshake.from_line(line)
            ):
                self._on_handshake(process, shaken)

    def _on_handshake(self, process: QProcess, shaken: Handshake) -> None:
        if process.processId() not in (shaken.pid, _parent_of(shaken.pid)):
            self._feed(Event.MISMATCHED)
            return
        self._pid = shaken.pid
        self._last_port = shaken.port
        self._trust = Trust(
            origin=Origin.of_sidecar(shaken.port),
            token=self._token,
            command_key=self._command_key,
        )
        self._feed(Event.HANDSHAKE_RECEIVED)

    def _on_stderr_ready(self, process: QProcess, reader: LineReader) -> None:
        for line in reader.feed(bytes(process.readAllStandardError().data())):
            text = line.rstrip()[:_MAX_LOGGED]
            if text:
                self._last_lines.append(text)
                sidecar_log.info("%s", text)
                self._death = next(
                    (event for words, event in _LAST_WORDS if text.startswith(words)),
                    self._death,
                )

    def _on_sidecar_ended(self, process: QProcess, end: SidecarEnd) -> None:
        log.info("the sidecar ended with %d", end.code)
        if process is self._process and self.phase in _SERVING:
            self._pid = 0
            self._feed(self._death)
        else:
            # Of a fork server whose sidecar never served there is no second one.
            process.closeWriteChannel()

    def _dismiss_fork_server(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.kill()

    def _on_process_finished(self, process: QProcess) -> None:
        log.info("the sidecar ended with %d", process.exitCode())
        self._gone(process, self._death)

    def _on_process_error(
        self, process: QProcess, error: QProcess.ProcessError
    ) -> None:
        if error is QProcess.ProcessError.FailedToStart:
            self._last_lines.append(process.errorString())
            self._gone(process, Event.NOT_STARTED)

    def _gone(self, process: QProcess, event: Event) -> None:
        process.deleteLater()
        if process is self._process:
            self._process, self._pid = None, 0
            self._feed(event)

    def _arm(self) -> None:
        deadline_ms = self._state.deadline_ms
        if deadline_ms is None:
            self._timer.stop()
        else:
            self._timer.start(max(0, deadline_ms - self._clock.now_ms()))

    def _on_timer_timeout(self) -> None:
        self._feed(Event.WOKE if self._stood_still() else Event.DEADLINE)

    def _stood_still(self) -> bool:
        slept_ms, before_ms = self._clock.slept_ms(), self._slept_ms
        self._slept_ms = slept_ms
        deadline_ms = self._state.deadline_ms
        late = (
            self.phase in ALIVE
            and deadline_ms is not None
            and self._clock.now_ms() - deadline_ms > LATE_MS
        )
        return late or slept_ms - before_ms > LATE_MS


def _ask_for_dump(pid: int) -> None:
    """Make the sidecar write where it hangs to its stderr, where that exists."""
    if pid and hasattr(signal, "SIGUSR1"):
        os.kill(pid, signal.SIGUSR1)


def _parent_of(pid: int) -> int:
    """Return the parent's process id, -1 where the system does not tell it so."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace")
        return int(status.rpartition(")")[2].split()[1])
    except (OSError, LookupError):
        return -1
