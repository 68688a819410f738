"""Tells whose a backup is: several computers may keep theirs in one folder.

The name of a backup carries the computer's name, for people, and a short mark of the
data folder, by which each Hearth knows its own.
"""

import hashlib
import os
import platform
import re
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from backend.errors import StoreReadOnlyError
from backend.ids import new_id
from backend.sqlite.files import replace_file

DEVICE_FILE: Final = "device"
_MARK_CHARS: Final = 8
_NAME_CHARS: Final = 32
_SIGNED: Final = re.compile(r"(?P<name>[a-z0-9-]+)-(?P<mark>[0-9a-f]{8})")


@dataclass(frozen=True, slots=True)
class Owner:
    """Who made a backup.

    Attributes:
        name: What the computer was called then.
        mark: Stands for the data folder.
    """

    name: str
    mark: str

    @classmethod
    def of(cls, folder: Path) -> Self:
        """Return who makes the backups of this data folder.

        Raises:
            StoreReadOnlyError: The folder is new, and cannot be written.
        """
        mark = hashlib.sha256(device_id(folder).encode()).hexdigest()[:_MARK_CHARS]
        return cls(computer_name(platform.node()), mark)

    @classmethod
    def read(cls, signature: str) -> Self | None:
        """Read what `str()` gave; None for anything else."""
        match = _SIGNED.fullmatch(signature)
        return cls(match["name"], match["mark"]) if match else None

    def __str__(self) -> str:
        """Return it as the name of a file carries it."""
        return f"{self.name}-{self.mark}"


def computer_name(node: str) -> str:
    """Return the name of a computer in letters that every file system takes."""
    first = node.split(".", maxsplit=1)[0]
    plain = unicodedata.normalize("NFKD", first).encode("ascii", "ignore")
    name = re.sub(r"[^a-z0-9]+", "-", plain.decode().lower()).strip("-")
    return name[:_NAME_CHARS].strip("-") or "computer"


def device_id(folder: Path) -> str:
    """Return who this device is, kept beside the file so that a copy is another.

    Raises:
        StoreReadOnlyError: There is none yet, and the folder cannot be written.
    """
    path = folder / DEVICE_FILE
    try:
        known = path.read_text("ascii").strip()
        if known:
            return known
    except (OSError, ValueError):
        pass
    made = new_id()
    try:
        replace_file(path, made)
    except OSError as exc:
        raise StoreReadOnlyError(
            f"Hearth cannot write in the folder {os.fspath(folder)}. "
            "Check that the disk is not full or read-only.",
        ) from exc
    return made
