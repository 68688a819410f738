"""One instance per data folder: who has the lock serves, everybody else calls it.

Standard library only: a second launch must be over before Qt would be imported. The
system lets go of the lock when a process dies, however it dies, so there is no stale
lock; the lock file says where its holder listens.
"""

import contextlib
import json
import os
import socket
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from itertools import chain, repeat
from pathlib import Path
from typing import BinaryIO, Final

from backend.interface.protocol import MAX_ENCODED_CHAR_BYTES, MAX_TEXT_CHARS
from qtshell.process.own_files import NotOwnError, make_own_folder, open_own_file

VERSION: Final = 1
MAX_CALL_BYTES: Final = MAX_TEXT_CHARS * MAX_ENCODED_CHAR_BYTES + 64 * 1024
"""Room for a text piped into `hearth ask`, the same as the sidecar takes."""
TOO_LONG: Final = (
    f"That text is too long. The limit is {MAX_TEXT_CHARS:,} characters; "
    "send it in parts."
)

LOCK_NAME: Final = "instance.lock"
ANSWER_S: Final = 10.0
"""How long a running instance may take to say that it has heard the call."""
FREE_S: Final = 60.0
"""How long an instance that is quitting or starting may take."""

_MAX_PATH_BYTES: Final = 100
"""What every system takes as a socket's path."""

_RETRY_S: Final = (0.02, 0.05, 0.1, 0.25)
"""Rarer and rarer: who waits must not keep the one waited for from starting."""
_BUSY: Final = "Hearth is starting or quitting. Try again in a moment."
_LOCKED_BYTE: Final = 1 << 30
"""Windows refuses to read a locked byte: this one lies behind the text."""


class CallError(Exception):
    """The running instance cannot be reached; the text says what to do."""


class NotRunningError(CallError):
    """Nobody is there to call."""


class WrongCallError(ValueError):
    """What arrived is no call of this version."""


@dataclass(frozen=True, slots=True)
class Call:
    """What a launch asks of the running instance.

    Attributes:
        verb: What to do, such as "open" or "ask".
        name: Of what is to be done, such as an action's.
        text: What to do it with.
        activation: Lets the instance come to the front on Wayland.
    """

    verb: str
    name: str = ""
    text: str = ""
    activation: str = ""

    def to_line(self) -> bytes:
        """Return the call as it is sent."""
        return json.dumps({"hearth": VERSION, **asdict(self)}).encode() + b"\n"

    @classmethod
    def from_line(cls, line: bytes) -> "Call":
        """Read a call.

        Raises:
            WrongCallError: The line is none, or of another version.
        """
        try:
            data = json.loads(line)
        except (ValueError, RecursionError) as exc:
            raise WrongCallError("the call is not JSON") from exc
        if not isinstance(data, dict) or data.get("hearth") != VERSION:
            raise WrongCallError("the call is of another version")
        values = [data.get(name, "") for name in cls.__slots__]
        if not values[0] or not all(isinstance(value, str) for value in values):
            raise WrongCallError("the call lacks its verb")
        return cls(*values)


@dataclass(frozen=True, slots=True)
class Reply:
    """A piece of an answer; the one with an exit code is the last.

    Attributes:
        error: A sentence for the user.
    """

    text: str = ""
    error: str = ""
    exit: int | None = None

    def to_line(self) -> bytes:
        """Return the reply as it is sent."""
        return json.dumps(asdict(self)).encode() + b"\n"

    @classmethod
    def from_line(cls, line: bytes) -> "Reply":
        """Read a reply; one that cannot be read ends the call as failed."""
        try:
            data = json.loads(line)
            return cls(str(data["text"]), str(data["error"]), data["exit"])
        except (ValueError, KeyError, TypeError, RecursionError):
            return cls(error="The running Hearth is of another version.", exit=1)


@dataclass(slots=True)
class Instance:
    """The right to be the one instance of a data folder; ends with the process.

    Attributes:
        address: Where to listen: a socket's path, or a pipe's name on Windows.
    """

    address: str
    _file: BinaryIO = field(repr=False)

    @classmethod
    def claim(cls, data_dir: Path) -> "Instance | None":
        """Take the lock, or return None when another process has it.

        Raises:
            CallError: The folder or the lock in it is not this user's own, or there is
                no place of their own to listen at.
        """
        path = data_dir / LOCK_NAME
        try:
            make_own_folder(data_dir)
            address = _address(data_dir)
            file = os.fdopen(open_own_file(path, os.O_RDWR), "r+b")
        except NotOwnError as exc:
            raise CallError(str(exc)) from exc
        if not _lock(file):
            file.close()
            return None
        file.truncate(0)
        file.write(json.dumps({"pid": os.getpid(), "address": address}).encode())
        file.flush()
        return cls(address, file)

    def listen(self) -> socket.socket:
        """Return the listening socket, open to this user only (not on Windows)."""
        with contextlib.suppress(FileNotFoundError):
            # Whoever made it is gone, or we would not have the lock.
            Path(self.address).unlink()
        listening = socket.socket(socket.AF_UNIX)
        before = os.umask(0o177)
        try:
            listening.bind(self.address)
        finally:
            os.umask(before)
        listening.listen(64)
        return listening

    def release(self) -> None:
        """Let another process be the one instance; twice is as good as once."""
        if self._file.closed:
            return
        if sys.platform != "win32":
            Path(self.address).unlink(missing_ok=True)
        self._file.close()


def running(data_dir: Path) -> int | None:
    """Return the process that holds the lock of a data folder, or None."""
    if not (data_dir / LOCK_NAME).exists():
        return None
    claimed = Instance.claim(data_dir)
    if claimed is not None:
        claimed.release()
        return None
    pid, _ = _holder(data_dir)
    return pid


def call(data_dir: Path, asked: Call, answer_s: float = ANSWER_S) -> Iterator[Reply]:
    """Yield what the running instance replies; pieces may be empty.

    Raises:
        NotRunningError: Nobody runs, or not yet, or not any more.
        CallError: It does not answer, or would not take the text.
    """
    line = asked.to_line()
    if len(line) > MAX_CALL_BYTES:
        raise CallError(TOO_LONG)
    pid, address = _holder(data_dir)
    try:
        for reply in _exchange(address, line, answer_s):
            yield Reply.from_line(reply)
    except TimeoutError as exc:
        raise CallError(
            f"Hearth is running but does not answer. End process {pid} and try again."
        ) from exc
    except OSError as exc:
        raise NotRunningError("Hearth is not running.") from exc


def _holder(data_dir: Path) -> tuple[int, str]:
    path = data_dir / LOCK_NAME
    if not path.is_file():
        # Reading a pipe would wait for ever.
        return 0, ""
    try:
        data = json.loads(path.read_text("utf-8"))
        return int(data["pid"]), str(data["address"])
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return 0, ""


def _exchange(address: str, line: bytes, answer_s: float) -> Iterator[bytes]:
    if sys.platform == "win32":
        with Path(address).open("r+b", buffering=0) as pipe:
            pipe.write(line)
            yield from pipe
        return
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(answer_s)
        client.connect(address)
        client.sendall(line)
        with client.makefile("rb") as replies:
            yield from replies


def claim_or_call(
    data_dir: Path, asked: Call, free_s: float = FREE_S
) -> "Instance | list[Reply]":
    """Become the one instance, or hand the call over to it.

    Both may take a while: an instance that is starting does not listen yet, and one
    that is quitting does not listen any more.

    Raises:
        CallError: Somebody runs and does not answer.
    """
    deadline, pauses = time.monotonic() + free_s, _pauses()
    while (claimed := Instance.claim(data_dir)) is None:
        try:
            if replies := list(call(data_dir, asked)):
                return replies
        except NotRunningError:
            pass
        if time.monotonic() > deadline:
            raise CallError(_BUSY)
        time.sleep(next(pauses))
    return claimed


def reach(data_dir: Path, asked: Call, free_s: float = FREE_S) -> Iterator[Reply]:
    """Yield what the running instance replies, waiting for one that is starting.

    Raises:
        NotRunningError: Nobody runs.
        CallError: It does not answer.
    """
    deadline, pauses = time.monotonic() + free_s, _pauses()
    while True:
        try:
            replies = call(data_dir, asked)
            first = next(replies, None)
        except NotRunningError:
            if running(data_dir) is None:
                raise
        else:
            if first is not None:
                yield first
                yield from replies
                return
        if time.monotonic() > deadline:
            raise CallError(_BUSY)
        time.sleep(next(pauses))


def _pauses() -> Iterator[float]:
    return chain(_RETRY_S, repeat(_RETRY_S[-1]))


def _address(data_dir: Path) -> str:
    # Slow to import, and only the one instance needs them.
    import hashlib  # noqa: PLC0415 slow to import
    from tempfile import gettempdir  # noqa: PLC0415 slow to import

    text = f"{_user()}:{data_dir.resolve()}"
    name = f"hearth-{hashlib.sha256(text.encode()).hexdigest()[:16]}"
    if sys.platform == "win32":
        return rf"\\.\pipe\{name}"
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    places = [data_dir.resolve() / "instance.sock"]
    if runtime and _is_own(Path(runtime)):
        places.insert(0, Path(runtime) / f"{name}.sock")
    for place in places:
        if _fits(place):
            return str(place)
    own = Path(gettempdir()) / f"hearth-{_user()}"
    if not _fits(own / f"{name}.sock"):
        own = Path("/tmp") / own.name  # noqa: S108 its owner is checked
    with contextlib.suppress(FileExistsError):
        own.mkdir(mode=0o700)
    if not _is_own(own):
        raise CallError(f"{own} belongs to another user. Set XDG_RUNTIME_DIR.")
    return str(own / f"{name}.sock")


def _fits(place: Path) -> bool:
    return len(os.fsencode(place)) <= _MAX_PATH_BYTES


def _is_own(folder: Path) -> bool:
    """Whether nobody else can put a socket there."""
    try:
        about = folder.lstat()
    except OSError:
        return False
    return folder.is_dir() and about.st_uid == _user() and not about.st_mode & 0o077


def _user() -> int:
    return os.getuid() if sys.platform != "win32" else 0


if sys.platform == "win32":
    import msvcrt

    def _lock(file: BinaryIO) -> bool:
        file.seek(_LOCKED_BYTE)
        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        finally:
            file.seek(0)
        return True

else:
    import fcntl

    def _lock(file: BinaryIO) -> bool:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
