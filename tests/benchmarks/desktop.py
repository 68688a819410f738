"""Measures what stays between calls: quick ask, the window, and what idling costs.

Everything is measured from outside, on the screen: from the key or the call until the
keyboard is there, or the pixels are.
"""

import contextlib
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import psutil

from qtshell.ipc.instance import Call, call
from tests.benchmarks.hidden_briefly import REST_S
from tests.benchmarks.launch import PATIENCE_S, pss_mb, window_manager
from tests.benchmarks.screen import (
    Area,
    Screen,
    area_of,
    changed,
    seconds_until,
    window_of,
)
from tests.benchmarks.tables import MB, MS, PERCENT, Line, Series, Table
from tests.helpers.tray import screen_of

RUNS: Final = 15
IDLE_S: Final = 60.0
SETTLE_S: Final = 5.0


_TICK_S: Final = 0.01
"""Less is not counted by the system."""
_PAUSE_S: Final = 0.6
_SOON_S: Final = 0.15
_SAME: Final = 0.02
_TYPED: Final = 0.005
_PEER: Final = (
    "import sys, threading, webview\n"
    "window = webview.create_window('Hello', html='<h1>Hello</h1><textarea autofocus>')"
    "\ndef obey():\n"
    "    for line in sys.stdin: getattr(window, line.strip())()\n"
    "    window.destroy()\n"
    "webview.start(obey, gui='qt')"
)


@dataclass
class Stage:
    """Hearth and its peer on one screen.

    Attributes:
        quick: The quick ask window, which is there also while it is hidden.
    """

    screen: Screen
    hearth: psutil.Process
    data_dir: Path
    peer: "subprocess.Popen[str]"
    main: int
    quick: int
    hello: int
    found: dict[str, Series] = field(default_factory=dict)

    def note(self, name: str, seconds: float) -> None:
        """Keep a measure in milliseconds."""
        self.found.setdefault(name, Series("hearth")).values.append(seconds * 1000)

    def start_peer(self, command: str) -> None:
        """Let the peer hide or show its window."""
        assert self.peer.stdin is not None
        self.peer.stdin.write(f"{command}\n")
        self.peer.stdin.flush()

    def focus(self, window: int) -> None:
        """Give the keyboard to a window and wait until it has it."""
        subprocess.run(["xdotool", "windowactivate", str(window)], check=True)
        self.wait(window)

    def wait(self, window: int) -> float:
        """Return how long it takes until a window has the keyboard."""
        return seconds_until(
            lambda: self.screen.focused() == window, f"the keyboard in {window}"
        )


def measure() -> Table:
    """Measure everything in turn, each measure several times."""
    with screen_of(1440, 900), window_manager(), _stage() as stage:
        for name, step in (
            ("quick ask", _quick_ask),
            ("second launch", _second_launch),
            ("hidden, shown", _hidden_and_shown),
        ):
            for run in range(RUNS + 1):
                sys.stderr.write(f"desktop: {name}, {run} of {RUNS}\n")
                step(stage)
                if not run:
                    # The first time of each makes what the others find.
                    stage.found = {
                        key: series
                        for key, series in stage.found.items()
                        if len(series.values) > 1
                    }
        return Table("Desktop", [*_times(stage), *_costs(stage)])


def _quick_ask(stage: Stage) -> None:
    """Call it by its shortcut, type, close it, and call it again at once."""
    stage.focus(stage.hello)
    _pause(_PAUSE_S)
    began = time.perf_counter()
    stage.screen.press("Control_L", "Alt_L", "space")
    stage.wait(stage.quick)
    stage.note("quick ask: called until it has the keyboard", _since(began))
    left, top, *_ = area_of(stage.quick)
    line: Area = (left + 50, top + 10, 200, 36)
    before = stage.screen.picture(line)
    typed_at = time.perf_counter()
    stage.screen.press("w")
    seconds_until(
        lambda: changed(before, stage.screen.picture(line)) > _TYPED, "the letter"
    )
    stage.note("quick ask: a key until its letter shows", _since(typed_at))
    stage.screen.press("BackSpace")
    stage.screen.press("Escape")
    stage.wait(stage.hello)
    _pause(_SOON_S)
    began = time.perf_counter()
    stage.screen.press("Control_L", "Alt_L", "space")
    stage.wait(stage.quick)
    stage.note("quick ask: called again 150 ms after Esc", _since(began))
    stage.screen.press("Escape")
    stage.wait(stage.hello)


def _second_launch(stage: Stage) -> None:
    """Launch again, and let the desktop's own tool raise a window, for comparison."""
    stage.focus(stage.hello)
    _pause(_PAUSE_S)
    began = time.perf_counter()
    program = [sys.executable, "-m", "qtshell", "--data-dir", str(stage.data_dir)]
    with subprocess.Popen(program):
        stage.wait(stage.main)
        stage.note("second launch until the window is in front", _since(began))
    _pause(_PAUSE_S)
    began = time.perf_counter()
    with subprocess.Popen(["xdotool", "windowactivate", str(stage.hello)]):
        stage.wait(stage.hello)
        stage.note("xdotool", _since(began))


def _hidden_and_shown(stage: Stage) -> None:
    """Hide and show both, Hearth also after its page was given up."""
    stage.focus(stage.main)
    _pause(_PAUSE_S)
    left, top, *_ = area_of(stage.main)
    # The head of the page and the list: what the user sees first.
    region: Area = (left + 10, top + 40, 400, 200)
    reference = stage.screen.picture(region)
    for name, rest_s in (
        ("hidden until shown and painted", _PAUSE_S),
        ("hidden, its memory given back, until shown and painted", REST_S + 2.0),
    ):
        stage.focus(stage.main)
        stage.screen.press("Alt_L", "F4")
        seconds_until(lambda: not _shown(stage), "the window to hide")
        _pause(rest_s)
        began = time.perf_counter()
        list(call(stage.data_dir, Call("open")))
        seconds_until(
            lambda: changed(reference, stage.screen.picture(region)) < _SAME, "the page"
        )
        stage.note(name, _since(began))
    stage.focus(stage.hello)
    _pause(_PAUSE_S)
    left, top, *_ = area_of(stage.hello)
    region = (left, top, 400, 200)
    reference = stage.screen.picture(region)
    stage.start_peer("hide")
    _pause(_PAUSE_S)
    began = time.perf_counter()
    stage.start_peer("show")
    seconds_until(
        lambda: changed(reference, stage.screen.picture(region)) < _SAME, "the peer"
    )
    stage.note("pywebview", _since(began))


def _shown(stage: Stage) -> bool:
    asked = ["xdotool", "search", "--onlyvisible", "--pid", str(stage.hearth.pid)]
    result = subprocess.run(
        [*asked, "--all", "--name", "Hearth"],
        capture_output=True,
        text=True,
        check=False,
    )
    return str(stage.main) in result.stdout.split()


def _times(stage: Stage) -> list[Line]:
    found = stage.found
    raised, shown = found.pop("xdotool"), found.pop("pywebview")
    raised.name, shown.name = "xdotool's raise", "pywebview shown"
    aims = {"quick ask: call": 100.0, "second": 300.0, "hidden": 300.0}
    return [
        Line(
            what=what,
            unit=MS,
            hearth=series,
            peer=raised if what.startswith("second") else shown,
            aim=next((aim for key, aim in aims.items() if what.startswith(key)), None),
        )
        for what, series in found.items()
    ]


def _costs(stage: Stage) -> list[Line]:
    """Return what both cost while nobody does anything, shown and then hidden."""
    hello = psutil.Process(stage.peer.pid)
    lines, memory = [], {}
    for name in ("shown", "hidden"):
        if name == "hidden":
            stage.focus(stage.main)
            stage.screen.press("Alt_L", "F4")
            stage.start_peer("hide")
            _pause(REST_S)
        _pause(SETTLE_S)
        sys.stderr.write(f"desktop: idle for {IDLE_S:.0f} s, {name}\n")
        before = [_cpu_s(tree) for tree in (stage.hearth, hello)]
        _pause(IDLE_S)
        after = [_cpu_s(tree) for tree in (stage.hearth, hello)]
        own, peer = (
            Series(label, [max(end - begin, _TICK_S) / IDLE_S * 100])
            for label, begin, end in zip(
                ("hearth", f"pywebview {name}"), before, after, strict=True
            )
        )
        idle = f"CPU while idle, {name}"
        lines.append(Line(what=idle, unit=PERCENT, hearth=own, peer=peer, aim=0.5))
        memory[name] = Series(f"Hearth {name}", [pss_mb(stage.hearth)])
    return [
        *lines,
        Line(
            what="memory hidden and given back (PSS)",
            unit=MB,
            hearth=memory["hidden"],
            peer=memory["shown"],
        ),
    ]


def _cpu_s(root: psutil.Process) -> float:
    total = 0.0
    for process in [root, *root.children(recursive=True)]:
        with contextlib.suppress(psutil.NoSuchProcess):
            spent = process.cpu_times()
            total += spent.user + spent.system
    return total


@contextmanager
def _stage() -> Iterator[Stage]:
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        data_dir = Path(folder) / "data"
        module = "tests.benchmarks.hidden_briefly"
        hearth = [sys.executable, "-m", module, "--data-dir", str(data_dir)]
        own = {"QT_API": "pyside6", "XDG_DATA_HOME": str(Path(folder) / "peer")}
        if os.geteuid() == 0:
            own["QTWEBENGINE_DISABLE_SANDBOX"] = "1"
        with (
            _program(["trayer", "--align", "right", "--widthtype", "request"]),
            _program(hearth) as shell,
            _program([sys.executable, "-c", _PEER], own) as peer,
        ):
            hello = window_of(peer.pid, "Hello")
            main = window_of(shell.pid, "Hearth")
            quick = window_of(shell.pid, "Quick Ask", shown=False)
            _pause(SETTLE_S)
            process = psutil.Process(shell.pid)
            yield Stage(Screen(), process, data_dir, peer, main, quick, hello)


@contextmanager
def _program(
    command: list[str], own: dict[str, str] | None = None
) -> Iterator["subprocess.Popen[str]"]:
    process = subprocess.Popen(
        command,
        env=os.environ | (own or {}),
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    below = psutil.Process(process.pid).children
    try:
        yield process
    finally:
        left = below(recursive=True)
        process.terminate()
        process.wait(PATIENCE_S)
        for child in psutil.wait_procs(left, timeout=10)[1]:
            child.kill()


def _since(began: float) -> float:
    return time.perf_counter() - began


def _pause(seconds: float) -> None:
    threading.Event().wait(seconds)
