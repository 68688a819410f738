"""Keeps the SHA-256 of a downloaded file beside it, as `sha256sum --check` reads it."""

import hashlib
import re
from collections.abc import Callable
from pathlib import Path
from typing import Final

from backend.runtime.regular_files import open_regular
from backend.sqlite.files import replace_file

_SUFFIX: Final = ".sha256"
_MOST_BYTES: Final = 4096
_PIECE_BYTES: Final = 4 * 1024 * 1024
_LINE: Final = re.compile(r"([0-9a-f]{64}) [ *]", re.ASCII)


def checksum_file(path: Path) -> Path:
    """Return where the SHA-256 of a file is kept."""
    return path.with_name(path.name + _SUFFIX)


def keep_checksum(path: Path, sha256: str) -> None:
    """Keep what a file was when it came.

    Raises:
        OSError: It could not be written.
    """
    replace_file(checksum_file(path), f"{sha256}  {path.name}\n")


def kept_checksum(path: Path) -> str:
    """Return what a file was when it came; "" when nobody kept that."""
    try:
        with open_regular(checksum_file(path)) as file:
            found = _LINE.match(file.read(_MOST_BYTES).decode("utf-8", "replace"))
    except OSError:
        return ""
    return found[1] if found else ""


def is_unchanged(path: Path, report: Callable[[int], object]) -> bool:
    """Whether a file is still what it was when it came.

    Args:
        path: Of the file, whose SHA-256 is kept.
        report: Is called with the bytes of each piece that was read.

    Raises:
        OSError: It cannot be read.
    """
    digest = hashlib.sha256()
    with open_regular(path) as file:
        while piece := file.read(_PIECE_BYTES):
            digest.update(piece)
            report(len(piece))
    return digest.hexdigest() == kept_checksum(path)
