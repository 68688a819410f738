"""Downloads one file to its end, over cuts, restarts and servers that lie.

What has arrived lies in a part file beside the target, named after the hash the whole
must have: so a part is gone on with whoever wrote it, and never with bytes of another
file. The hash is taken of the part before it goes on, and runs along.
"""

import asyncio
import errno
import hashlib
import os
import shutil
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Final

from msgspec import Struct, field

from backend.llm.builtin.memory import GIGABYTE
from backend.llm.library.ranges import (
    RANGE_BYTES,
    NoRangeError,
    RangeReader,
    in_order,
)
from backend.sqlite.files import FileInUseError, check_replaceable, move_over

if TYPE_CHECKING:
    import httpx2

PAUSES_S: Final = (0.4, 0.8, 2.0, 5.0, 10.0)
"""Between tries of which nothing new came; the last is repeated."""
SPARE_BYTES: Final = GIGABYTE
"""What is left free on the disk: a computer without room stops working."""
_LOOK_AT_ROOM_BYTES: Final = 64 * 1024 * 1024
_LONGEST_PAUSE_S: Final = 120.0
_WORTH_RANGES: Final = 4
"""Of fewer ranges, more connections would not be done before the first one."""


class FetchError(Exception):
    """A download cannot go on; the text is a sentence for the user."""


class _AgainError(Exception):
    """Something that passes; `after_s` is the pause the server asks for."""

    def __init__(self, after_s: float = 0) -> None:
        super().__init__(after_s)
        self.after_s = after_s


class Wanted(Struct, frozen=True, kw_only=True):
    """A file that is wanted.

    Attributes:
        url: Where it is asked for.
        target: Where it lies in the end.
        terms: Where its terms can be accepted, for files that are refused.
    """

    url: str
    target: Path
    bytes: int
    sha256: str
    terms: str = ""

    @property
    def part(self) -> Path:
        """Where it lies until it is whole."""
        return self.target.with_name(f"{self.target.name}.{self.sha256[:16]}.part")


class _FilePart(Struct):
    """What has arrived of a file, and what it hashes to."""

    path: Path
    bytes: int = 0
    sha256: "hashlib._Hash" = field(default_factory=hashlib.sha256)

    def take_up(self, most: int) -> None:
        """Read what an earlier try left; forget it when it is too long to be true."""
        if self.path.is_symlink() or (self.path.exists() and not self.path.is_file()):
            raise FetchError(f"{self.path} is in the way. Move it and try again.")
        self.bytes, self.sha256 = 0, hashlib.sha256()
        if not self.path.exists():
            return
        if self.path.stat().st_size > most:
            self.path.unlink()
            return
        with self.path.open("rb") as file:
            while piece := file.read(_LOOK_AT_ROOM_BYTES):
                self.sha256.update(piece)
                self.bytes += len(piece)

    def forget(self) -> None:
        """Begin from nothing."""
        self.path.unlink(missing_ok=True)
        self.bytes, self.sha256 = 0, hashlib.sha256()


async def fetch(
    client: "httpx2.AsyncClient",
    wanted: Wanted,
    report: Callable[[int, str], None],
    *,
    pauses_s: tuple[float, ...] = PAUSES_S,
    spare_bytes: int = SPARE_BYTES,
    range_bytes: int = RANGE_BYTES,
) -> None:
    """Bring a file here; it lies at its target when this returns.

    Args:
        client: Follows redirects.
        wanted: What, from where, to where.
        report: Is called with the bytes that are here, and with what is waited for, ""
            while they come.
        pauses_s: Between tries.
        spare_bytes: What must stay free on the disk.
        range_bytes: Of more than a few such ranges, several are read at once.

    Raises:
        FetchError: It cannot be had, and why; what came is kept where it may be of use.
    """
    part, failures = _FilePart(wanted.part), 0
    try:
        await asyncio.to_thread(part.take_up, wanted.bytes)
        _check_room(wanted, part, spare_bytes)
        while part.bytes < wanted.bytes:
            report(part.bytes, "")
            before = part.bytes
            try:
                await _fetch_rest(
                    client, wanted, part, report, spare_bytes, range_bytes
                )
            except NoRangeError:
                range_bytes = wanted.bytes  # so that there is only one
            except _AgainError as exc:
                failures = 0 if part.bytes > before else failures + 1
                pause_s = pauses_s[min(failures, len(pauses_s)) - 1] if failures else 0
                if pause_s or exc.after_s:
                    report(part.bytes, "Waiting for the network")
                await asyncio.sleep(max(pause_s, min(exc.after_s, _LONGEST_PAUSE_S)))
        report(part.bytes, "Checking")
        await asyncio.to_thread(_put_in_place, wanted, part)
    except OSError as exc:
        raise FetchError(_why(exc, wanted.target)) from exc


async def _fetch_rest(
    client: "httpx2.AsyncClient",
    wanted: Wanted,
    part: _FilePart,
    report: Callable[[int, str], None],
    spare_bytes: int,
    range_bytes: int,
) -> None:
    import httpx2  # noqa: PLC0415 costs 0.1 s; this module is also imported for its names

    headers = {"Range": f"bytes={part.bytes}-"} if part.bytes else {}
    try:
        async with client.stream("GET", wanted.url, headers=headers) as response:
            _check(response, wanted, part)
            with part.path.open("ab", buffering=0) as file:
                # Not in pieces of a size: each cut would lose the last one.
                rest = _rest(client, response, wanted, part, range_bytes)
                async with aclosing(rest) as pieces:
                    async for piece in pieces:
                        if part.bytes + len(piece) > wanted.bytes:
                            part.forget()
                            raise FetchError(_OTHER)
                        file.write(piece)
                        part.sha256.update(piece)
                        before = part.bytes // _LOOK_AT_ROOM_BYTES
                        part.bytes += len(piece)
                        report(part.bytes, "")
                        if part.bytes // _LOOK_AT_ROOM_BYTES > before:
                            _check_room(wanted, part, spare_bytes)
    except httpx2.InvalidURL as exc:
        raise FetchError("The address of the file is no address.") from exc
    except httpx2.HTTPError as exc:
        raise _AgainError from exc
    if part.bytes < wanted.bytes:
        raise _AgainError


async def _rest(
    client: "httpx2.AsyncClient",
    response: "httpx2.Response",
    wanted: Wanted,
    part: _FilePart,
    range_bytes: int,
) -> AsyncGenerator[bytes, None]:
    """Give what is left of the file, from an answer that begins with it."""
    ranges = RangeReader(client, response, wanted.bytes)
    start, end = part.bytes, wanted.bytes
    is_long = end - start > _WORTH_RANGES * range_bytes
    if is_long and ranges.is_offered:
        source = in_order(ranges.first, ranges.read, start, end, range_bytes)
    else:
        source = response.aiter_raw()
    async with aclosing(source) as pieces:
        async for piece in pieces:
            yield piece


def _check(response: "httpx2.Response", wanted: Wanted, part: _FilePart) -> None:
    """Look at the head of an answer before a byte of it is kept."""
    status = response.status_code
    if wanted.url.startswith("https:") and response.url.scheme != "https":
        raise FetchError(
            "The hub redirects to an address without encryption, so nothing was "
            "downloaded. Choose another model."
        )
    if response.headers.get("Content-Encoding", "identity") != "identity":
        raise FetchError(_OTHER)
    if status == HTTPStatus.PARTIAL_CONTENT and part.bytes:
        started = response.headers.get("Content-Range", "").removeprefix("bytes ")
        if not started.startswith(f"{part.bytes}-"):
            part.forget()
            raise _AgainError
        return
    if status in (HTTPStatus.OK, HTTPStatus.PARTIAL_CONTENT):
        part.forget()  # it does not go on: what is here would be there twice
        return
    if status == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
        part.forget()
        raise _AgainError
    _refuse(response, wanted)


def _refuse(response: "httpx2.Response", wanted: Wanted) -> None:
    status, code = response.status_code, response.headers.get("X-Error-Code", "")
    if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        if code == "GatedRepo" or not code:
            raise FetchError(
                "The hub gives this model only to people who accepted its terms"
                f"{f' at {wanted.terms}' if wanted.terms else ''}. Accept them, enter "
                "your access token, and resume."
            )
        raise FetchError("The hub has no such model, or keeps it private.")
    if status in (HTTPStatus.NOT_FOUND, HTTPStatus.GONE):
        raise FetchError(
            "This file is no longer on the hub. Search for the model again."
        )
    asked = response.headers.get("Retry-After", "")
    raise_again = status == HTTPStatus.TOO_MANY_REQUESTS or status >= 500  # noqa: PLR2004 all of the server's faults
    if raise_again:
        raise _AgainError(float(asked) if asked.isdecimal() else 0)
    raise FetchError(f"The hub refuses to send this file (HTTP {status}).")


def _check_room(wanted: Wanted, part: _FilePart, spare_bytes: int) -> None:
    free = shutil.disk_usage(wanted.target.parent).free
    missing = wanted.bytes - part.bytes
    if free < missing + spare_bytes:
        need = (missing + spare_bytes - free) / GIGABYTE
        raise FetchError(
            f"The disk is almost full: free at least {need:.1f} GB, and resume."
        )


def _put_in_place(wanted: Wanted, part: _FilePart) -> None:
    if part.sha256.hexdigest() != wanted.sha256:
        part.forget()
        raise FetchError(_OTHER)
    check_replaceable(wanted.target)
    with part.path.open("rb+") as file:
        os.fsync(file.fileno())
    move_over(part.path, wanted.target)


def _why(error: OSError, target: Path) -> str:
    if isinstance(error, FileInUseError):
        return f"A program has {target.name} open. Close it there, and resume."
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return "The disk is full. Make room, and resume."
    if error.errno == errno.EFBIG:
        return "The disk cannot hold a file this large. Choose a folder on another one."
    return f"The folder {target.parent} cannot be written. Check it, and resume."


_OTHER: Final = (
    "The downloaded file does not match the one on the hub, so it was deleted. Try "
    "again later, or choose another model."
)
