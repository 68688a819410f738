"""Decides where the page may go: pure, and refusing by default."""

import re
from enum import Enum
from typing import Final

from qtshell.origin import HTTP_URL, PRINTABLE, Origin

COMMAND_PREFIX: Final = "/shell/"

_MAILTO = re.compile(r"mailto:[^\s@<>\"%?&]+@[a-z0-9.-]+", re.IGNORECASE)
_COMMAND = re.compile(r"/shell/([a-z][a-z-]{0,40})(?:[?#].*)?")
_MAX_EXTERNAL: Final = 2_048


class Verdict(Enum):
    """What the shell does with a URL the page wants to go to."""

    IN_VIEW = "in view"
    COMMAND = "command"
    EXTERNAL = "external"
    BLOCK = "block"


def classify_navigation(url: str, trusted: Origin | None) -> Verdict:
    """Say what to do with a fully encoded URL."""
    origin = Origin.of(url)
    if origin is not None and origin == trusted:
        if not _path_of(url).startswith(COMMAND_PREFIX):
            return Verdict.IN_VIEW
        return Verdict.COMMAND if command_of(url) else Verdict.BLOCK
    if len(url) > _MAX_EXTERNAL or not PRINTABLE.fullmatch(url):
        return Verdict.BLOCK
    if origin is not None or _MAILTO.fullmatch(url):
        return Verdict.EXTERNAL
    return Verdict.BLOCK


def command_of(url: str) -> str | None:
    """Return the name in `/shell/<name>`; None when there is none."""
    match = _COMMAND.fullmatch(_path_of(url))
    return match[1] if match else None


def _path_of(url: str) -> str:
    match = HTTP_URL.fullmatch(url)
    return (match["rest"] or "/") if match else ""
