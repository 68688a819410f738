"""Reads an API key as people paste it."""

import re
import unicodedata
from typing import Final

from backend.errors import InvalidInputError

MAX_KEY_CHARS: Final = 8192

_NAMED: Final = re.compile(
    r"^(?:export\s+)?[A-Z_]*(?:KEY|TOKEN)\s*="
    r"|^(?i:authorization|x-api-key|api[ -]key)\s*:"
)
_BEARER: Final = re.compile(r"^bearer\s+", re.IGNORECASE)
_AROUND: Final = " \t\r\n\"'`;,\u2018\u2019\u201c\u201d"
_MASKED: Final = re.compile(r"[…•*●]|\.{3}")
_COPY_AGAIN: Final = "Copy it again from the website of the provider."


def clean_key(typed: str) -> str:
    """Return the key alone, "" when nothing was typed.

    Raises:
        InvalidInputError: No request can carry it, so it cannot be one.
    """
    # Signs without a shape come along when a key is copied from a page.
    seen = "".join(c for c in typed if unicodedata.category(c) != "Cf")
    named = _NAMED.sub("", seen.strip(_AROUND)).strip(_AROUND)
    key = _BEARER.sub("", named).strip(_AROUND)
    if _MASKED.search(key):
        raise InvalidInputError(
            "The middle of this key is hidden. Providers show a whole key only when "
            "it is created: create a new key and copy it."
        )
    if odd := next((c for c in key if not c.isascii() or not c.isprintable()), ""):
        shown = f"“{odd}”" if odd.isprintable() else "a line break"
        raise InvalidInputError(
            f"An API key has only plain letters, digits and signs; this one has "
            f"{shown}. {_COPY_AGAIN}"
        )
    if " " in key:
        raise InvalidInputError(
            f"An API key has no spaces; this one has. {_COPY_AGAIN}"
        )
    if len(key) > MAX_KEY_CHARS:
        raise InvalidInputError(f"This is too long to be an API key. {_COPY_AGAIN}")
    return key
