"""An image is loaded from the open internet only, and only when a message names it."""

import asyncio
import ipaddress
import socket
from collections.abc import Iterator, Sequence

import pytest

from backend.errors import InvalidInputError, NotFoundError
from backend.services.images import (
    MAX_BYTES,
    Address,
    Image,
    ImageError,
    ImageService,
    is_public,
    kind_of,
    resolve,
)
from backend.web.markdown.markdown import render
from tests.helpers.model_server import Exchange, FakeModelServer, Script

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 20
_HERE = ipaddress.ip_address("127.0.0.1")

FORBIDDEN = [
    "http://127.0.0.1:{port}/x.png",
    "http://127.1:{port}/x.png",
    "http://127.255.255.254:{port}/x.png",
    "http://2130706433:{port}/x.png",
    "http://0x7f000001:{port}/x.png",
    "http://0x7f.1:{port}/x.png",
    "http://0177.0.0.1:{port}/x.png",
    "http://017700000001:{port}/x.png",
    "http://0:{port}/x.png",
    "http://0.0.0.0:{port}/x.png",
    "http://localhost:{port}/x.png",
    "http://LOCALHOST:{port}/x.png",
    "http://[::1]:{port}/x.png",
    "http://[::]:{port}/x.png",
    "http://[::ffff:127.0.0.1]:{port}/x.png",
    "http://[::ffff:7f00:1]:{port}/x.png",
    "http://[::127.0.0.1]:{port}/x.png",
    "http://[64:ff9b::7f00:1]:{port}/x.png",
    "http://[2002:7f00:1::]:{port}/x.png",
    "http://[2001:0:7f00:1::]:{port}/x.png",
    "http://[fe80::1]:{port}/x.png",
    "http://[fc00::1]:{port}/x.png",
    "http://[fd12:3456::1]:{port}/x.png",
    "http://[ff02::1]:{port}/x.png",
    "http://[2001:db8::1]:{port}/x.png",
    "http://10.0.0.1:{port}/x.png",
    "http://172.16.0.1:{port}/x.png",
    "http://192.168.1.1:{port}/x.png",
    "http://169.254.169.254/latest/meta-data/",
    "http://100.64.0.1:{port}/x.png",
    "http://192.0.2.1:{port}/x.png",
    "http://198.18.0.1:{port}/x.png",
    "http://203.0.113.1:{port}/x.png",
    "http://224.0.0.1:{port}/x.png",
    "http://255.255.255.255:{port}/x.png",
    "http://127.0.0.1.nip.example:{port}/x.png",
    "http://both.example:{port}/x.png",
    "http://nowhere.example:{port}/x.png",
    "https://127.0.0.1:{port}/x.png",
    "http://user:word@127.0.0.1:{port}/x.png",
    "http://public.example@127.0.0.1:{port}/x.png",
    "http://public.example%2f@127.0.0.1:{port}/x.png",
]
_NAMES = {
    "127.0.0.1.nip.example": ["127.0.0.1"],
    "both.example": ["93.184.215.14", "127.0.0.1"],
    "public.example": ["93.184.215.14"],
    "nowhere.example": [],
}


async def _resolve(host: str, port: int) -> Sequence[Address]:
    if host in _NAMES:
        return [ipaddress.ip_address(address) for address in _NAMES[host]]
    return await resolve(host, port)


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """Listen on every address of this machine, answering nobody."""
    with socket.create_server(
        ("", 0), family=socket.AF_INET6, dualstack_ipv6=True
    ) as s:
        s.setblocking(False)
        yield s


@pytest.mark.parametrize("form", FORBIDDEN)
def test_nothing_that_is_not_public_is_connected_to(
    listener: socket.socket, form: str
) -> None:
    text = f"![x](<{form.format(port=listener.getsockname()[1])}>)"
    (image,) = render(text)[0].images
    with pytest.raises(InvalidInputError):
        asyncio.run(ImageService(_resolve).load(text, image.url))
    with pytest.raises(BlockingIOError):
        listener.accept()


@pytest.mark.parametrize("address", ["93.184.215.14", "2606:2800:21f:cb07::1"])
def test_the_open_internet_is_public(address: str) -> None:
    assert is_public(ipaddress.ip_address(address))


def _load(*scripts: Script, path: str = "/a.png", deadline_s: float = 10) -> Image:
    """Load from a server that, for once, counts as public."""

    async def load() -> Image:
        service = ImageService(
            _resolve_here, lambda a: a == _HERE, deadline_s=deadline_s
        )
        url = f"http://images.example:{server.port}{path}"
        return await service.load(f"Look: ![A <cat>]({url})", url)

    with FakeModelServer(*scripts) as server:
        return asyncio.run(load())


async def _resolve_here(host: str, port: int) -> Sequence[Address]:
    return [_HERE] if host == "images.example" else await resolve(host, port)


def _answer(content: bytes, *headers: str, status: int = 200) -> Script:
    def script(exchange: Exchange) -> None:
        lines = [f"HTTP/1.1 {status} X", *headers, f"Content-Length: {len(content)}"]
        exchange.send("\r\n".join([*lines, "", ""]).encode() + content)

    return script


def test_an_image_is_loaded_without_telling_who_asks() -> None:
    asked: list[Exchange] = []

    def script(exchange: Exchange) -> None:
        asked.append(exchange)
        _answer(PNG, "Content-Type: text/html", "Set-Cookie: a=b")(exchange)

    image = _load(script)
    assert image == Image(kind="image/png", content=PNG, description="A <cat>")
    assert image.data_url.startswith("data:image/png;base64,iVBOR")
    head = asked[0].head.lower()
    assert "host: images.example:" in head
    assert "cookie" not in head
    assert "referer" not in head


def test_a_redirect_is_followed_when_it_stays_public() -> None:
    first = _answer(b"", "Location: /b.png", status=302)
    assert _load(first, _answer(PNG)).content == PNG


@pytest.mark.parametrize(
    "to",
    [
        "http://10.0.0.1/x.png",
        "http://169.254.169.254/",
        "http://[::1]/",
        "//192.168.0.1/x.png",
        "file:///etc/passwd",
        "ftp://images.example/x.png",
        "http://a@images.example/x.png",
    ],
)
def test_a_redirect_into_the_own_network_is_refused(to: str) -> None:
    with pytest.raises(InvalidInputError):
        _load(_answer(b"", f"Location: {to}", status=302))


def test_redirects_without_end_are_given_up() -> None:
    with pytest.raises(ImageError, match="redirects too often"):
        _load(_answer(b"", "Location: /again", status=307))


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (PNG, "image/png"),
        (b"\xff\xd8\xff\xe0 and so on", "image/jpeg"),
        (b"GIF89a and so on", "image/gif"),
        (b"RIFF\0\0\0\0WEBPVP8 ", "image/webp"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", None),
        (b"<!doctype html><script>1</script>", None),
        (b"RIFF\0\0\0\0WAVEfmt ", None),
        (b"%PDF-1.7", None),
        (b"", None),
    ],
)
def test_the_bytes_say_what_it_is(content: bytes, kind: str | None) -> None:
    assert kind_of(content) == kind


def test_what_is_no_image_is_refused_whatever_it_is_called() -> None:
    svg = b"<svg onload='alert(1)'>" + b" " * 100
    with pytest.raises(ImageError, match="no PNG"):
        _load(_answer(svg, "Content-Type: image/png"))


def test_an_image_above_ten_megabytes_is_given_up() -> None:
    with pytest.raises(ImageError, match="ten megabytes"):
        _load(_answer(PNG + bytes(MAX_BYTES)))


def test_an_error_of_the_server_is_told() -> None:
    with pytest.raises(ImageError, match="answered 404"):
        _load(_answer(b"", status=404))


def test_a_server_that_hangs_is_let_go() -> None:
    with pytest.raises(ImageError, match="did not arrive"):
        _load(lambda exchange: exchange.hang(), deadline_s=0.2)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[a link](http://public.example/x.png)",
        "`![x](http://public.example/x.png)`",
        "![x](http://public.example/y.png)",
        "<img src='http://public.example/x.png'>",
    ],
)
def test_only_what_the_message_shows_as_image_is_loaded(text: str) -> None:
    with pytest.raises(NotFoundError):
        asyncio.run(ImageService(_resolve).load(text, "http://public.example/x.png"))
