"""Reads the headers a person adds to all that a server is sent, one on a line."""

import json
import re
from collections.abc import Mapping
from contextlib import suppress
from typing import Final

from backend.errors import InvalidInputError
from backend.llm.providers import headers_for

KEPT: Final = "…"
"""Stands in a form for the value that the keyring has."""
MOST: Final = 20
MOST_CHARS: Final = 8192

_NAME: Final = re.compile(r"[\w!#$%&'*+.^`|~-]+", re.ASCII)
_OWN: Final = re.compile(
    r"accept-encoding|connection|content-(encoding|length|type)|expect|host|keep-alive"
    r"|proxy-.*|te|trailer|transfer-encoding|upgrade",
    re.IGNORECASE,
)
"""What says how a request is sent, which only its sender knows."""


def read_headers(typed: str) -> dict[str, str]:
    """Return names and values; a value may be `KEPT`.

    Raises:
        InvalidInputError: One of them cannot be sent; the sentence names it.
    """
    lines = [line.strip() for line in typed.splitlines() if line.strip()]
    headers = dict(map(_read_line, lines))
    if len({name.lower() for name in headers}) < len(lines):
        raise InvalidInputError("A header stands there twice. Keep one of its lines.")
    if len(lines) > MOST or len(typed) > MOST_CHARS:
        raise InvalidInputError(
            f"There may be {MOST} extra headers with {MOST_CHARS:,} letters in all."
        )
    return headers


def refuse_clash(headers: Mapping[str, str], host: str, key: str) -> None:
    """Let no header say another key than the field for it does.

    Raises:
        InvalidInputError: One of them would.
    """
    of_key = {*map(str.lower, headers_for(host, key))}
    of_key -= {*map(str.lower, headers_for(host, ""))}
    if name := next((name for name in headers if name.lower() in of_key), ""):
        raise InvalidInputError(
            f"The API key is sent as {name} already. Remove the key, or the line "
            f"{name} of the extra headers."
        )


def headers_text(headers: Mapping[str, str]) -> str:
    """Return what the keyring keeps."""
    return json.dumps({name.lower(): value for name, value in headers.items()})


def with_values(headers: Mapping[str, str], kept: str) -> dict[str, str]:
    """Return the headers with the values the keyring has; without one, not at all."""
    known: object = {}
    with suppress(ValueError):
        known = json.loads(kept or "{}")
    values = known if isinstance(known, Mapping) else {}
    both = {
        name: values.get(name.lower(), "") if value in ("", KEPT) else value
        for name, value in headers.items()
    }
    return {name: value for name, value in both.items() if value}


def _read_line(line: str) -> tuple[str, str]:
    name, colon, value = (part.strip() for part in line.partition(":"))
    if not colon or not value or not _NAME.fullmatch(name):
        raise InvalidInputError(
            f"“{line.partition(':')[0][:80]}” is no header. A line has a name, a "
            "colon and a value, for example X-Team: research."
        )
    if _OWN.fullmatch(name):
        raise InvalidInputError(
            f"Hearth sets the header {name} itself. Remove its line."
        )
    if value != KEPT and not (value.isascii() and value.isprintable()):
        raise InvalidInputError(
            f"The value of {name} has signs that no header can carry. Only plain "
            "letters, digits and signs can be sent."
        )
    return name, value
