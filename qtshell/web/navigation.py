"""Decides where the page may go: pure, and refusing by default."""

import re
from enum import Enum
from hmac import compare_digest
from typing import Final

from backend.interface.protocol import COMMAND_PREFIX
from qtshell.sidecar.origin import HTTP_URL, PRINTABLE, Origin

_MAILTO = re.compile(r"mailto:[^\s@<>\"%?&]+@[a-z0-9.-]+", re.IGNORECASE)
_COMMAND = re.compile(r"/shell/([0-9a-f]{32})/([a-z][a-z-]{0,40})(?:[?#].*)?")
# What htmx, the stream and the shell ask for, which would replace the page.
_PIECE = re.compile(
    r"/(?:(?:alerts|api|assets|attachments|drafts|engines|events|exports|messages)"
    r"(?:/[^?#]*)?"
    r"|conversations(?:/[^/?#]+/(?!(?:parameters|several)/?(?:[?#]|$))[^?#]+)?|(?:notes|trash|actions|backups)/list|actions/picker"
    r"|assistants/(?:list|picker|choices)"
    r"|folders/[^/?#]+/(?:item|rename)"
    r"|models/[^?#]+|imports/state|devices/state|settings/updates(?:/installed)?"
    r"|history/[^/?#]+/[^/?#]+/[^?#]+)/?(?:[?#].*)?"
)
_MAX_EXTERNAL: Final = 2_048


class Verdict(Enum):
    """What the shell does with a URL the page wants to go to."""

    IN_VIEW = "in view"
    COMMAND = "command"
    EXTERNAL = "external"
    BLOCK = "block"


def classify_navigation(
    url: str, trusted: Origin | None, command_key: str = ""
) -> Verdict:
    """Say what to do with a fully encoded URL.

    Args:
        url: Where the page wants to go.
        trusted: Whose pages are shown.
        command_key: What the page's own links to commands carry; "" for no commands.
    """
    origin = Origin.of(url)
    if origin is not None and origin == trusted:
        return _classify_own(_path_of(url), command_key)
    if len(url) > _MAX_EXTERNAL or not PRINTABLE.fullmatch(url):
        return Verdict.BLOCK
    if origin is not None or _MAILTO.fullmatch(url):
        return Verdict.EXTERNAL
    return Verdict.BLOCK


def _classify_own(path: str, command_key: str) -> Verdict:
    """Tell pages from pieces of pages, streams and data, which replace no page."""
    command = _COMMAND.fullmatch(path)
    if command and compare_digest(command[1], command_key):
        return Verdict.COMMAND
    if path.startswith(COMMAND_PREFIX) or _PIECE.fullmatch(path):
        return Verdict.BLOCK
    return Verdict.IN_VIEW


def command_of(url: str) -> str | None:
    """Return the name of the command a URL asks for; None when there is none."""
    match = _COMMAND.fullmatch(_path_of(url))
    return match[2] if match else None


def _path_of(url: str) -> str:
    match = HTTP_URL.fullmatch(url)
    return (match["rest"] or "/") if match else ""
