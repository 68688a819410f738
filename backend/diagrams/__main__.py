"""The process that draws diagrams: `drawing` starts it.

It runs the very script that draws them in the page, in an engine without page, files
and network.
"""

import json
import sys
from base64 import b64decode
from collections.abc import Mapping
from typing import Final

from quickjs import Context, JSException

from backend.installation import resource_path
from backend.runtime.confinement import confine
from backend.runtime.worker import answer, finish, take_job

_DRAWN_WITHIN_S: Final = 10
_ENGINE_BYTES: Final = 256 * 1024**2
_STACK_BYTES: Final = 2 * 1024**2
_CPU_S: Final = 60
_MEMORY_BYTES: Final = 768 * 1024**2
_WORKER: Final = """
var self = globalThis, console = {}, heard, said = "";
var addEventListener = (_, listener) => { heard = listener; };
var postMessage = (message) => { said = message.svg ?? ""; };
var setTimeout = () => 0;
var draw = (message) => { heard({ data: message }); return said; };
"""
"""What the script finds in the page's worker, as far as it needs it."""


class Drawer:
    """Draws one diagram after the other."""

    def __init__(self, script: str, drawn_within_s: int = _DRAWN_WITHIN_S) -> None:
        """Load the script that draws; it is loaded anew after each that failed."""
        self._script = script
        self._drawn_within_s = drawn_within_s
        self._context = self._load()

    def draw(self, source: str, colours: Mapping[str, str]) -> str:
        """Return a diagram as SVG; "" for one that is not understood or too much."""
        message = json.dumps({"source": source, "colours": dict(colours)})
        self._context.set_time_limit(self._drawn_within_s)
        try:
            return str(self._context.eval(f"draw({message})"))
        except (JSException, MemoryError):
            # Whatever it was in the middle of.
            self._context = self._load()
            return ""

    def _load(self) -> Context:
        context = Context()
        context.set_memory_limit(_ENGINE_BYTES)
        context.set_max_stack_size(_STACK_BYTES)
        context.add_callable("atob", lambda text: b64decode(text).decode("latin-1"))
        context.eval(_WORKER)
        context.eval(self._script)
        return context


def script() -> str:
    """Return the script that draws, with all it needs."""
    web = resource_path("backend", "resources", "web")
    return (web / "vendor" / "drawer.js").read_text("utf-8")


def main() -> None:
    """Draw what is asked for."""
    asked = take_job()
    confine(cpu_s=_CPU_S, memory_bytes=_MEMORY_BYTES)
    drawer = Drawer(script())
    for source in asked["sources"]:
        answer({"svg": drawer.draw(source, asked["colours"])})
        sys.stdout.flush()
    finish()


if __name__ == "__main__":
    main()
