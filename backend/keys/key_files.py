"""Where the records of keys lie; the record of one key never replaces another's.

A folder of backups may serve several computers, and a data folder may have had several
keys: beside `key.json` there is a `key-<id>.json` for each further key. Who loses a
record loses every backup its key encrypted.
"""

import itertools
import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from backend.keys.key_file import FORMAT, KeyRecord
from backend.sqlite.files import is_ordinary, replace_file

KEY_FILE: Final = "key.json"
OTHER_KEYS: Final = "key-*.json"
KEY_FILES: Final = re.compile(r"key(-.+)?\.json")
LEFT_PLAIN: Final = json.dumps({"format": FORMAT})
"""What the key file of a data folder says that the user wants to be plain."""
_MOST: Final = 64
"""Trying a secret costs 0.2 seconds for each; no folder has as many by itself."""


def records_in(*folders: Path) -> list[KeyRecord]:
    """Return the records of all keys there, each once; `key.json` comes first."""
    found: dict[str, KeyRecord] = {}
    for _, record in itertools.chain.from_iterable(map(_files, folders)):
        found.setdefault(record.id, record)
    return list(found.values())[:_MOST]


def key_names(folder: Path) -> list[str]:
    """Return the names of the key files there, the present key's first."""
    return [KEY_FILE, *(path.name for path in _others(folder))]


def keep_beside(folder: Path, record: KeyRecord) -> None:
    """Keep a record in a folder of backups, beside those of other keys.

    Raises:
        OSError: It cannot be written there.
    """
    known = [(path, one) for path, one in _files(folder) if one.id == record.id]
    for path, one in known:
        if one != record:
            # Whoever changed a passphrase does not want the old one to go on opening.
            replace_file(path, record.to_text())
    if not known:
        replace_file(_free(folder, record.id), record.to_text())


def make_current(folder: Path, record: KeyRecord) -> None:
    """Let a record be the one of a data folder; an earlier key's is kept beside it.

    Raises:
        OSError: It cannot be written there.
    """
    path = folder / KEY_FILE
    earlier = KeyRecord.read(path)
    if earlier and earlier.id != record.id:
        known = _others(folder)
        if not any(KeyRecord.read(one) == earlier for one in known):
            replace_file(_free(folder, earlier.id), earlier.to_text())
    elif earlier is None and is_ordinary(path) and not _is_left_plain(path):
        # Damaged, or of a newer version: some day somebody may read it.
        path.rename(_free(folder, "unreadable"))
    replace_file(path, record.to_text())


def leave_plain(folder: Path) -> None:
    """Say that the user knows the database of this folder to be plain.

    Raises:
        OSError: It cannot be written there.
    """
    replace_file(folder / KEY_FILE, LEFT_PLAIN)


def _files(folder: Path) -> Iterator[tuple[Path, KeyRecord]]:
    for path in (folder / KEY_FILE, *_others(folder)):
        record = KeyRecord.read(path)
        if record:
            yield path, record


def _others(folder: Path) -> Iterable[Path]:
    return sorted(folder.glob(OTHER_KEYS))


def _is_left_plain(path: Path) -> bool:
    try:
        return bool(json.loads(path.read_text("utf-8")) == json.loads(LEFT_PLAIN))
    except (OSError, ValueError):
        return False


def _free(folder: Path, name: str) -> Path:
    """Return a path where nothing is; an id may have been tampered with."""
    plain = re.sub(r"[^A-Za-z0-9-]", "", name)[:64] or "unnamed"
    ends = itertools.chain([""], (f"-{number}" for number in itertools.count(2)))
    paths = (folder / f"key-{plain}{end}.json" for end in ends)
    return next(path for path in paths if not path.exists() and not path.is_symlink())
