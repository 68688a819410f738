"""Keeps the files of attachments beside the backups of the database that name them.

A backup has a list of its files, written before those are copied; a file that is in no
list goes with the last backup that needed it. Computers may share a folder: names are
made of what is in a file, so none ever takes the place of another.
"""

import contextlib
import os
import shutil
from pathlib import Path
from typing import Final

from backend.attachments.files import ATTACHMENTS, names_in
from backend.sqlite.files import make_private_dir, move_over, replace_file

_LIST: Final = ".files.json"
_PART: Final = ".part-"


def keep_copies(files: Path, backup: Path) -> None:
    """Keep copies of all files in a folder beside a backup that was made just now.

    Raises:
        OSError: One could not be copied.
    """
    wanted = {name for name in names_in(files) if not name.startswith(_PART)}
    if not wanted:
        return
    folder = backup.parent / ATTACHMENTS
    make_private_dir(folder)
    replace_file(folder / f"{backup.name}{_LIST}", "\n".join(sorted(wanted)))
    for name in wanted - names_in(folder):
        with contextlib.suppress(FileNotFoundError):  # deleted for good meanwhile
            _copy(files / name, folder / name)


def drop_copies(backups: Path) -> None:
    """Remove the copies that no backup in a folder names any more."""
    folder = backups / ATTACHMENTS
    there = names_in(folder)
    kept = set[str]()
    for name in [one for one in there if one.endswith(_LIST)]:
        if (backups / name.removesuffix(_LIST)).exists():
            kept |= {name, *(folder / name).read_text("utf-8").split("\n")}
    for name in there - kept:
        if not name.startswith("."):  # another computer may just be writing it
            (folder / name).unlink(missing_ok=True)


def _copy(source: Path, target: Path) -> None:
    """Link a file, as none is ever written twice; copy it to another disk."""
    try:
        os.link(source, target)
    except FileExistsError:
        return
    except FileNotFoundError:
        raise
    except OSError:
        part = target.with_name(f"{_PART}{target.name}")
        with source.open("rb") as given, part.open("wb") as taken:
            shutil.copyfileobj(given, taken)
            taken.flush()
            os.fsync(taken.fileno())
        move_over(part, target)
