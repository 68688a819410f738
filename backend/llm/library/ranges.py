"""Reads what is left of a file over several connections at once, in its order.

Networks of caches often give each connection a share only. What comes before its turn
is kept in memory, so that what lies on the disk is always the beginning of the file:
it can be gone on with whatever happens, and its hash runs along.
"""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from http import HTTPStatus
from itertools import islice
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import httpx2

RANGE_BYTES: Final = 8 * 1024 * 1024
"""Long enough that asking for the next costs little, and not much lost in a cut."""
CONNECTIONS: Final = 4
_AHEAD: Final = 6
"""So many ranges are read or kept in memory; a fast connection need not wait then."""

Read = Callable[[int, int], AsyncGenerator[bytes, None]]
"""Gives the bytes from a place up to another one."""


class NoRangeError(Exception):
    """The server did not send the range that was asked for."""


class RangeReader:
    """Asks for ranges of a file where its first request was answered."""

    def __init__(
        self, client: "httpx2.AsyncClient", first: "httpx2.Response", total: int
    ) -> None:
        """Ask that server, which spares the way over the hub.

        Args:
            client: Asks.
            first: The answer to a request for the whole.
            total: The bytes of the whole.
        """
        self._client = client
        self._first = first
        self._total = total

    @property
    def is_offered(self) -> bool:
        """Whether the server says that it sends ranges."""
        headers = self._first.headers
        is_part = self._first.status_code == HTTPStatus.PARTIAL_CONTENT
        return is_part or headers.get("Accept-Ranges", "").lower() == "bytes"

    async def first(self, start: int, end: int) -> AsyncGenerator[bytes, None]:
        """Read a range from the first answer, which begins there, and let go of it."""
        left = end - start
        async with aclosing(self._first.aiter_raw()) as pieces:
            async for piece in pieces:
                yield piece[:left]
                left -= len(piece)
                if left <= 0:
                    break
        await self._first.aclose()
        if left > 0:
            raise NoRangeError

    async def read(self, start: int, end: int) -> AsyncGenerator[bytes, None]:
        """Ask for a range and give exactly its bytes.

        Raises:
            NoRangeError: Something else was sent.
        """
        request = self._client.build_request(
            "GET", self._first.url, headers={"Range": f"bytes={start}-{end - 1}"}
        )
        # As where a redirect led elsewhere, the token stays with the hub.
        if "Authorization" not in self._first.request.headers:
            request.headers.pop("Authorization", None)
        response = await self._client.send(request, stream=True, follow_redirects=False)
        try:
            sent = response.headers.get("Content-Range", "")
            is_plain = response.headers.get("Content-Encoding", "identity")
            if (
                response.status_code != HTTPStatus.PARTIAL_CONTENT
                or sent != f"bytes {start}-{end - 1}/{self._total}"
                or is_plain != "identity"
            ):
                raise NoRangeError
            left = end - start
            async with aclosing(response.aiter_raw()) as pieces:
                async for piece in pieces:
                    left -= len(piece)
                    if left < 0:
                        raise NoRangeError
                    yield piece
            if left:
                raise NoRangeError
        finally:
            await response.aclose()


async def in_order(
    first: Read, read: Read, start: int, end: int, range_bytes: int
) -> AsyncGenerator[bytes, None]:
    """Give the bytes from a place to another, while those that follow arrive too.

    Args:
        first: Reads the first range, on a connection of its own.
        read: Reads any other.
        start: Of the first byte.
        end: After the last byte.
        range_bytes: How long a range is.
    """
    starts = iter(range(start, end, range_bytes))
    connections = asyncio.Semaphore(CONNECTIONS)

    def begin(at: int) -> _Arriving:
        reading = first if at == start else read
        return _Arriving(reading(at, min(at + range_bytes, end)), connections)

    arriving = deque(begin(at) for at in islice(starts, _AHEAD))
    try:
        while arriving:
            async with aclosing(arriving[0].pieces()) as pieces:
                async for piece in pieces:
                    yield piece
            arriving.popleft()
            arriving.extend(begin(at) for at in islice(starts, 1))
    finally:
        for one in arriving:
            one.reading.cancel()
        await asyncio.gather(*(one.reading for one in arriving), return_exceptions=True)


class _Arriving:
    """A range that arrives, whether or not it is its turn."""

    def __init__(
        self, source: AsyncGenerator[bytes, None], connections: asyncio.Semaphore
    ) -> None:
        self._here = asyncio.Queue[bytes | None]()
        self.reading = asyncio.create_task(self._read(source, connections))

    async def pieces(self) -> AsyncGenerator[bytes, None]:
        """Give what arrived and arrives, and raise what ended it."""
        while (piece := await self._here.get()) is not None:
            yield piece
        await self.reading

    async def _read(
        self, source: AsyncGenerator[bytes, None], connections: asyncio.Semaphore
    ) -> None:
        try:
            async with connections, aclosing(source) as pieces:
                async for piece in pieces:
                    self._here.put_nowait(piece)
        finally:
            self._here.put_nowait(None)
