"""How one conversation is answered, otherwise than set for its engine."""

import json
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING

from backend.ids import NEW
from backend.llm.options import AS_SET, Parameters
from backend.services.engines.option_forms import read_parameters
from backend.stored_values import parameters_of

if TYPE_CHECKING:
    from backend.store.conversations import ConversationStore
    from backend.store.settings import SettingStore


class ParameterService:
    """Keeps the parameters of conversations, and of the one that is not begun yet."""

    def __init__(
        self, settings: "SettingStore", conversations: "ConversationStore"
    ) -> None:
        self._settings = settings
        self._conversations = conversations

    def of(self, conversation_id: str) -> Parameters:
        """Return what was set for a conversation."""
        data: object = {}
        with suppress(ValueError, RecursionError):
            data = json.loads(self._settings.get(parameters_of(conversation_id), "{}"))
        return Parameters.read(data if isinstance(data, Mapping) else {})

    def set(self, conversation_id: str, form: Mapping[str, str]) -> str:
        """Set what is in a form; return the transaction to undo.

        Raises:
            InvalidInputError: One of them cannot be; the sentence names it.
            NotFoundError: There is no such conversation.
        """
        if conversation_id != NEW:
            self._conversations.get(conversation_id)
        parameters = read_parameters(form, self.of(conversation_id))
        return self._keep(conversation_id, parameters)

    def move(self, conversation_id: str) -> None:
        """Give a conversation what was set before it was begun."""
        parameters = self.of(NEW)
        if parameters != AS_SET:
            self._keep(conversation_id, parameters)
            self._keep(NEW, AS_SET)

    def _keep(self, conversation_id: str, parameters: Parameters) -> str:
        kept = json.dumps(parameters.to_body()) if parameters != AS_SET else ""
        return self._settings.set(parameters_of(conversation_id), kept)
