"""Packs what the checks found and the logs, to be read and then shared."""

import re
import zipfile
from getpass import getuser
from itertools import count
from pathlib import Path
from typing import Final

from qtshell.options import Options

NAME: Final = "hearth-support"
_SERVER: Final = re.compile(
    r"\b([a-z][a-z0-9+.-]*://)(?!127\.0\.0\.1\b|localhost\b|\[::1\])[^\s/:?#\"']+"
)
"""The host of any address that is not this computer's own."""


def write(said: str, options: Options) -> str:
    """Write what the checks said and the logs into a file; return where, for the user.

    Raises:
        OSError: Nothing can be written in the working directory.
    """
    from qtshell.process.logs import redact  # noqa: PLC0415 Qt is slow

    def readable(text: str) -> str:
        return redact(without_places(text, options))

    with _free_target().open("xb") as stream:
        with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as bundle:
            bundle.writestr("checks.txt", readable(said))
            for log in sorted(options.log_dir.glob("*.log*")):
                text = log.read_text(encoding="utf-8", errors="replace")
                bundle.writestr(f"logs/{log.name}", readable(text))
        return (
            f"Written to {stream.name}: these lines and the logs, without keys, "
            "addresses and your name. Read it before you share it."
        )


def _free_target() -> Path:
    """Return a file that is not there: an earlier bundle is kept."""
    names = (f"{NAME}{f'-{n}' if n > 1 else ''}.zip" for n in count(1))
    return next(path for path in map(Path, names) if not path.exists()).absolute()


def without_places(text: str, options: Options) -> str:
    """Return the text without folders, user names and servers that tell who it is."""
    places = {
        str(options.data_dir): "[data folder]",
        str(options.log_dir): "[log folder]",
        str(Path.home()): "~",
    }
    for place in sorted(places, key=len, reverse=True):
        if place != Path(place).anchor:
            text = re.sub(rf"{re.escape(place)}(?![\w.-])", places[place], text)
    if user := _user():
        text = re.sub(rf"(?<=[/\\]){re.escape(user)}(?![\w.-])", "[user]", text)
    return _SERVER.sub(r"\1[server]", text)


def _user() -> str:
    try:
        return getuser()
    except (KeyError, OSError):
        # Not every user has a name.
        return ""
