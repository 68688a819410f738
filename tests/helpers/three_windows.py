"""Three real windows, each in a network of its own, in which people type.

Their cables are pulled and plugged in again, their processes killed; in the end each
has to show what was typed into any of them.
"""

import random
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Self

from backend.sync.folder import ROOT
from tests.helpers.fault_injection import ForgivingWindow
from tests.helpers.networks import SWITCH, Switch
from tests.helpers.sqld import Sqld
from tests.helpers.sync_kills import SyncSeries
from tests.helpers.synced import grouped
from tests.helpers.window import PageMovedError, Window, until

NAMES: Final = ("a", "b", "c")
_CARRIED_EVERY_S: Final = 0.1
_ALL_NOTES: Final = """(async () => {
  let shown = "";
  for (let next = "/notes"; next; ) {
    const page = await (await fetch(next)).text();
    shown += page;
    next = page.match(/\\/notes\\/list\\?before=[^"&]+/)?.[0];
  }
  return shown;
})().catch(() => "")"""
"""The list of notes as it is when somebody has read on to its end."""


class Carrying:
    """Copies what appears in one folder to the others, as programs that sync do."""

    def __init__(self, folders: Sequence[Path]) -> None:
        """Begin."""
        self.cut: set[int] = set()
        self._folders = folders
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._keep_on)
        self._thread.start()

    def close(self) -> None:
        """End it."""
        self._is_over.set()
        self._thread.join()

    def _keep_on(self) -> None:
        while not self._is_over.wait(_CARRIED_EVERY_S):
            there = [f for n, f in enumerate(self._folders) if n not in self.cut]
            for giver in there:
                for path in (giver / ROOT).rglob("*.hs"):
                    for taker in there:
                        _copy_longer(path, taker / path.relative_to(giver))


@dataclass
class ThreeWindows:
    """Three people at three computers.

    Attributes:
        typed: What was typed, and seen as saved there.
        costs_s: How long each window took after a kill until it answered again.
    """

    home: Path
    over: str
    typed: list[str] = field(default_factory=list)
    costs_s: list[float] = field(default_factory=list)

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            self.switch = Switch(len(NAMES))
            stack.callback(self.switch.close)
            self._pulled: set[int] = set()
            self._carrying: Carrying | None = None
            self._server: Sqld | None = None
            if self.over == "server":
                with self.switch.middle:
                    self._server = Sqld(self.home, host=SWITCH)
                stack.callback(self._server.kill)
            computers = grouped(
                self.home, NAMES, self._server.url if self._server else ""
            )
            for one in computers:
                if not self._server:
                    one.sync()  # each begins in its folder
                one.close()
            if not self._server:
                self._carrying = Carrying([one.shared for one in computers])
                stack.callback(self._carrying.close)
            self.windows: list[Window] = []
            for number, one in enumerate(computers):
                with self.switch.outside[number]:
                    window = ForgivingWindow.start(one.home / "data")
                self.windows.append(stack.enter_context(window))
            self._open = stack.pop_all()
        return self

    def __exit__(self, *_error: object) -> None:
        self._open.close()

    def type_on(self, number: int) -> None:
        """Let somebody write a note, until it is seen as saved there."""
        window, words = self.windows[number], f"Words {len(self.typed)} of {number}"
        window.go("/notes/new")
        window.write("textbox", "Note", words)
        window.wait_for("location.pathname.match('^/notes/0')")
        self.wait_for(number, [words])
        self.typed.append(words)

    def pull(self, number: int) -> None:
        """Take a computer off the network, and off what carries its folder."""
        self.switch.pull(number)
        self._pulled.add(number)
        if self._carrying:
            self._carrying.cut.add(number)

    def plug(self) -> None:
        """Let all be on the network."""
        for number in self._pulled:
            self.switch.plug(number)
        self._pulled.clear()
        if self._carrying:
            self._carrying.cut.clear()

    def kill(self, number: int) -> None:
        """Kill the process that has the data of one; its window starts another one."""
        begun, window = time.monotonic(), self.windows[number]
        sidecar = window.sidecar
        sidecar.kill()
        sidecar.wait(30)

        def answers() -> bool:
            try:
                script = "fetch('/notes').then(r => r.ok).catch(() => false)"
                return bool(window.evaluate(script))
            except (PageMovedError, AssertionError):
                return False

        until(answers, "an answer after a kill", lambda: window.log[-2000:])
        self.costs_s.append(time.monotonic() - begun)

    def kill_server(self) -> None:
        """Kill the server, and start it again."""
        if self._server:
            self._server.kill()
            with self.switch.middle:
                self._server.start()

    def sees(self, number: int, words: str) -> bool:
        """Whether a page of a window would show this now."""
        return words in self._shown(number)

    def wait_until_all_see_all(self) -> None:
        """Wait until each window has what was typed into any."""
        for number in range(len(NAMES)):
            self.wait_for(number, self.typed)

    def lost(self) -> list[str]:
        """Return what is not everywhere in the end."""
        self.plug()
        try:
            self.wait_until_all_see_all()
        except AssertionError:
            shown = [self._shown(number) for number in range(len(NAMES))]
            return [one for one in self.typed if not all(one in some for some in shown)]
        return []

    def wait_for(self, number: int, words: Sequence[str]) -> None:
        """Wait until a window has these words."""
        until(
            lambda: all(one in self._shown(number) for one in words),
            f"{NAMES[number]} to see {list(words)[-3:]}",
            lambda: self.windows[number].log[-2000:],
        )

    def _shown(self, number: int) -> str:
        try:
            return str(self.windows[number].evaluate(_ALL_NOTES))
        except PageMovedError:
            return ""


def measure(over: str, rounds: int, seed: int = 0) -> SyncSeries:
    """Let people type while cables are pulled and processes killed, so often."""
    chance = random.Random(seed)
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        three = stack.enter_context(ThreeWindows(Path(folder), over))
        for number in range(rounds):
            three.pull(chance.randrange(3))
            for _ in range(2):
                three.type_on(chance.randrange(3))
            three.kill(chance.randrange(3))
            if number % 3 == 0:
                three.kill_server()
            three.plug()
            three.type_on(chance.randrange(3))
            sys.stderr.write(f"{over} {number + 1}/{rounds}\n")
        lost = three.lost()
        name = f"three windows over a {over}, cut and killed"
        return SyncSeries(name, three.costs_s, len(three.typed), len(lost))


def _copy_longer(source: Path, target: Path) -> None:
    """Copy a file that is longer than the one there, in one step."""
    try:
        if target.exists() and target.stat().st_size >= source.stat().st_size:
            return
        target.parent.mkdir(parents=True, exist_ok=True)
        part = target.with_name(f".{target.name}.part")
        shutil.copyfile(source, part)
        part.replace(target)
    except FileNotFoundError:
        return  # it was replaced meanwhile
