"""Starts the real program on a real screen and uses it as a person does.

The page is driven over Chromium's developer protocol, which `--dev` allows, and its
parts are found by the roles and names a screen reader is told.
"""

import base64
import json
import os
import re
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final, Self
from urllib.request import urlopen

import psutil
from websockets.sync.client import ClientConnection, connect

from backend.interface.protocol import LOOPBACK
from tests.helpers.htmx import SETTLED
from tests.helpers.processes import find_sidecar
from tests.helpers.sidecar import program_command

ROOT: Final = Path(__file__).parents[2]
ARTIFACTS: Final = ROOT / "tests" / "artifacts"
PATIENCE_S: Final = 60.0
_TURNS: Final = 300
_LISTENING: Final = re.compile(r"DevTools listening on ws://(127\.0\.0\.1:\d+)/")
# Name → code of the key and the text it types.
_KEYS: Final = {
    "Enter": (13, "\r"),
    "Escape": (27, ""),
    "Tab": (9, ""),
    " ": (32, " "),
    "PageUp": (33, ""),
    "PageDown": (34, ""),
    "End": (35, ""),
    "Home": (36, ""),
    "ArrowLeft": (37, ""),
    "ArrowUp": (38, ""),
    "ArrowRight": (39, ""),
    "ArrowDown": (40, ""),
    "Delete": (46, ""),
    "F2": (113, ""),
    "F6": (117, ""),
}
FOUND: Final = "found"
"""The group of the elements that were found; the page keeps them until it is let go."""
# What the developer protocol calls the keys that are held meanwhile.
_HELD: Final = {"Alt": 1, "Control": 2, "Shift": 8}
# What the developer protocol says of a page, or a part of one, that is gone.
_MOVED: Final = ("context", "does not belong to the document", "No node", "object id")


class PageMovedError(Exception):
    """The page was replaced by another one while it was asked."""


class Window:
    """A running Hearth and its page."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        """Use `Window.start`."""
        self.process = process
        self.output: list[str] = []
        self._last = 0
        self._devtools = ""
        self._listening = threading.Event()
        self._page: ClientConnection | None = None
        self._open = ExitStack()
        self._reader = threading.Thread(target=self._read_output, daemon=True)
        self._reader.start()

    @classmethod
    def start(cls, data_dir: Path, *arguments: str) -> Self:
        """Open Hearth on a data folder and wait for its page."""
        window = cls.launch(data_dir, *arguments)
        window.attach()
        return window

    @classmethod
    def launch(cls, data_dir: Path, *arguments: str) -> Self:
        """Open Hearth without waiting for anything."""
        process = subprocess.Popen(
            cls.command(data_dir, *arguments),
            cwd=ROOT,
            env=os.environ | {"QTWEBENGINE_REMOTE_DEBUGGING": _free_address()},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )
        return cls(process)

    @staticmethod
    def command(data_dir: Path, *arguments: str) -> list[str]:
        """Return the command line that opens Hearth on a data folder."""
        program = [*program_command(), "--dev"]
        return [*program, "--data-dir", str(data_dir), *arguments]

    @property
    def log(self) -> str:
        """Everything the program wrote."""
        return "".join(self.output)

    @property
    def children(self) -> list[psutil.Process]:
        """Every process below the shell."""
        return psutil.Process(self.process.pid).children(recursive=True)

    @property
    def sidecar(self) -> psutil.Process:
        """The sidecar's process."""
        found = until(lambda: find_sidecar(self.children), "the sidecar", self._why)
        assert isinstance(found, psutil.Process)
        return found

    @property
    def port(self) -> int:
        """The port of the page's origin."""
        return int(self.evaluate("location.port"))

    @property
    def page_address(self) -> str:
        """Where the developer protocol of the page is spoken."""
        return str(until(self._page_address, "the page", self._why))

    def attach(self) -> None:
        """Connect to the page, also again after its renderer was replaced."""
        until(self._is_up, "the program", self._why)
        self._open.close()
        address = self.page_address
        self._page = self._open.enter_context(connect(address, close_timeout=0))
        self.wait_for("document.readyState === 'complete' && location.port !== ''")

    def evaluate(self, script: str) -> Any:  # noqa: ANN401 whatever the page answers
        """Return what an expression of the page gives; promises are awaited."""
        reply = self.send(
            "Runtime.evaluate",
            expression=script,
            returnByValue=True,
            awaitPromise=True,
            userGesture=True,
        )
        assert "exceptionDetails" not in reply, reply["exceptionDetails"]
        return reply["result"].get("value")

    def wait_for(self, script: str) -> Any:  # noqa: ANN401 whatever the page answers
        """Wait until an expression of the page is true, and return it."""

        def is_true() -> Any:  # noqa: ANN401 whatever the page answers
            try:
                return self.evaluate(script)
            except PageMovedError:
                return None

        return until(is_true, script, self._why)

    def go(self, path: str = "") -> None:
        """Load a page, or this one again, and wait until the old one has gone."""
        where = f"location.assign({json.dumps(path)})" if path else "location.reload()"
        self.evaluate(f"window.isOld = true; {where}; 0")
        self.wait_for("!window.isOld && document.readyState === 'complete'")

    def find(self, role: str, name: str) -> str:
        """Return the page's handle of the element with this role and name."""
        return str(until(lambda: self._query(role, name), f"{role} {name}", self._why))

    def has(self, role: str, name: str) -> bool:
        """Whether a screen reader finds such an element now."""
        return self._query(role, name) is not None

    def click(self, role: str, name: str) -> None:
        """Press an element, once it does what it is for."""
        self.find(role, name)
        self.wait_for(SETTLED)

        def is_pressed() -> bool:
            try:
                self._call(self.find(role, name), "function() { this.click() }")
            except PageMovedError:
                return False  # between finding and pressing it
            return True

        until(is_pressed, f"{role} {name} to be pressed", self._why)

    def text_of(self, role: str, name: str) -> str:
        """Return the visible text of an element."""
        return str(
            self._call(self.find(role, name), "function() {return this.innerText}")
        )

    def write(self, role: str, name: str, text: str) -> None:
        """Put the cursor into a field and type, once it does what it is for."""
        self.find(role, name)
        self.wait_for(SETTLED)
        self._call(self.find(role, name), "function() { this.focus() }")
        self.send("Input.insertText", text=text)

    def press(self, key: str, *held: str) -> None:
        """Press a key where the focus is, with others held: a name or one letter."""
        code, text = _KEYS.get(key) or (ord(key.upper()), key)
        name = "Space" if key == " " else key if len(key) > 1 else f"Key{key.upper()}"
        held_bits = sum(_HELD[other] for other in held)
        pressed = {"key": key, "code": name, "windowsVirtualKeyCode": code}
        pressed |= {"modifiers": held_bits}
        types = text and not {"Alt", "Control"} & {*held}
        down = pressed | ({"text": text} if types else {})
        self.send("Input.dispatchKeyEvent", type="keyDown", **down)
        self.send("Input.dispatchKeyEvent", type="keyUp", **pressed)

    def wheel(self, selector: str, pixels: int) -> None:
        """Turn the wheel over the middle of an element: down, or up if negative."""
        box = f"document.querySelector({json.dumps(selector)}).getBoundingClientRect()"
        x, y = self.evaluate(f"(b => [b.x + b.width / 2, b.y + b.height / 2])({box})")
        self.send(
            "Input.dispatchMouseEvent",
            type="mouseWheel",
            x=x,
            y=y,
            deltaX=0,
            deltaY=pixels,
        )

    def wheel_until(self, selector: str, pixels: int, condition: str) -> None:
        """Turn the wheel over an element until a condition of the page holds."""
        for _ in range(_TURNS):
            if self.evaluate(condition):
                return
            self.wheel(selector, pixels)
        self.wait_for(condition)

    def ask(self, text: str) -> None:
        """Write a message and send it."""
        self.write("textbox", "Message", text)
        self.press("Enter")

    def use_model(self, path: Path) -> None:
        """Choose a model file, as the shell does when its dialog was answered."""
        form = f"new URLSearchParams({{path: {json.dumps(str(path))}}})"
        script = f"fetch('/engines/builtin', {{method: 'POST', body: {form}}})"
        assert self.evaluate(f"{script}.then(r => r.status)") == 204

    def screenshot(self, name: str) -> Path:
        """Photograph the whole screen into the artifacts folder."""
        ARTIFACTS.mkdir(exist_ok=True)
        path = ARTIFACTS / f"{name}.png"
        subprocess.run(["import", "-window", "root", path], check=True, timeout=30)
        return path

    def photograph(self, name: str) -> Path:
        """Photograph the page alone."""
        ARTIFACTS.mkdir(exist_ok=True)
        path = ARTIFACTS / f"{name}.png"
        reply = self.send("Page.captureScreenshot", format="png")
        path.write_bytes(base64.b64decode(reply["data"]))
        return path

    def send(self, method: str, **params: object) -> dict[str, Any]:
        """Send one command of the developer protocol and return its result."""
        assert self._page is not None
        self._last += 1
        number = self._last
        message = {"id": number, "method": method, "params": params}
        self._page.send(json.dumps(message))
        while True:
            data = json.loads(self._page.recv(timeout=PATIENCE_S))
            if data.get("id") == number:
                why = data.get("error", {}).get("message", "")
                if any(words in why for words in _MOVED):
                    raise PageMovedError(why)
                assert "error" not in data, data
                return dict(data["result"])

    def quit(self) -> int:
        """Quit as the desktop does at logout, and return the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE_S)

    def kill(self) -> None:
        """Let the shell die without a word."""
        self.process.kill()
        self.process.wait(PATIENCE_S)

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Leave nothing behind."""
        self.close()

    def close(self) -> None:
        """End what still runs and let go of the page."""
        self._open.close()
        below = [] if self.process.poll() is not None else self.children
        if self.process.poll() is None:
            self.quit()
        for process in below:
            if process.is_running():
                process.kill()
        self._reader.join(PATIENCE_S)

    def _is_up(self) -> bool:
        assert self.process.poll() is None, self._why()
        return self._listening.is_set()

    def pages(self) -> list[dict[str, str]]:
        """Return what Chromium says of our pages, also those of a restarted Hearth."""
        with urlopen(f"http://{self._devtools}/json", timeout=5) as answer:
            pages = [t for t in json.load(answer) if t["type"] == "page"]
        return [p for p in pages if p["url"].startswith("http://127.0.0.1")]

    def _page_address(self) -> str | None:
        found = self.pages()
        return found[0]["webSocketDebuggerUrl"] if found else None

    def _query(self, role: str, name: str) -> str | None:
        try:
            return self._handle_of(role, name)
        except PageMovedError:
            return None

    def _handle_of(self, role: str, name: str) -> str | None:
        root = self.send("Runtime.evaluate", expression="document.documentElement")
        if "objectId" not in root["result"]:
            return None  # between two pages
        reply = self.send(
            "Accessibility.queryAXTree",
            objectId=root["result"]["objectId"],
            accessibleName=name,
            role=role,
        )
        shown = [node for node in reply["nodes"] if not node["ignored"]]
        if not shown:
            return None
        node = shown[0]["backendDOMNodeId"]
        resolved = self.send("DOM.resolveNode", backendNodeId=node, objectGroup=FOUND)
        return str(resolved["object"]["objectId"])

    def _call(self, handle: str, function: str) -> Any:  # noqa: ANN401 as evaluate
        reply = self.send(
            "Runtime.callFunctionOn",
            objectId=handle,
            functionDeclaration=function,
            returnByValue=True,
            userGesture=True,
        )
        return reply["result"].get("value")

    def _read_output(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout:
            for line in self.process.stdout:
                self.output.append(line)
                if match := _LISTENING.search(line):
                    self._devtools = match[1]
                    self._listening.set()

    def _why(self) -> str:
        return f"{self.log[-3000:]}\nexit code: {self.process.poll()}"


def _free_address() -> str:
    # WebEngine refuses port 0 here.
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return f"{LOOPBACK}:{probe.getsockname()[1]}"


def until(check: Callable[[], Any], what: str, why: Callable[[], str] = str) -> Any:  # noqa: ANN401 whatever the check gives
    """Ask until the answer is true, and return it."""
    deadline = time.monotonic() + PATIENCE_S
    pause = threading.Event()
    while time.monotonic() < deadline:
        if answer := check():
            return answer
        pause.wait(0.02)
    raise AssertionError(f"waited in vain for {what}\n{why()}")


def is_still(element: str) -> str:
    """Return an expression that becomes true when nothing scrolls there any more."""
    return f"""new Promise(resolve => {{
      let last = NaN, same = 0;
      const look = () => {{
        same = {element}.scrollTop === last ? same + 1 : 0;
        last = {element}.scrollTop;
        same < 12 ? requestAnimationFrame(look) : resolve(true);
      }};
      look();
    }})"""
