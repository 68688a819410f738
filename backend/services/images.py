"""Loads one remote image because the user asked for it, from a public address only.

What an answer names was chosen by a model, so the address is hostile: it is resolved
once, refused unless every address behind it is public, and the connection goes to the
very address that was checked; so does every redirect.
"""

import asyncio
import base64
import ipaddress
import socket
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from msgspec import Struct

from backend.errors import HearthError, InvalidInputError, NotFoundError
from backend.web.markdown.markdown import render

if TYPE_CHECKING:
    import httpx2

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolve = Callable[[str, int], Awaitable[Sequence[Address]]]

MAX_BYTES: Final = 10 * 1024 * 1024
MAX_URL_CHARS: Final = 2_048
MAX_REDIRECTS: Final = 5
DEADLINE_S: Final = 10.0
_HEAD_BYTES: Final = 12
_GLOBAL_UNICAST: Final = ipaddress.IPv6Network("2000::/3")
_OK: Final = 200
_KINDS: Final = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
)


class ImageError(HearthError):
    """An image was not loaded."""

    status = 502


class Image(Struct, frozen=True, kw_only=True):
    """A loaded image, to be shown from memory."""

    kind: str
    content: bytes
    description: str

    @property
    def data_url(self) -> str:
        """The whole image as an address."""
        return f"data:{self.kind};base64,{base64.b64encode(self.content).decode()}"


async def resolve(host: str, port: int) -> list[Address]:
    """Return every address behind a name, however it is written.

    Raises:
        OSError: There is none.
    """
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [ipaddress.ip_address(str(entry[4][0]).partition("%")[0]) for entry in found]


def is_public(address: Address) -> bool:
    """Whether an address is of the open internet, also behind a tunnel's prefix."""
    if isinstance(address, ipaddress.IPv4Address):
        return address.is_global and not address.is_multicast
    if address not in _GLOBAL_UNICAST or address.teredo or address.sixtofour:
        return False
    return address.is_global


def kind_of(content: bytes) -> str | None:
    """Return what kind of image these bytes are, whatever anybody says of them."""
    for magic, kind in _KINDS:
        if content.startswith(magic):
            return kind
    is_webp = content[:4] == b"RIFF" and content[8:12] == b"WEBP"
    return "image/webp" if is_webp else None


class ImageService:
    """Loads what an answer names, once for each time the user asks."""

    def __init__(
        self,
        resolve: Resolve = resolve,
        is_allowed: Callable[[Address], bool] = is_public,
        deadline_s: float = DEADLINE_S,
    ) -> None:
        self._resolve = resolve
        self._is_allowed = is_allowed
        self._deadline_s = deadline_s

    async def load(self, text: str, url: str) -> Image:
        """Load an image that stands in a message's Markdown.

        Raises:
            NotFoundError: The message names no such image.
            InvalidInputError: The address is not one of the open internet.
            ImageError: It cannot be loaded, or is no image.
        """
        named = (image for block in render(text) for image in block.images)
        found = next((image for image in named if image.url == url), None)
        if found is None:
            raise NotFoundError("This message contains no such image.")
        content = await self._fetch(url)
        kind = kind_of(content)
        if kind is None:
            raise ImageError(
                "There is no PNG, JPEG, GIF or WebP image at that address. Open the "
                "link to "
                "see what it is."
            )
        return Image(kind=kind, content=content, description=found.description)

    async def _fetch(self, url: str) -> bytes:
        import httpx2  # noqa: PLC0415 costs 0.1 s, which the start has not got

        failed = ImageError("The image did not arrive. Try again, or open its link.")
        try:
            async with asyncio.timeout(self._deadline_s):
                return await self._follow(url)
        except (TimeoutError, OSError, httpx2.HTTPError, httpx2.InvalidURL) as exc:
            raise failed from exc

    async def _follow(self, url: str) -> bytes:
        import httpx2  # noqa: PLC0415 costs 0.1 s, seldom needed

        for _ in range(MAX_REDIRECTS + 1):
            async with self._open(url) as response:
                if response.has_redirect_location:
                    url = str(httpx2.URL(url).join(response.headers["location"]))
                    continue
                if response.status_code != _OK:
                    raise ImageError(
                        f"The server answered {response.status_code} instead of an "
                        "image. Try again later, or open its link."
                    )
                return await _read(response)
        raise ImageError(
            "The address of this image redirects too often. Open its link."
        )

    @asynccontextmanager
    async def _open(self, url: str) -> "AsyncGenerator[httpx2.Response, None]":
        import httpx2  # noqa: PLC0415 costs 0.1 s, seldom needed

        address = httpx2.URL(_checked(url))
        port = address.port or {"http": 80, "https": 443}[address.scheme]
        found = await self._resolve(address.host, port)
        if not found or not all(self._is_allowed(one) for one in found):
            raise InvalidInputError(
                "Hearth did not load this image, because its address is on this "
                "computer or in your own network."
            )
        async with (
            httpx2.AsyncClient(trust_env=False, follow_redirects=False) as client,
            client.stream(
                "GET",
                address.copy_with(host=str(found[0])),
                headers={
                    "Host": address.netloc.decode("ascii"),
                    "Accept": "image/png, image/jpeg, image/gif, image/webp",
                    "Accept-Encoding": "identity",
                    "User-Agent": "Hearth",
                },
                extensions={"sni_hostname": address.host},
            ) as response,
        ):
            yield response


def _checked(url: str) -> str:
    """Return an address that two parsers read alike.

    Raises:
        InvalidInputError: It is not a plain http(s) address.
    """
    import httpx2  # noqa: PLC0415 costs 0.1 s, seldom needed

    refused = InvalidInputError("Hearth does not load images from such an address.")
    if len(url) > MAX_URL_CHARS:
        raise refused
    try:
        parts, other = urlsplit(url), httpx2.URL(url)
        same = (parts.scheme, parts.hostname, parts.port) == (
            other.scheme,
            other.raw_host.decode("ascii"),
            other.port,
        )
    except (ValueError, httpx2.InvalidURL) as exc:
        raise refused from exc
    if not same or parts.scheme not in {"http", "https"} or "@" in parts.netloc:
        raise refused
    return url


async def _read(response: "httpx2.Response") -> bytes:
    content = bytearray()
    async for piece in response.aiter_raw():
        content += piece
        if (
            len(content) >= _HEAD_BYTES
            and kind_of(bytes(content[:_HEAD_BYTES])) is None
        ):
            break
        if len(content) > MAX_BYTES:
            raise ImageError(
                "The image is larger than ten megabytes. Open its link to see it."
            )
    return bytes(content)
