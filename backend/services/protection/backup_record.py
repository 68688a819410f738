"""What is remembered of the backups beside the database, readable without it."""

import json
from pathlib import Path
from typing import Any, Final, Self

from msgspec import Struct, field, to_builtins

from backend.errors import UNWRITABLE, InvalidInputError, StoreReadOnlyError
from backend.keys.key_files import KEY_FILES
from backend.recovery.snapshots import is_snapshot
from backend.sqlite.files import is_ordinary, replace_file

RECORD_FILE: Final = "backups.json"
WENT_BACK_FILE: Final = "went-back.json"
FOLDER_NAME: Final = "Hearth backups"


def folder_in(chosen: Path) -> Path:
    """Return the folder for backups in the one that was chosen.

    It is one of its own: nobody else's files become private by mistake. Who chooses one
    with nothing but backups in it wants those.

    Raises:
        InvalidInputError: Something else has its name.
    """
    names = [path.name for path in chosen.iterdir()]
    backups = [name for name in names if is_snapshot(name)]
    keys = [name for name in names if KEY_FILES.fullmatch(name)]
    if chosen.name == FOLDER_NAME or (backups and len(backups + keys) == len(names)):
        return chosen
    folder = chosen / FOLDER_NAME
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        raise InvalidInputError(
            f"There is a link or a file named {FOLDER_NAME}. Choose another folder."
        )
    return folder


class Backup(Struct, frozen=True, kw_only=True):
    """One backup, as the page shows it.

    Attributes:
        made_at: In milliseconds.
        verified_at: When all of it was last looked through; 0 for never.
        owner: The computer that made it; "" for this one.
        is_locked: Its key has to be entered before it can be restored.
    """

    name: str
    made_at: int
    reason: str
    size: int
    verified_at: int
    is_encrypted: bool
    owner: str = ""
    is_locked: bool = False


class Restored(Struct, frozen=True, kw_only=True):
    """What a restore did.

    Attributes:
        before: The backup to go back to; "" when there could be none.
        asks_at_start: The data has another key now, which no keyring here keeps.
    """

    before: str
    asks_at_start: bool


class WentBack(Struct, frozen=True, kw_only=True):
    """What is kept when somebody goes back to an earlier Hearth, for the way forward.

    Attributes:
        at: When, in milliseconds.
        name: The backup of the newer data.
        version: How many steps that has taken.
    """

    at: int
    name: str
    version: int

    @classmethod
    def read(cls, folder: Path) -> "WentBack | None":
        """Return what was not dismissed yet; None for nothing."""
        try:
            found = cls(**json.loads((folder / WENT_BACK_FILE).read_text("utf-8")))
            return found if is_snapshot(found.name) and found.version > 0 else None
        except (OSError, ValueError, TypeError, RecursionError):
            return None

    @classmethod
    def forget(cls, folder: Path, name: str = "") -> None:
        """Remember that it was dismissed, or that the backup `name` is brought back."""
        known = cls.read(folder) if name else None
        if not name or (known and known.name == name):
            (folder / WENT_BACK_FILE).unlink(missing_ok=True)

    def write(self, folder: Path) -> None:
        """Keep it until it is dismissed.

        Raises:
            StoreReadOnlyError: It cannot be written.
        """
        try:
            replace_file(folder / WENT_BACK_FILE, json.dumps(to_builtins(self)))
        except OSError as exc:
            raise StoreReadOnlyError(UNWRITABLE) from exc


class BackupRecord(Struct):
    """The folder the user chose, and what is known of single backups.

    Attributes:
        folder: Where new backups go; "" for the usual folder.
        verified: When each was looked through last, in milliseconds.
        unsigned: Of those whose name tells no owner, the ones that were made here.
    """

    folder: str = ""
    verified: dict[str, int] = field(default_factory=dict)
    unsigned: list[str] = field(default_factory=list)

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read the file; an empty record when there is none that makes sense."""
        if not is_ordinary(path.resolve()):
            return cls()
        try:
            return cls._from_json(json.loads(path.read_text("utf-8")))
        except (
            OSError,
            ValueError,
            KeyError,
            TypeError,
            AttributeError,
            RecursionError,
        ):
            return cls()

    @classmethod
    def _from_json(cls, data: Any) -> Self:  # noqa: ANN401 whatever the file holds
        verified = {str(name): int(at) for name, at in data["verified"].items()}
        # Before names had owners, every backup that was made here was verified here.
        unsigned = [str(name) for name in data.get("unsigned", verified)]
        return cls(str(data["folder"]), verified, unsigned)

    def write(self, path: Path) -> None:
        """Keep it.

        Raises:
            OSError: It cannot be written.
        """
        replace_file(path, json.dumps(to_builtins(self)))
