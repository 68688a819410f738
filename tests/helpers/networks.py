"""Networks of their own for programs, on one switch: each cable can be pulled.

What a thread starts and opens while it is in one is of that network, also after the
thread has left it.
"""

import ctypes
import os
import signal
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from tests.helpers.window import until

_NETWORK: Final = 0x40000000
"""CLONE_NEWNET, of what `setns` may change."""
SWITCH: Final = "10.77.0.1"


def can_make_networks() -> bool:
    """Whether this user may make networks and cables between them."""
    if not sys.platform.startswith("linux") or os.geteuid():
        return False
    words = ["ip", "link", "add", "name", "v0", "type", "veth", "peer", "name", "v1"]
    try:
        tried = subprocess.run(["unshare", "--net", *words], check=False)
    except FileNotFoundError:
        return False
    return tried.returncode == 0


class Network:
    """One of them, as long as the process lives that holds it."""

    def __init__(self) -> None:
        """Make one in which programs reach each other over the loopback."""
        own = Path("/proc/self/ns/net").readlink()
        self._holder = subprocess.Popen(["unshare", "--net", "sleep", "infinity"])
        self.pid = self._holder.pid
        self._path = Path(f"/proc/{self.pid}/ns/net")
        until(lambda: self._path.readlink() != own, "a network")
        self.run("ip", "link", "set", "lo", "up")

    def __enter__(self) -> Self:
        self._before = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
        there = os.open(self._path, os.O_RDONLY)
        _enter(there)
        os.close(there)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        _enter(self._before)
        os.close(self._before)

    def run(self, *words: str) -> None:
        """Run a command in it."""
        inside = ["nsenter", "--target", str(self.pid), "--net", *words]
        subprocess.run(inside, check=True, timeout=30)

    def close(self) -> None:
        """Let it go."""
        self._holder.send_signal(signal.SIGKILL)
        self._holder.wait()


class Switch:
    """A network in the middle, with a server, and one for each computer.

    Attributes:
        middle: Where a server is, at the address `SWITCH`.
        outside: Those of the computers.
    """

    def __init__(self, computers: int) -> None:
        """Plug all cables in."""
        with ExitStack() as stack:
            self.middle = Network()
            stack.callback(self.middle.close)
            self.middle.run("ip", "link", "add", "switch", "type", "bridge")
            self.middle.run("ip", "addr", "add", f"{SWITCH}/24", "dev", "switch")
            self.middle.run("ip", "link", "set", "switch", "up")
            self.outside = [self._plugged(n, stack) for n in range(computers)]
            self._open = stack.pop_all()

    def pull(self, number: int) -> None:
        """Pull the cable of a computer."""
        self.middle.run("ip", "link", "set", f"cable{number}", "down")

    def plug(self, number: int) -> None:
        """Plug it in again."""
        self.middle.run("ip", "link", "set", f"cable{number}", "up")

    def close(self) -> None:
        """Let all networks go."""
        self._open.close()

    def _plugged(self, number: int, stack: ExitStack) -> Network:
        network, cable = Network(), f"cable{number}"
        stack.callback(network.close)
        ends = ["type", "veth", "peer", "name", "socket", "netns", str(network.pid)]
        self.middle.run("ip", "link", "add", cable, *ends)
        self.middle.run("ip", "link", "set", cable, "master", "switch", "up")
        address = f"{SWITCH[:-1]}{number + 2}/24"
        network.run("ip", "addr", "add", address, "dev", "socket")
        network.run("ip", "link", "set", "socket", "up")
        return network


def _enter(descriptor: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.setns(descriptor, _NETWORK):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
