"""Finds out whether there is a display, before Qt aborts for want of one."""

import os
import re
import socket
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

_ANSWER_S: Final = 2.0
_X_PORT: Final = 6_000
_X_DISPLAY = re.compile(r"(?P<host>[^:/]*)(?:/unix)?:(?P<number>\d{1,4})(?:\.\d+)?")
_NEEDS_NONE: Final = ("offscreen", "minimal", "vnc", "linuxfb", "eglfs")


def display_problem(environment: Mapping[str, str] | None = None) -> str | None:
    """Return a sentence on why no window can be opened, or None when one can."""
    env = os.environ if environment is None else environment
    if not sys.platform.startswith("linux"):
        return None
    if env.get("QT_QPA_PLATFORM", "").startswith(_NEEDS_NONE):
        return None
    x_display, wayland = env.get("DISPLAY", ""), env.get("WAYLAND_DISPLAY", "")
    if not x_display and not wayland:
        return "Hearth needs a display: start it from a desktop session."
    if (wayland and _wayland_answers(env, wayland)) or _x_answers(x_display):
        return None
    named = " or ".join(filter(None, (wayland, x_display)))
    return f"Hearth needs a display, and {named} does not answer."


def _wayland_answers(env: Mapping[str, str], name: str) -> bool:
    return _unix_answers(str(Path(env.get("XDG_RUNTIME_DIR", "/")) / name))


def _x_answers(name: str) -> bool:
    match = _X_DISPLAY.fullmatch(name)
    if match is None:
        return False
    number = int(match["number"])
    if match["host"] in ("", "unix"):
        path = f"/tmp/.X11-unix/X{number}"  # noqa: S108 where X servers listen
        return _unix_answers(path) or _unix_answers(f"\0{path}")
    try:
        address = (match["host"], _X_PORT + number)
        with socket.create_connection(address, timeout=_ANSWER_S):
            return True
    except OSError:
        return False


def _unix_answers(path: str) -> bool:
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(_ANSWER_S)
        try:
            client.connect(path)
        except OSError:
            return False
    return True
