"""How one conversation is answered, otherwise than set for its engine."""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from backend.ids import NEW
from backend.interface.stored_values import (
    NEW_INSTRUCTIONS,
    NEXT_IN_FOLDER,
    parameters_of,
)
from backend.llm.options import AS_SET, Parameters
from backend.services.assistants.forms import MAX_INSTRUCTIONS_CHARS, parameters_in
from backend.services.engines.option_forms import read_parameters
from backend.services.settings import checked_instructions

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from backend.store.conversations import ConversationStore
    from backend.store.settings import SettingStore


MAX_OWN_CHARS: Final = 2 * MAX_INSTRUCTIONS_CHARS
"""With those of an assistant that was deleted permanently."""


class ParameterService:
    """Keeps parameters and instructions of conversations.

    Also of the one that is not begun yet.
    """

    def __init__(
        self,
        settings: "SettingStore",
        conversations: "ConversationStore",
        act: "Callable[[], AbstractContextManager[None]]",
    ) -> None:
        self._settings = settings
        self._conversations = conversations
        self._act = act

    def instructions(self, conversation_id: str) -> str:
        """Return what a model is given in this conversation alone.

        Raises:
            NotFoundError: There is no such conversation.
        """
        if conversation_id == NEW:
            return self._settings.get(NEW_INSTRUCTIONS)
        return self._conversations.get(conversation_id).instructions

    def of(self, conversation_id: str) -> Parameters:
        """Return what was set for a conversation."""
        return parameters_in(self._settings.get(parameters_of(conversation_id)))

    def set(self, conversation_id: str, form: Mapping[str, str]) -> str:
        """Set what is in a form; return the transaction to undo.

        Raises:
            InvalidInputError: One of them cannot be; the sentence names it.
            NotFoundError: There is no such conversation.
        """
        if conversation_id != NEW:
            self._conversations.get(conversation_id)
        parameters = read_parameters(form, self.of(conversation_id))
        before = self.instructions(conversation_id)
        text = form.get("instructions", before).strip()
        text = checked_instructions(text, MAX_OWN_CHARS)
        with self._act():
            if text != before:
                self._instruct(conversation_id, text)
            return self._keep(conversation_id, parameters)

    def move(self, conversation_id: str) -> None:
        """Give a conversation what was set before it was begun."""
        parameters = self.of(NEW)
        if parameters != AS_SET:
            self._keep(conversation_id, parameters)
            self._keep(NEW, AS_SET)
        if text := self.instructions(NEW):
            self._instruct(conversation_id, text)
            self._instruct(NEW, "")
        if self._settings.get(NEXT_IN_FOLDER):
            self._settings.set(NEXT_IN_FOLDER, "")  # it was for this one alone

    def _instruct(self, conversation_id: str, text: str) -> None:
        if conversation_id == NEW:
            self._settings.set(NEW_INSTRUCTIONS, text)
        else:
            self._conversations.instruct(conversation_id, text)

    def _keep(self, conversation_id: str, parameters: Parameters) -> str:
        kept = json.dumps(parameters.to_body()) if parameters != AS_SET else ""
        return self._settings.set(parameters_of(conversation_id), kept)
