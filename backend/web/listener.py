"""Binds the one socket of the sidecar so that no other process can share its port."""

import os
import socket
import stat
import sys
from typing import Any, Final

from msgspec import Struct

from backend.interface.protocol import LOOPBACK
from backend.web.robyn_binding import SocketHeld

_BACKLOG: Final = 1024


class ListenError(RuntimeError):
    """The socket does not listen where it must."""


class BoundSocket(Struct, frozen=True):
    """A bound socket as Robyn wants it, and its port."""

    held: Any
    port: int


def listen(port: int) -> BoundSocket:
    """Bind the port, or any other when it is taken.

    Raises:
        ListenError: The socket would not be on the loopback address alone.
        OSError: No port could be bound.
    """
    if sys.platform == "win32":
        return _listen_shared(port)
    else:  # noqa: RET505 mypy knows platforms by else
        try:
            mine = bind_exclusively(port)
        except OSError:
            if not port:
                raise
            mine = bind_exclusively(0)
        with mine:
            return _put_into_robyn(mine)


def bind_exclusively(port: int) -> socket.socket:
    """Return a listening socket that shares its port with nobody.

    SO_REUSEADDR lets the last port be taken again right after a crash, and on POSIX
    a second listener is still refused; SO_REUSEPORT, which Robyn sets, would let any
    process of this user take half of the requests.

    Raises:
        OSError: The port is taken.
    """
    mine = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        if sys.platform == "win32":
            mine.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        else:
            mine.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        mine.bind((LOOPBACK, port))
        mine.listen(_BACKLOG)
        mine.settimeout(0)
    except OSError:
        mine.close()
        raise
    return mine


def _put_into_robyn(mine: socket.socket) -> BoundSocket:
    # Robyn 0.88 takes no socket from outside and does not tell its port. Its own
    # one gets the lowest free number; ours is put over it.
    lowest = os.dup(mine.fileno())
    os.close(lowest)
    held = SocketHeld(LOOPBACK, 0)
    if not stat.S_ISSOCK(os.fstat(lowest).st_mode):
        raise ListenError("Robyn's socket was not found")
    os.dup2(mine.fileno(), lowest, inheritable=False)
    with socket.socket(fileno=os.dup(lowest)) as bound:
        host, port = bound.getsockname()
    if host != LOOPBACK or port != mine.getsockname()[1]:
        raise ListenError(f"listening on {host}, not on {LOOPBACK}")
    return BoundSocket(held, port)


def _listen_shared(port: int) -> BoundSocket:
    # Windows has no dup2 for sockets: the port is found with an exclusive socket
    # and bound by Robyn a moment later. The proof tells an impostor.
    try:
        probe = bind_exclusively(port)
    except OSError:
        probe = bind_exclusively(0)
    with probe:
        found: int = probe.getsockname()[1]
    return BoundSocket(SocketHeld(LOOPBACK, found), found)
