"""Reads the address of a server as people write it."""

import re
from typing import Final
from urllib.parse import urlsplit

from backend.errors import InvalidInputError

_VERSIONED: Final = re.compile(r"/v\d")


def clean_base_url(text: str) -> str:
    """Return the address requests start with, ending in its version.

    Raises:
        InvalidInputError: The text is no http(s) address of a server.
    """
    typed = text.strip()
    if "://" not in typed:
        typed = f"http://{typed}"
    try:
        parts = urlsplit(typed)
        usable = parts.port != 0 and bool(parts.hostname)
    except ValueError:
        parts, usable = urlsplit(""), False
    odd = parts.username or parts.password or parts.query or parts.fragment
    if not usable or odd or parts.scheme not in ("http", "https"):
        raise InvalidInputError(
            "That is no server address. It looks like http://127.0.0.1:11434/v1."
        )
    path = parts.path.rstrip("/").removesuffix("/chat/completions")
    if not _VERSIONED.search(path):
        path += "/v1"
    return f"{parts.scheme}://{parts.netloc}{path}"
