"""Decides, from a request's head alone, whether it may go on."""

import hmac
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final

from backend.interface.protocol import HEALTH_PATH, LOOPBACK, TOKEN_HEADER

HeaderReader = Callable[[str], Sequence[str]]
"""Returns every value of a header, in order; the name is lower-case."""

NO_STORE: Final = "no-store"
DEFAULT_HEADERS: Final = {
    # Where a page is answered it brings a policy of its own; Robyn's own answers, as
    # for a path that is not there, have this one.
    "content-security-policy": (
        "default-src 'none'; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"
    ),
    "cache-control": NO_STORE,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "x-frame-options": "DENY",
    "permissions-policy": (
        "camera=(), microphone=(), geolocation=(), display-capture=(), serial=(), "
        "hid=(), clipboard-read=()"
    ),
}
"""What every answer carries that a handler did not give another value."""


class RequestVerdict(Enum):
    """What becomes of a request; the value is the status of a refusal."""

    PASS = 200
    UNAUTHORISED = 401
    FORBIDDEN = 403
    MISDIRECTED = 421


@dataclass(frozen=True, slots=True)
class Credentials:
    """The token of this run and the one place it is good for."""

    token: str
    port: int

    @property
    def host(self) -> str:
        """The only Host that is answered."""
        return f"{LOOPBACK}:{self.port}"


def judge(
    trust: Credentials, method: str, path: str, header: HeaderReader
) -> RequestVerdict:
    """Return whether a request may go on.

    The token comes first, so that nothing can be learned without it.
    """
    is_proof = method == "GET" and path == HEALTH_PATH
    if not is_proof and not _has_token(trust, header):
        return RequestVerdict.UNAUTHORISED
    if list(header("host")) != [trust.host]:
        return RequestVerdict.MISDIRECTED
    if not _is_same_origin(trust, method, header):
        return RequestVerdict.FORBIDDEN
    return RequestVerdict.PASS


def content_security_policy(nonce: str) -> str:
    """Return the policy of a page whose own scripts carry the nonce."""
    return (
        f"default-src 'none'; script-src 'nonce-{nonce}'; style-src 'self'; "
        "img-src 'self' data:; font-src 'self'; connect-src 'self'; "
        "worker-src 'self'; "
        "base-uri 'none'; form-action 'self'; frame-ancestors 'none'; "
        "require-trusted-types-for 'script'; trusted-types default"
    )


def _has_token(trust: Credentials, header: HeaderReader) -> bool:
    tokens = header(TOKEN_HEADER.lower())
    return len(tokens) == 1 and hmac.compare_digest(
        tokens[0].encode(), trust.token.encode()
    )


def _is_same_origin(trust: Credentials, method: str, header: HeaderReader) -> bool:
    origins = list(header("origin"))
    if origins and origins != [f"http://{trust.host}"]:
        return False
    match list(header("sec-fetch-site")):
        case [] | ["same-origin"]:
            return True
        case ["none"]:
            # Typed or loaded by the shell; another page can never cause it.
            return method == "GET" and list(header("sec-fetch-mode")) == ["navigate"]
        case _:
            return False
