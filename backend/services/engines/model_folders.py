"""Where models are kept: in Hearth's own folder, and in those a person chose.

Only new models go where somebody chose; the others stay where they are, and each
folder is looked through as long as Hearth knows it. One on a disk that is not there
is passed over, and never made anew: that would fill another disk.
"""

import json
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from backend.errors import ConflictError, InvalidInputError, StoreReadOnlyError
from backend.store.database import BACKUPS

if TYPE_CHECKING:
    from backend.store.settings import SettingStore

FOLDER_NAME: Final = "Hearth models"
"""A folder of their own: nobody's whole disk is searched, or fills up with them."""
_SETTING: Final = "model_folders"


class ModelFolders:
    """Knows the folders of models; all of it may block.

    Attributes:
        default: Hearth's own, which is made when it is needed.
    """

    def __init__(self, default: Path, settings: "SettingStore") -> None:
        self.default = default
        self._settings = settings

    def all(self) -> list[Path]:
        """Return every folder, first the one for new models."""
        chosen: object = []
        with suppress(ValueError, RecursionError):
            chosen = json.loads(self._settings.get(_SETTING) or "[]")
        paths = map(Path, map(str, chosen if isinstance(chosen, list) else []))
        return list(dict.fromkeys([*paths, self.default]))

    def for_new(self) -> Path:
        """Return where new models go.

        Raises:
            ConflictError: That folder is not there now.
        """
        folder = self.all()[0]
        if self.is_away(folder):
            raise ConflictError(
                f"The folder {folder} is not there. Connect its disk, or choose "
                "another folder for models."
            )
        return folder

    def is_away(self, folder: Path) -> bool:
        """Whether a folder is on a disk that is not connected, or was moved."""
        return folder != self.default and not folder.is_dir()

    def free_bytes(self) -> int:
        """Return the room for new models, 0 where nobody tells."""
        folder = self.all()[0]
        there = next((one for one in (folder, *folder.parents) if one.is_dir()), None)
        if there is None or self.is_away(folder):
            return 0
        with suppress(OSError):
            return shutil.disk_usage(there).free
        return 0

    def choose(self, path: str) -> Path:
        """Keep new models in another folder from now on; return which that is.

        Args:
            path: A folder, in which one for models is made; "" for Hearth's own.

        Raises:
            InvalidInputError: It cannot be one for models.
            StoreReadOnlyError: It cannot be written.
        """
        folder = self._in(Path(path)) if path else self.default
        kept = list(dict.fromkeys([folder, *self.all()]))
        self._settings.set(_SETTING, json.dumps([str(one) for one in kept]))
        return folder

    def _in(self, chosen: Path) -> Path:
        if not chosen.is_absolute() or (chosen.exists() and not chosen.is_dir()):
            raise InvalidInputError("This is not a folder. Choose another one.")
        whole = chosen.resolve()
        if whole.is_relative_to((self.default.parent / BACKUPS).resolve()):
            raise InvalidInputError(
                "Backups are kept in this folder. Choose another one for models."
            )
        if whole.is_relative_to(self.default.resolve()):
            return self.default
        folder = chosen if chosen.name == FOLDER_NAME else chosen / FOLDER_NAME
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=folder):
                pass
        except OSError as exc:
            raise StoreReadOnlyError(
                f"Hearth cannot write in the folder {folder}. Choose another one, or "
                "check that its disk is not full or read-only."
            ) from exc
        return folder
