"""What a conversation has beside its messages: assistant, instructions, parameters."""

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

from msgspec import Struct

from backend.llm.options import AS_SET, Parameters
from backend.services.assistants.forms import parameters_in
from backend.services.assistants.places import fill

if TYPE_CHECKING:
    from backend.services.assistants.assistants import AssistantService
    from backend.services.chat.setups.parameters import ParameterService
    from backend.services.settings import SettingService
    from backend.store.chat.folders import FolderStore


class Setup(Struct, frozen=True, kw_only=True):
    """How the next question of a conversation is sent.

    Attributes:
        assistant_id: "" for none.
        assistant: What the assistant is called.
        instructions: All of them in one text, with their places filled.
    """

    assistant_id: str = ""
    assistant: str = ""
    instructions: str = ""
    parameters: Parameters = AS_SET


class SetupService:
    """Joins what is set for all, for a folder, an assistant and one conversation."""

    def __init__(
        self,
        settings: "SettingService",
        assistants: "AssistantService",
        parameters: "ParameterService",
        folders: "FolderStore",
        now: Callable[[], datetime] = datetime.now,
    ) -> None:
        self._settings = settings
        self._assistants = assistants
        self._parameters = parameters
        self._folders = folders
        self._now = now

    def of(
        self,
        conversation_id: str,
        model: str = "",
        *,
        folder_id: str = "",
        assistant_id: str | None = None,
    ) -> Setup:
        """Return the setup of a conversation.

        The most general instructions come first, and the most particular parameters
        count.

        Args:
            conversation_id: "" for one of which nothing is set.
            model: What answers.
            folder_id: Where a conversation begins that is not there yet.
            assistant_id: The assistant, where it is not the one that is kept.

        Raises:
            NotFoundError: There is no such folder.
        """
        assistant = self._assistants.known(assistant_id or "")
        own, parameters = "", AS_SET
        if conversation_id:
            own = self._parameters.instructions(conversation_id)
            parameters = self._parameters.of(conversation_id)
            if assistant_id is None:
                assistant = self._assistants.of(conversation_id, folder_id)
        usual = assistant.instructions if assistant else ""
        if folder_id:
            of_folder = self._folders.get(folder_id).instructions
        else:
            of_folder = self._folders.instructions_of(conversation_id)
        texts = (self._settings.instructions(), of_folder, usual, own)
        return Setup(
            assistant_id=assistant.id if assistant else "",
            assistant=assistant.name if assistant else "",
            instructions=fill(
                "\n\n".join(one for one in texts if one.strip()),
                now=self._now(),
                name=self._settings.name(),
                model=model,
            ),
            parameters=parameters.over(
                parameters_in(assistant.parameters if assistant else "")
            ),
        )
