"""Uses an X screen as a person does, and sees what is on it, within a millisecond."""

import ctypes
import subprocess
import threading
import time
from collections.abc import Callable
from ctypes import (
    POINTER,
    Structure,
    byref,
    c_char_p,
    c_int,
    c_uint,
    c_ulong,
    c_void_p,
)
from typing import Final

PATIENCE_S: Final = 20.0
_LOOK_AGAIN_S: Final = 0.001
_ALL_PLANES: Final = c_ulong(-1).value
_Z_PIXMAP: Final = 2


class _Image(Structure):
    _fields_ = (
        ("width", c_int),
        ("height", c_int),
        ("offset", c_int),
        ("format", c_int),
        ("data", c_void_p),
        ("byte_order", c_int),
        ("unit", c_int),
        ("bit_order", c_int),
        ("pad", c_int),
        ("depth", c_int),
        ("bytes_per_line", c_int),
    )


Area = tuple[int, int, int, int]
"""Left, top, width and height."""


class Screen:
    """The screen of DISPLAY."""

    def __init__(self) -> None:
        self._x = _declared(
            ctypes.CDLL("libX11.so.6"),
            XOpenDisplay=(c_void_p, c_char_p),
            XDefaultRootWindow=(c_ulong, c_void_p),
            XGetInputFocus=(c_int, c_void_p, c_void_p, c_void_p),
            XStringToKeysym=(c_ulong, c_char_p),
            XKeysymToKeycode=(c_uint, c_void_p, c_ulong),
            XFlush=(c_int, c_void_p),
            XGetImage=(
                *(POINTER(_Image), c_void_p, c_ulong, c_int, c_int, c_uint, c_uint),
                *(c_ulong, c_int),
            ),
            XDestroyImage=(c_int, POINTER(_Image)),
        )
        self._tests = _declared(
            ctypes.CDLL("libXtst.so.6"),
            XTestFakeKeyEvent=(c_int, c_void_p, c_uint, c_int, c_ulong),
        )
        self._display = self._x.XOpenDisplay(None)
        self._root = self._x.XDefaultRootWindow(self._display)

    def press(self, *keys: str) -> None:
        """Press keys together, by their X names, and let them go."""
        codes = [
            self._x.XKeysymToKeycode(
                self._display, self._x.XStringToKeysym(key.encode())
            )
            for key in keys
        ]
        for is_down, row in ((1, codes), (0, codes[::-1])):
            for code in row:
                self._tests.XTestFakeKeyEvent(self._display, code, is_down, 0)
        self._x.XFlush(self._display)

    def focused(self) -> int:
        """Return the window that has the keyboard."""
        window, revert = c_ulong(), c_int()
        self._x.XGetInputFocus(self._display, byref(window), byref(revert))
        return int(window.value)

    def picture(self, area: Area) -> bytes:
        """Return what the screen shows there."""
        left, top, width, height = area
        payload = self._x.XGetImage(
            *(self._display, self._root, left, top, width, height),
            *(_ALL_PLANES, _Z_PIXMAP),
        )
        image = payload.contents
        data = ctypes.string_at(image.data, image.bytes_per_line * image.height)
        self._x.XDestroyImage(payload)
        return data


def changed(before: bytes, now: bytes) -> float:
    """Return which share of two pictures differs."""
    return sum(a != b for a, b in zip(before, now, strict=True)) / len(before)


def seconds_until(check: Callable[[], bool], what: str) -> float:
    """Return how long it takes until the check holds, looking every millisecond."""
    began, pause = time.perf_counter(), threading.Event()
    while not check():
        if time.perf_counter() - began > PATIENCE_S:
            raise TimeoutError(f"waited in vain for {what}")
        pause.wait(_LOOK_AGAIN_S)
    return time.perf_counter() - began


def window_of(pid: int, name: str, *, shown: bool = True) -> int:
    """Return a process's window with this name, waiting for it."""
    visible = ["--onlyvisible"] if shown else []
    asked = ["xdotool", "search", *visible, "--all", "--pid", str(pid), "--name", name]
    found: list[str] = []

    def is_there() -> bool:
        result = subprocess.run(asked, capture_output=True, text=True, check=False)
        found[:] = result.stdout.split()
        return bool(found)

    seconds_until(is_there, f"the window {name}")
    return int(found[-1])


def area_of(window: int) -> Area:
    """Return where a window is on the screen."""
    asked = ["xdotool", "getwindowgeometry", "--shell", str(window)]
    result = subprocess.run(asked, capture_output=True, text=True, check=True).stdout
    facts = dict(line.split("=") for line in result.split())
    return (int(facts["X"]), int(facts["Y"]), int(facts["WIDTH"]), int(facts["HEIGHT"]))


def _declared(library: ctypes.CDLL, **kinds: tuple[object, ...]) -> ctypes.CDLL:
    for name, (result, *arguments) in kinds.items():
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
    return library
