"""Reads the address of a server as people write it, and tries likely forms of it.

A line pasted from documentation is taken for the one address it holds.

What is stored is the base address requests begin with. One without a version in its
path stands for the base that ends in `/v1`, unless it ends in `EXACT`. Azure's dated
form has its version behind a question mark, which stays at the end of every address.
"""

import ipaddress
import re
import unicodedata
from collections.abc import Iterator
from typing import Final
from urllib.parse import SplitResult, urlsplit

from msgspec import Struct

from backend.errors import InvalidInputError
from backend.llm.providers import provider_of
from backend.llm.servers.network import is_near_name

EXACT: Final = "/."
"""The end of a stored address that is the base as it stands, without a version."""

_VERSIONED: Final = re.compile(r"/v\d", re.IGNORECASE)
_VERSION: Final = re.compile(r"^(.*?/v\d+[a-z0-9]*)(/|$)", re.IGNORECASE)
_SCHEME: Final = re.compile(r"^(https?)\s*[:;]\s*/*\s*", re.IGNORECASE)
_OTHER_SCHEME: Final = re.compile(r"^[a-z][a-z0-9+.-]*://", re.IGNORECASE)
_PORT_ALONE: Final = re.compile(r"^:?(\d{2,5})$")
_LABEL: Final = re.compile(r"^[\w-]+(\.[\w-]+)*\.?$")
_WIDE: Final = str.maketrans("：／．＃？", ":/.#?", "")  # noqa: RUF001 as some keyboards write them
_AROUND: Final = " \t\r\n\"'`<>(),;\u2018\u2019\u201c\u201d"
_END: Final = r"\s\"'`<>(),;|\u2018\u2019\u201c\u201d"
_WHOLE: Final = re.compile(f"https?://[^{_END}]+", re.IGNORECASE)
_HOST_PORT: Final = re.compile(
    rf"(?<![^{_END}=])(?:[\w.-]+|\[[\da-f:]+\]):\d{{2,5}}(?:/[^{_END}]*)?(?![^{_END}])",
    re.IGNORECASE,
)
_SECRETS: Final = re.compile(
    r"(^|&)(key|api[-_]?key|token|access_token)=", re.IGNORECASE
)
_ENDPOINTS: Final = re.compile(
    r"/(chat/completions|completions|models|embeddings|responses|messages"
    r"|api/(tags|chat|generate|show|ps|version)|api/v0(/models)?|chat|docs|health"
    r"|index\.html)$",
    re.IGNORECASE,
)
_API_VERSION: Final = re.compile(
    r"(?:^|&)api-version=([\w.-]{1,40})(?:&|$)", re.IGNORECASE
)
_WITHOUT_SECRETS: Final = re.compile(r"(?:[\w-]{0,40}[.:/\[\]]+)*[\w-]{0,40}")
_SHORT: Final = 9
_HERE: Final = ("localhost", "localhost.localdomain", "ip6-localhost")
_EXAMPLE: Final = "It looks like http://127.0.0.1:11434 or https://api.example.com/v1."


class Address(Struct, frozen=True):
    """An address as it was typed.

    Attributes:
        scheme: "" when none was typed.
        netloc: Host and port.
        version: What Azure's dated form says of its version, as "?api-version=…".
    """

    scheme: str
    host: str
    netloc: str
    path: str
    version: str = ""

    @property
    def is_here(self) -> bool:
        """Whether it is certainly this computer."""
        return is_here(self.host)

    def bases(self, scheme: str) -> tuple[str, ...]:
        """Return the base addresses it may mean, the likeliest first."""
        paths = dict.fromkeys(_paths(self.host, self.path))
        if self.version:
            paths = dict.fromkeys([_ENDPOINTS.sub("", self.path), *paths])
        # A server that is not Azure's may refuse a version, and answer without one.
        versions = dict.fromkeys((self.version, ""))
        return tuple(
            f"{scheme}://{self.netloc}{path}{version}"
            for version in versions
            for path in paths
        )

    def schemes(self, *, with_key: bool) -> tuple[str, ...]:
        """Return how to reach it, the preferred way first.

        A key goes to another computer over https wherever that is possible.
        """
        if self.scheme == "https":
            return ("https",)
        if self.scheme == "http":
            return ("https", "http") if with_key and not self.is_here else ("http",)
        if self.is_here or (is_near_name(self.host) and not with_key):
            return ("http", "https")
        return ("https", "http")


def read_address(typed: str) -> Address:
    """Read what a person typed or pasted.

    Raises:
        InvalidInputError: It is no address, or one that cannot be used, and why.
    """
    text = "".join(c for c in typed if unicodedata.category(c) != "Cf")
    text = _one_address(text.translate(_WIDE).replace("\\", "/")).strip(_AROUND)
    if port := _PORT_ALONE.match(text):
        text = f"127.0.0.1:{port[1]}"
    scheme = _SCHEME.match(text)
    rest = text[scheme.end() :] if scheme else text
    if not rest or any(c.isspace() for c in rest) or _OTHER_SCHEME.match(rest):
        raise InvalidInputError(f"That is not the address of a server. {_EXAMPLE}")
    parts = _split(f"http://{rest}")
    _refuse_extras(parts)
    host, netloc = _host(parts)
    path = re.sub(r"/+", "/", parts.path).rstrip("/")
    version = _version_in(parts)
    return Address(scheme[1].lower() if scheme else "", host, netloc, path, version)


def without_secrets(typed: str) -> str:
    """Return an address as it is typed; "" for what may have a key or password in it.

    A line of documentation may, a login before the host, and a key in the wrong field.
    """
    text = typed.strip()
    is_address = len(text) <= _SHORT or any(mark in text for mark in ".:/")
    return text if is_address and _WITHOUT_SECRETS.fullmatch(text) else ""


def clean_base_url(text: str) -> str:
    """Return the address requests start with, ending in its version.

    Raises:
        InvalidInputError: The text is no http(s) address of a server.
    """
    typed = text.strip()
    if "://" not in typed:
        typed = f"http://{typed}"
    parts = _split(typed)
    version = _version_in(parts)
    is_odd = bool(parts.username or parts.password or parts.fragment)
    is_odd = is_odd or bool(parts.query and not version)
    if is_odd or not parts.hostname or parts.scheme not in ("http", "https"):
        raise InvalidInputError(f"That is not the address of a server. {_EXAMPLE}")
    is_exact = parts.path.endswith(EXACT)
    path = parts.path.removesuffix(EXACT).rstrip("/").removesuffix("/chat/completions")
    if not is_exact and not version and not _VERSIONED.search(path):
        path += "/v1"
    return f"{parts.scheme}://{parts.netloc}{path}{version}"


def stored(base: str) -> str:
    """Return how a base address is stored."""
    parts = urlsplit(base)
    return base if parts.query or _VERSIONED.search(parts.path) else base + EXACT


def place_of(url: str) -> str:
    """Say where a server is: what is sent to it goes there."""
    host = urlsplit(url).hostname or ""
    if is_here(host):
        return "this computer"
    return "your network" if is_near_name(host) else f"the internet ({host})"


def shown(url: str) -> str:
    """Return a stored address as a person writes it."""
    return url.removesuffix(EXACT)


def server_of(url: str) -> tuple[str, int, str]:
    """Return what tells servers apart: host, port and path, each in one form.

    Raises:
        InvalidInputError: It is no address.
    """
    parts = _split(clean_base_url(url))
    host = (parts.hostname or "").rstrip(".")
    port = parts.port or (443 if parts.scheme == "https" else 80)
    path = parts.path.removesuffix("/v1")
    return ("localhost" if is_here(host) else host, port, path)


def is_here(host: str) -> bool:
    """Whether a host is certainly this computer."""
    if host in _HERE or host.endswith(".localhost"):
        return True
    ip = _ip(host)
    return ip is not None and (ip.is_loopback or ip.is_unspecified)


def is_exposed(base: str) -> bool:
    """Whether what is sent there can be read on the way."""
    parts = urlsplit(base)
    return parts.scheme == "http" and not is_here(parts.hostname or "")


def _one_address(line: str) -> str:
    """Return the address in a line of documentation; the line where it has none.

    Raises:
        InvalidInputError: There is more than one.
    """
    for form in (_WHOLE, _HOST_PORT):
        found = {one[0].rstrip(".:") for one in form.finditer(line)}
        if len(found) > 1:
            raise InvalidInputError(
                "There is more than one address in it. Leave only that of the server."
            )
        if found:
            return found.pop()
    return line


def _paths(host: str, path: str) -> Iterator[str]:
    provider = provider_of(host)
    if provider and (not path or provider.path.startswith(path)):
        yield provider.path
        return
    path = _ENDPOINTS.sub("", path)
    version = _VERSION.match(path)
    if version:
        yield path.replace("/V", "/v")
        yield path
        yield version[1].replace("/V", "/v")
        return
    yield f"{path}/v1"
    yield path
    yield "/v1"


def _split(text: str) -> SplitResult:
    try:
        parts = urlsplit(text)
        is_usable = parts.port != 0
    except ValueError:
        parts, is_usable = urlsplit(""), False
    if not is_usable:
        raise InvalidInputError(f"That is not the address of a server. {_EXAMPLE}")
    return parts


def _version_in(parts: SplitResult) -> str:
    found = _API_VERSION.search(parts.query)
    return f"?api-version={found[1]}" if found else ""


def _refuse_extras(parts: SplitResult) -> None:
    if parts.username or parts.password:
        raise InvalidInputError(
            "Leave user name and password out of the address. If the server needs a "
            "key, enter it in the field API key."
        )
    if _SECRETS.search(parts.query):
        raise InvalidInputError(
            "Leave the key out of the address, where others could read it, and enter "
            "it in the field API key."
        )


def _host(parts: SplitResult) -> tuple[str, str]:
    """Return the host, and with its port as it stands in an address."""
    host = (parts.hostname or "").rstrip(".")
    ip = _ip(host)
    if ip is None and not _LABEL.match(host):
        raise InvalidInputError(f"That is not the address of a server. {_EXAMPLE}")
    if ip is not None and ip.is_unspecified:
        # Where a server listens is not where it is reached.
        host = "127.0.0.1" if ip.version == 4 else "::1"  # noqa: PLR2004 as written
    name = f"[{host}]" if ":" in host else host
    return host, f"{name}:{parts.port}" if parts.port else name


def _ip(host: str) -> "ipaddress.IPv4Address | ipaddress.IPv6Address | None":
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None
