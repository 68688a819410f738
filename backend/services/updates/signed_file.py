"""Reads the signed file that says which version is the newest, and judges it.

Its first line is an Ed25519 signature in base64, the rest is JSON, signed to the byte.
"""

import base64
import json
import re
from datetime import date, timedelta
from enum import Enum
from typing import Final

from msgspec import Struct
from msgspec.structs import asdict

_VERSION: Final = re.compile(r"\d{1,6}(\.\d{1,6}){0,3}")
_AHEAD: Final = timedelta(days=2)
"""How far the clock of who signs, or this one, may be wrong."""
_DOMAIN: Final = b"hearth update 1\n"
"""Signed with it, so that no other file the same key signs is taken for one."""


class UpdateNews(Enum):
    """What a file says."""

    NEWEST = "newest"
    NEWER = "newer"
    OLDER_FILE = "older file"
    FUTURE = "future"


class NoUpdateFileError(ValueError):
    """What came is no such file, or its signature is not right."""


class Release(Struct, frozen=True, kw_only=True):
    """What is offered.

    Attributes:
        date: When the file was signed, as 2026-11-26.
        page: Where the package is, an https address.
    """

    version: str
    date: str
    page: str

    @classmethod
    def read(cls, text: str) -> "Release":
        """Read what is in a file, or was kept of one.

        Raises:
            NoUpdateFileError: It is not what it should be.
        """
        try:
            data = json.loads(text)
            found = cls(version=data["version"], date=data["date"], page=data["page"])
            date.fromisoformat(found.date)
            is_page = found.page.isprintable() and found.page.startswith("https://")
            is_known = _VERSION.fullmatch(found.version) and is_page
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as exc:
            raise NoUpdateFileError("its fields are wrong") from exc
        if not is_known:
            raise NoUpdateFileError("its version or page is wrong")
        return found

    def to_text(self) -> str:
        """Return it as JSON."""
        return json.dumps(asdict(self))


def read_signed(body: bytes, key: str) -> Release:
    """Return what a file says, once its signature is right.

    Args:
        body: The whole file.
        key: The public key, in base64.

    Raises:
        NoUpdateFileError: It is none, or somebody else signed it.
    """
    # Slow to import, and nobody checks for updates at the start.
    from cryptography.exceptions import InvalidSignature  # noqa: PLC0415 slow
    from cryptography.hazmat.primitives.asymmetric.ed25519 import (  # noqa: PLC0415 slow
        Ed25519PublicKey,
    )

    signature, _, signed = body.partition(b"\n")
    try:
        public = Ed25519PublicKey.from_public_bytes(_bytes(key))
        public.verify(_bytes(signature.strip()), _DOMAIN + signed)
        return Release.read(signed.decode())
    except (InvalidSignature, ValueError) as exc:
        raise NoUpdateFileError("it is not signed by who built Hearth") from exc


def _bytes(text: str | bytes) -> bytes:
    return base64.b64decode(text, validate=True)


def sign(release: Release, private_key: bytes) -> bytes:
    """Return the signed file of a release; the key is 32 bytes."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import (  # noqa: PLC0415 slow
        Ed25519PrivateKey,
    )

    signed = release.to_text().encode()
    key = Ed25519PrivateKey.from_private_bytes(private_key)
    return base64.b64encode(key.sign(_DOMAIN + signed)) + b"\n" + signed


def judge(found: Release, *, own: str, seen: Release | None, today: date) -> UpdateNews:
    """Say what a signed file means, against what is installed and was seen before.

    An older file that is sent again would hide a newer version, or offer an old one.
    """
    if date.fromisoformat(found.date) > today + _AHEAD:
        return UpdateNews.FUTURE
    is_lower = seen and order(found.version) < order(seen.version)
    if seen and (is_lower or found.date < seen.date):
        return UpdateNews.OLDER_FILE
    return UpdateNews.NEWER if order(found.version) > order(own) else UpdateNews.NEWEST


def order(version: str) -> tuple[int, ...]:
    """Return what sorts versions; what is none, as in development, is the lowest."""
    known = _VERSION.match(version)
    parts = [int(part) for part in known[0].split(".")] if known else []
    while parts and not parts[-1]:
        parts.pop()
    return tuple(parts)
