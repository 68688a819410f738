"""Opens files of the user's own, and nothing that somebody else put in their place.

A data folder may be chosen with `--data-dir`, also one that another user fills: a link
there must not lead to a file of ours. Standard library only.
"""

import os
import stat
import sys
from pathlib import Path
from typing import Final

_NO_FOLLOW: Final = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)


class NotOwnError(OSError):
    """The file or folder is not this user's own; the text says so to the user."""


def make_own_folder(folder: Path) -> None:
    """Create a folder, or look that the one there is this user's.

    Raises:
        NotOwnError: It belongs to another user.
        OSError: It cannot be made.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if sys.platform != "win32" and folder.stat().st_uid != os.geteuid():
        raise NotOwnError(
            f"The folder {folder} belongs to another user. Choose a folder of your own."
        )


def open_own_file(path: Path, flags: int) -> int:
    """Open an ordinary file, or make it, private to its owner; return its number.

    Raises:
        NotOwnError: A link, a device or another user's file is there.
        OSError: It cannot be opened.
    """
    refused = NotOwnError(
        f"{path} is a link, or belongs to another user. Remove it and start Hearth "
        "again."
    )
    if path.is_symlink():
        raise refused
    number = os.open(path, flags | os.O_CREAT | _NO_FOLLOW, 0o600)
    about = os.fstat(number)
    is_own = sys.platform == "win32" or about.st_uid == os.geteuid()
    # A second name of a file elsewhere would be emptied under both.
    if not (stat.S_ISREG(about.st_mode) and is_own and about.st_nlink == 1):
        os.close(number)
        raise refused
    return number
