"""Folders: made, named, given instructions, deleted."""

from contextlib import suppress
from typing import TYPE_CHECKING, Final

from backend.errors import NotFoundError
from backend.services.chat.texts import checked_name
from backend.services.settings import checked_instructions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from backend.store.chat.assistants import AssistantStore
    from backend.store.chat.folders import CountedFolder, FolderStore
    from backend.store.models import Folder

MAX_NAME_CHARS: Final = 100
NEW_FOLDER: Final = "New folder"


class FolderService:
    """What a person does with folders of conversations."""

    def __init__(self, folders: "FolderStore", assistants: "AssistantStore") -> None:
        self._folders = folders
        self._assistants = assistants

    def all(self) -> "Sequence[CountedFolder]":
        """Return the folders in use, by their names."""
        return self._folders.all()

    def get(self, folder_id: str) -> "Folder":
        """Return one folder.

        Raises:
            NotFoundError: There is none, or it was deleted.
        """
        return self._folders.get(folder_id)

    def name_of(self, folder_id: str) -> str:
        """Return the name of a folder; "" for none, or one that is gone."""
        with suppress(NotFoundError):
            return self._folders.get(folder_id).name if folder_id else ""
        return ""

    def create(self) -> "Folder":
        """Make an empty folder, which is named next."""
        taken = {each.folder.name for each in self._folders.all()}
        name, number = NEW_FOLDER, 1
        while name in taken:
            number += 1
            name = f"{NEW_FOLDER} {number}"
        return self._folders.create(name)

    def rename(self, folder_id: str, name: str) -> str:
        """Give a folder another name; return the transaction to undo.

        Raises:
            InvalidInputError: The name is empty or too long.
        """
        name = checked_name(name, MAX_NAME_CHARS)
        return self._folders.rename(folder_id, name)

    def set_up(self, folder_id: str, text: str, assistant_id: str) -> str:
        """Give a folder other instructions and another assistant, "" for none.

        New conversations in it have the assistant; those that are there keep theirs.

        Returns:
            The transaction to undo.

        Raises:
            InvalidInputError: The instructions are too long.
            NotFoundError: There is no such folder, or assistant.
        """
        text = checked_instructions(text)
        if assistant_id and assistant_id != self.get(folder_id).assistant_id:
            self._assistants.get(assistant_id)
        return self._folders.set_up(folder_id, text, assistant_id)

    def delete(self, folder_id: str) -> str:
        """Delete a folder, whose conversations stay; return the transaction to undo."""
        return self._folders.delete(folder_id)
