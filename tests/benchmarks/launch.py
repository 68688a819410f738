"""Measures how soon Hearth can be typed into, and its memory, beside bare web windows.

The times are read after the fact from the page itself, over the developer protocol:
nothing watches while a program starts.
"""

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final
from urllib.error import URLError
from urllib.request import urlopen

import psutil
from websockets.sync.client import connect

from backend.interface.protocol import LOOPBACK
from tests.benchmarks.tables import MB, MS, Line, Series, Table
from tests.helpers.tray import screen_of

RUNS: Final = 7
SETTLE_S: Final = 4.0
PATIENCE_S: Final = 60.0
LAUNCH_RATIO: Final = 1.25
MEMORY_RATIO: Final = 1.15
# When the page's scripts had run and something of it was painted, since the epoch.
_INTERACTIVE: Final = """(() => {
  const paint = performance.getEntriesByName('first-contentful-paint')[0];
  const page = performance.getEntriesByType('navigation')[0];
  if (!paint || !page?.domContentLoadedEventEnd) return 0;
  const loaded = Math.max(paint.startTime, page.domContentLoadedEventEnd);
  return performance.timeOrigin + loaded;
})()"""
_HELLO: Final = (
    "import webview; webview.create_window('Hello', html='<h1>Hello</h1>"
    "<textarea autofocus></textarea>'); webview.start(gui='qt')"
)

Command = Callable[[Path, str], tuple[Sequence[str], dict[str, str]]]


def hearth(folder: Path, address: str) -> tuple[Sequence[str], dict[str, str]]:
    """Return how Hearth is started."""
    command = [sys.executable, "-m", "qtshell", "--dev", "--data-dir", str(folder)]
    return command, {"QTWEBENGINE_REMOTE_DEBUGGING": address}


def pywebview(folder: Path, address: str) -> tuple[Sequence[str], dict[str, str]]:
    """Return how pywebview's Hello is started, on the same Qt."""
    data = {"QT_API": "pyside6", "QTWEBENGINE_REMOTE_DEBUGGING": address}
    if os.geteuid() == 0:
        data["QTWEBENGINE_DISABLE_SANDBOX"] = "1"
    return [sys.executable, "-c", _HELLO], data | {"XDG_DATA_HOME": str(folder)}


def chromium(folder: Path, address: str) -> tuple[Sequence[str], dict[str, str]]:
    """Return how Chromium shows a page as an application."""
    page = folder / "hello.html"
    page.write_text("<h1>Hello</h1><textarea autofocus></textarea>", encoding="utf-8")
    command = [
        shutil.which("chromium") or "chromium",
        f"--app=file://{page}",
        f"--remote-debugging-port={address.rpartition(':')[2]}",
        f"--user-data-dir={folder / 'profile'}",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
    ]
    return command + (["--no-sandbox"] if os.geteuid() == 0 else []), {}


def measure() -> Table:
    """Start each program in turn, several times."""
    times = {
        one.__name__: Series(one.__name__) for one in (hearth, pywebview, chromium)
    }
    memory = {name: Series(name) for name in times}
    with screen_of(1440, 900), window_manager():
        for run in range(RUNS + 1):
            for one in (hearth, pywebview, chromium):
                sys.stderr.write(f"launch: {one.__name__}, {run} of {RUNS}\n")
                took, used = start(one)
                # The first start of each fills the system's cache.
                if run:
                    times[one.__name__].values.append(took)
                    memory[one.__name__].values.append(used)
    lines = [
        *_lines("launch to interactive", MS, times, LAUNCH_RATIO),
        *_lines("memory (PSS of all processes)", MB, memory, MEMORY_RATIO),
    ]
    return Table("Launch", lines)


def pss_mb(root: psutil.Process) -> float:
    """Return the memory of a process and all below it, shared pages shared out."""
    total = 0
    for process in [root, *root.children(recursive=True)]:
        with suppress(psutil.NoSuchProcess):
            total += process.memory_full_info().pss
    return total / 2**20


def _lines(
    what: str, unit: str, found: dict[str, Series], ratio_aim: float
) -> list[Line]:
    own, qt, bare = found["hearth"], found["pywebview"], found["chromium"]
    return [
        Line(what=what, unit=unit, hearth=own, peer=qt, ratio_aim=ratio_aim),
        Line(what=what, unit=unit, hearth=own, peer=bare),
    ]


def start(program: Command) -> tuple[float, float]:
    """Return how long a program took to start, in ms, and its memory at rest in MB."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        address = _free_address()
        command, data = program(Path(folder), address)
        begun = time.time()
        process = subprocess.Popen(
            command,
            env=os.environ | data,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            took = _interactive_at(address) - begun * 1000
            threading.Event().wait(SETTLE_S)
            return took, pss_mb(psutil.Process(process.pid))
        finally:
            below = psutil.Process(process.pid).children(recursive=True)
            process.terminate()
            process.wait(PATIENCE_S)
            for child in psutil.wait_procs(below, timeout=10)[1]:
                child.kill()


def _interactive_at(address: str) -> float:
    deadline = time.monotonic() + PATIENCE_S
    pause = threading.Event()
    while time.monotonic() < deadline:
        # Late and rarely, so that asking does not slow the start down.
        pause.wait(1.0)
        with suppress(URLError, OSError, StopIteration):
            if found := _ask_page(address):
                return found
    raise TimeoutError(f"no page answered at {address}")


def _ask_page(address: str) -> float:
    with urlopen(f"http://{address}/json", timeout=5) as answer:
        pages = [t for t in json.load(answer) if t["type"] == "page"]
    page = next(p for p in pages if p["url"] != "about:blank" or len(pages) == 1)
    with connect(page["webSocketDebuggerUrl"]) as protocol:
        data = {"expression": _INTERACTIVE, "returnByValue": True}
        asked = {"id": 1, "method": "Runtime.evaluate", "params": data}
        protocol.send(json.dumps(asked))
        answer = json.loads(protocol.recv(timeout=10))
    return float(answer["result"]["result"].get("value") or 0)


@contextmanager
def window_manager() -> Iterator[None]:
    """Run openbox on the screen."""
    process = subprocess.Popen(["openbox"], stderr=subprocess.DEVNULL)
    try:
        yield
    finally:
        process.terminate()
        process.wait(PATIENCE_S)


def _free_address() -> str:
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return f"{LOOPBACK}:{probe.getsockname()[1]}"
