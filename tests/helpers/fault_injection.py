"""Injects one fault after the other into the running program and measures each.

Recovery is the time from the fault until the page got an answer that needs the
database. Lost rows were acknowledged to the page and are not there afterwards. Lost
text is the age of the oldest word that had been sent by the model server and was not
in the database.
"""

import contextlib
import itertools
import json
import random
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import psutil
from websockets.exceptions import WebSocketException
from websockets.sync.client import connect

from tests.helpers.processes import are_gone, command_line
from tests.helpers.ticking_server import TickingServer
from tests.helpers.window import Window, until

LAST_ANSWER: Final = "[...document.querySelectorAll('#log .answer')].at(-1)"
IS_BUSY: Final = "document.querySelector('#log [aria-busy=true]') !== null"
_REQUEST: Final = """
fetch({path}, {{...{options}, signal: AbortSignal.timeout(1000)}})
  .then(r => r.ok ? r.text() : null).catch(() => null)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What one fault cost."""

    recovery_s: float
    rows_lost: int = 0
    text_lost_ms: float = 0
    children_left: int = 0


class ForgivingWindow(Window):
    """The program with a short memory for failures, and its processes."""

    @staticmethod
    def command(data_dir: Path, *arguments: str) -> list[str]:
        """Return the command line that opens Hearth on a data folder."""
        program = [
            sys.executable,
            "-m",
            "tests.helpers.shell_with_short_memory",
            "--dev",
        ]
        return [*program, "--data-dir", str(data_dir), *arguments]

    def part(self, word: str) -> psutil.Process:
        """Return the living process below the shell with a word in its command line."""

        def search() -> psutil.Process | None:
            found = (p for p in self.children if word in command_line(p))
            return next(found, None)

        found = until(search, f"the process of {word}", self._why)
        assert isinstance(found, psutil.Process)
        return found

    @property
    def engine(self) -> psutil.Process:
        """The process of the built-in engine."""
        return self.part("backend.llm.builtin.engine_child")

    @property
    def renderer(self) -> psutil.Process:
        """The process of the page."""
        zygotes = [p.pid for p in self.children if "=zygote" in command_line(p)]

        def search() -> psutil.Process | None:
            found = (p for p in self.children if p.ppid() in zygotes)
            return next((p for p in found if command_line(p)), None)

        found = until(search, "the page's process", self._why)
        assert isinstance(found, psutil.Process)
        return found

    def attach_again(self) -> None:
        """Connect to the page that takes the place of a crashed one."""

        def is_there() -> bool:
            try:
                # Chromium may still speak of the crashed one, and never answer for it.
                address = until(self._page_address, "another page", self._why)
                self._open.close()
                page = connect(address, open_timeout=1, close_timeout=0)
                self._page = self._open.enter_context(page)
                return bool(self.evaluate("document.readyState === 'complete'"))
            except (AssertionError, OSError, WebSocketException):
                return False

        until(is_there, "another page", self._why)


class Trials:
    """One running program and the faults done to it."""

    def __init__(
        self, window: ForgivingWindow, data_dir: Path, server: TickingServer
    ) -> None:
        """Use `running`."""
        self.window = window
        self.server = server
        self.kept: dict[str, str] = {}
        self._data_dir = data_dir
        self._numbers = itertools.count(1)
        self._chance = random.Random(7)

    def request(self, path: str, **options: object) -> str | None:
        """Return what the page is answered; None when it is not."""
        script = _REQUEST.format(path=json.dumps(path), options=json.dumps(options))
        answer = self.window.evaluate(script)
        return None if answer is None else str(answer)

    def is_usable(self) -> bool:
        """Whether the page gets an answer that needs the database."""
        # Asking in vain all the time would take the processor from the recovery.
        ready = "document.documentElement.dataset.sidecar === 'ready'"
        usable = self.window.evaluate(ready) and self.request("/drafts/new")
        return usable is not None and usable is not False

    def keep_row(self) -> None:
        """Store one row more, and see it acknowledged."""
        name = f"row-{next(self._numbers)}"
        form = {"content-type": "application/x-www-form-urlencoded"}
        done = self.request(
            f"/drafts/{name}", method="PUT", headers=form, body=f"text={name}"
        )
        assert done is not None
        self.kept[name] = name

    def rows_lost(self) -> int:
        """Count the acknowledged rows that are not there."""
        paths = json.dumps([f"/drafts/{name}" for name in self.kept])
        script = f"Promise.all({paths}.map(p => fetch(p).then(r => r.text())))"
        found = self.window.evaluate(script)
        return sum(a != b for a, b in zip(found, self.kept.values(), strict=True))

    def use_ticking_server(self) -> None:
        """Let the ticking server answer."""
        form = {"content-type": "application/x-www-form-urlencoded"}
        self.request(
            "/engines", method="POST", headers=form, body=f"url={self.server.url}"
        )
        self.open("/")
        self.window.wait_for("document.querySelector('.model [name=choice]') !== null")

    def use_model_file(self, path: Path) -> None:
        """Let the built-in engine answer."""
        self.window.use_model(path)
        self.open("/")
        self.window.wait_for("document.querySelector('.model [name=choice]') !== null")

    def open(self, path: str) -> None:
        """Load a path."""
        # The page that is there may have the same path.
        self.window.evaluate(f"window.isLeft = 1; location.href = {json.dumps(path)}")
        self.window.wait_for(
            f"!window.isLeft && location.pathname === {json.dumps(path)}"
            " && document.readyState === 'complete'"
        )

    def ask(self, text: str) -> str:
        """Ask in the open conversation; return the id of the answer that grows."""
        self.server.said = []
        self.clear_field()
        before = self.window.evaluate("document.querySelectorAll('.answer').length")
        self.window.ask(text)
        self.window.wait_for(
            f"document.querySelectorAll('.answer').length > {before} && {IS_BUSY}"
        )
        return str(self.window.evaluate(f"{LAST_ANSWER}.id")).removeprefix("message-")

    def clear_field(self) -> None:
        """Take out what was typed before, also when it comes late."""
        self.window.wait_for("document.querySelector('[data-draft]') === null")
        self.window.evaluate("document.querySelector('textarea').value = ''")

    def kill_idle_sidecar(self) -> Trial:
        """Kill the sidecar while it does nothing."""
        self.keep_row()
        self._wait_at_most(0.1)
        return self.measure(self.window.sidecar.kill)

    def kill_committing_sidecar(self) -> Trial:
        """Kill the sidecar while the page stores rows one after the other."""
        first = next(self._numbers)
        self._numbers = itertools.count(first + 1000)
        self.window.evaluate(_WRITE_ON.format(first=first))
        self.window.wait_for("window.written.length > 2")
        self._wait_at_most(0.3)
        kill = self.window.sidecar.kill
        started = time.monotonic()
        kill()
        self._wait_until_usable()
        recovery_s = time.monotonic() - started
        written = self.window.wait_for("window.wrote && window.written")
        self.kept |= {name: name for name in written}
        return Trial(recovery_s=recovery_s, rows_lost=self.rows_lost())

    def kill_answering_sidecar(self) -> Trial:
        """Kill the sidecar at any moment of an answer, and compare what is kept."""
        return self.interrupt_answer(self.window.sidecar.kill)

    def interrupt_answer(self, fault: Callable[[], object]) -> Trial:
        """Do something at any moment of an answer, and compare what is kept."""
        message_id = self.ask(f"Count {next(self._numbers)}")
        until(lambda: self.server.said, "the first word")
        self._wait_at_most(1.5)
        killed_at = time.monotonic()
        trial = self.measure(fault)
        return replace(trial, text_lost_ms=self._text_lost_ms(message_id, killed_at))

    def stop_sidecar(self) -> Trial:
        """Freeze the sidecar."""
        self.keep_row()
        self._wait_at_most(2.0)
        return self.measure(self.window.sidecar.suspend)

    def kill_engine(self) -> Trial:
        """Kill the built-in engine in mid-answer; the next question is answered."""
        message_id = self.ask("Go on forever")
        self.window.wait_for(f"{LAST_ANSWER}.innerText.includes('tick')")
        engine = self.window.engine
        started = time.monotonic()
        engine.kill()
        self.window.wait_for(f"!({IS_BUSY})")
        assert self.window.has("button", "Continue")
        self.compare(message_id)
        self.ask("Hello")
        self.window.wait_for(f"{LAST_ANSWER}.innerText.includes('Hello')")
        recovery_s = time.monotonic() - started
        self.window.wait_for(f"!({IS_BUSY})")
        left = 0 if are_gone([engine]) else 1
        return Trial(recovery_s=recovery_s, children_left=left)

    def kill_renderer(self) -> Trial:
        """Kill the page's process; what was being typed is there again."""
        self.open("/")
        draft = f"a thought {next(self._numbers)}"
        self.clear_field()
        self.window.write("textbox", "Message", draft)
        until(lambda: self.request("/drafts/new") == draft, "the draft")
        renderer = self.window.renderer
        started = time.monotonic()
        renderer.kill()
        self.window.attach_again()
        self._wait_until_usable()
        recovery_s = time.monotonic() - started
        value = "document.querySelector('textarea')?.value"
        self.window.wait_for(f"{value} === {json.dumps(draft)}")
        left = 0 if are_gone([renderer]) else 1
        return Trial(recovery_s=recovery_s, children_left=left)

    def kill_shell(self) -> Trial:
        """Kill the shell, in mid-answer; its children go, and a new one has all."""
        self.open("/")
        message_id = self.ask(f"Count {next(self._numbers)}")
        self.keep_row()
        self._wait_at_most(1.0)
        below = self.window.children
        killed_at = time.monotonic()
        self.window.kill()
        left = 0 if are_gone(below) else 1
        recovery_s = time.monotonic() - killed_at
        self.window.close()
        self.window = ForgivingWindow.start(self._data_dir)
        self._wait_until_usable()
        return Trial(
            recovery_s=recovery_s,
            rows_lost=self.rows_lost(),
            text_lost_ms=self._text_lost_ms(message_id, killed_at, is_open=False),
            children_left=left,
        )

    def kill_everything(self) -> Trial:
        """Kill all processes at once, as a power cut does; a new start has all."""
        self.open("/")
        message_id = self.ask(f"Count {next(self._numbers)}")
        self.keep_row()
        self._wait_at_most(1.0)
        below = self.window.children
        killed_at = time.monotonic()
        self.window.process.kill()
        for process in below:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        left = 0 if are_gone(below) else 1
        self.window.close()
        started = time.monotonic()
        self.window = ForgivingWindow.start(self._data_dir)
        self._wait_until_usable()
        return Trial(
            recovery_s=time.monotonic() - started,
            rows_lost=self.rows_lost(),
            text_lost_ms=self._text_lost_ms(message_id, killed_at, is_open=False),
            children_left=left,
        )

    def compare(self, message_id: str) -> str:
        """See that the page shows what the database holds; return it."""
        prose = f"document.getElementById('prose-{message_id}')"
        article = f"document.getElementById('message-{message_id}')"
        self.window.wait_for(f"{article}.getAttribute('aria-busy') === 'false'")
        text = self._stored(message_id)
        shown = self.window.evaluate(f"{prose}.innerText")
        assert shown.split() == text.split()
        return text

    def end(self) -> int:
        """Quit the program; return how many of its processes are left."""
        below = self.window.children
        self.window.close()
        return 0 if are_gone(below) else 1

    def measure(self, fault: Callable[[], object]) -> Trial:
        """Do something and wait until the page is answered again."""
        started = time.monotonic()
        fault()
        self._wait_until_usable()
        recovery_s = time.monotonic() - started
        return Trial(recovery_s=recovery_s, rows_lost=self.rows_lost())

    def _wait_until_usable(self) -> None:
        until(
            self.is_usable, "the page to be answered", lambda: self.window.log[-3000:]
        )

    def _wait_at_most(self, seconds: float) -> None:
        threading.Event().wait(self._chance.uniform(0, seconds))

    def _text_lost_ms(
        self, message_id: str, killed_at: float, *, is_open: bool = True
    ) -> float:
        text = self.compare(message_id) if is_open else self._stored(message_id)
        said = list(self.server.said)
        words = [word for _, word in said]
        known = len(text.split())
        assert text.split() == "".join(words[:known]).split(), "twice or missing"
        lost = [moment for moment, _ in said[known:] if moment <= killed_at]
        return (killed_at - lost[0]) * 1000 if lost else 0.0

    def _stored(self, message_id: str) -> str:
        text = self.request(f"/messages/{message_id}/text")
        assert text is not None
        return text


_WRITE_ON: Final = """
(async (first) => {{
  window.written = []; window.wrote = false;
  for (let number = first; number < first + 1000; number++) {{
    const name = `row-${{number}}`;
    const options = {{method: "PUT", body: new URLSearchParams({{text: name}})}};
    try {{
      if (!(await fetch(`/drafts/${{name}}`, options)).ok) break;
    }} catch {{ break; }}
    window.written.push(name);
  }}
  window.wrote = true;
}})({first}); 0
"""


@contextmanager
def running(data_dir: Path) -> Iterator[Trials]:
    """Open the program and a model server, and end both."""
    with TickingServer() as server:
        trials = Trials(ForgivingWindow.launch(data_dir), data_dir, server)
        try:
            trials.window.attach()
            until(trials.is_usable, "the database")
            yield trials
        finally:
            trials.window.close()
