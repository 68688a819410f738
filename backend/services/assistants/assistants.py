"""Assistants: the user's list, and which one a conversation has."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from backend.errors import InvalidInputError, NotFoundError
from backend.ids import NEW, assistant_draft
from backend.interface.stored_values import NEXT_IN_FOLDER
from backend.services.assistants.examples import EXAMPLES
from backend.services.assistants.forms import (
    MAX_NAME_CHARS,
    from_draft,
    from_file,
    read_form,
    to_draft,
    to_file,
)
from backend.services.engines.choices import Choice

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import AbstractContextManager

    from backend.services.assistants.forms import Facts
    from backend.store.chat.assistants import AssistantStore
    from backend.store.chat.folders import FolderStore
    from backend.store.conversations import ConversationStore
    from backend.store.drafts import DraftStore
    from backend.store.models import Assistant
    from backend.store.settings import SettingStore

CHOSEN: Final = "model.assistant"
"""The setting of what new conversations have: an assistant, and a model instead."""
_COPY: Final = " (copy)"


class AssistantService:
    """The user's assistants."""

    def __init__(
        self,
        assistants: "AssistantStore",
        conversations: "ConversationStore",
        folders: "FolderStore",
        settings: "SettingStore",
        drafts: "DraftStore",
        act: "Callable[[], AbstractContextManager[None]]",
    ) -> None:
        self._assistants = assistants
        self._conversations = conversations
        self._folders = folders
        self._settings = settings
        self._drafts = drafts
        self._act = act

    def all(self) -> "Sequence[Assistant]":
        """Return the assistants by their names."""
        return self._assistants.all()

    def find(self, query: str) -> "Sequence[Assistant]":
        """Return those with all words of a query in what they are called or told."""
        words = query.casefold().split()

        def has_them(one: "Assistant") -> bool:
            text = f"{one.name}\n{one.instructions}".casefold()
            return all(word in text for word in words)

        return [*filter(has_them, self.all())]

    def get(self, assistant_id: str) -> "Assistant":
        """Return one assistant.

        Raises:
            NotFoundError: There is none, or it was deleted.
        """
        return self._assistants.get(assistant_id)

    def known(self, assistant_id: str) -> "Assistant | None":
        """Return one that may be in the trash; None where there is none any more."""
        try:
            return self._assistants.get(assistant_id, include_deleted=True)
        except NotFoundError:
            return None

    def add(self, form: Mapping[str, str]) -> "tuple[Assistant, str]":
        """Add an assistant; return it and the transaction to undo.

        Raises:
            InvalidInputError: Something in the form cannot be used.
        """
        facts = read_form(form)
        with self._act():
            self.drop_draft()
            return self._added(facts)

    def add_example(self, name: str) -> "tuple[Assistant, str]":
        """Add one of those that are offered where there are none.

        Raises:
            InvalidInputError: None is called that.
        """
        for facts in EXAMPLES:
            if facts["name"] == name:
                return self._added(dict(facts))
        raise InvalidInputError("There is no such example.")

    def duplicate(self, assistant_id: str) -> "tuple[Assistant, str]":
        """Add an assistant that is like another one.

        Raises:
            NotFoundError: There is none, or it was deleted.
        """
        one = self.get(assistant_id)
        return self._added(
            {
                "name": one.name[: MAX_NAME_CHARS - len(_COPY)] + _COPY,
                "icon": one.icon,
                "instructions": one.instructions,
                "engine_id": one.engine_id,
                "model": one.model,
                "parameters": one.parameters,
            }
        )

    def change(self, assistant_id: str, form: Mapping[str, str]) -> str:
        """Change an assistant; return the transaction to undo.

        Raises:
            InvalidInputError: Something in the form cannot be used.
            NotFoundError: It was deleted.
        """
        facts = read_form(form)
        with self._act():
            self.drop_draft(assistant_id)
            return self._assistants.change(assistant_id, facts)

    def delete(self, assistant_id: str) -> str:
        """Move an assistant to the trash; return the transaction to undo."""
        return self._assistants.delete(assistant_id)

    def draft(self, assistant_id: str = NEW) -> "Facts":
        """Return the form as it was typed and not yet saved; empty when it was."""
        return from_draft(self._drafts.get(assistant_draft(assistant_id)))

    def save_draft(self, form: Mapping[str, str], assistant_id: str = NEW) -> None:
        """Keep the form while it is being filled in."""
        self._drafts.save(assistant_draft(assistant_id), to_draft(form))

    def drop_draft(self, assistant_id: str = NEW) -> None:
        """Forget what was typed: it is saved, or the user starts over."""
        self._drafts.save(assistant_draft(assistant_id), "")

    def export(self) -> str:
        """Return all assistants as the text of a file."""
        return to_file(self.all())

    def import_from(self, content: str) -> int:
        """Add the assistants of a file, all or none; return how many were new.

        Raises:
            InvalidInputError: The file cannot be used.
        """
        found = from_file(content)
        with self._act():
            there = {(one.name, one.instructions) for one in self.all()}
            fresh = [f for f in found if (f["name"], f["instructions"]) not in there]
            return len(self._assistants.add(*fresh)[0])

    def of(self, conversation_id: str, folder_id: str = "") -> "Assistant | None":
        """Return the assistant of a conversation, or of the next new one.

        One that is in the trash still answers in its conversations, and begins none.

        Args:
            conversation_id: The conversation, or `NEW`.
            folder_id: Where a new one begins; "" for no folder.

        Raises:
            NotFoundError: There is no such conversation.
        """
        if conversation_id != NEW:
            find = self._conversations.get
            return self.known(find(conversation_id, include_deleted=True).assistant_id)
        return self._usable(self._kept(folder_id).partition("|")[0])

    def of_folder(self, folder_id: str) -> "Assistant | None":
        """Return the assistant that new conversations of a folder have."""
        if not folder_id:
            return None
        try:
            return self._usable(self._folders.get(folder_id).assistant_id)
        except NotFoundError:
            return None

    def choose(
        self, conversation_id: str, assistant_id: str, folder_id: str = ""
    ) -> str:
        """Let a conversation have an assistant, "" for none, and its model.

        What is chosen for a new conversation is so for those after it; in a folder with
        an assistant of its own, for the next one alone.

        Returns:
            The transaction to undo.

        Raises:
            NotFoundError: There is no such conversation, or assistant.
        """
        if conversation_id == NEW:
            chosen = self.get(assistant_id).id if assistant_id else ""
            return self._keep(folder_id, chosen)
        here = self._conversations.get(conversation_id)
        model = "", ""
        if assistant_id not in {"", here.assistant_id}:
            found = self.get(assistant_id)
            model = found.engine_id, found.model
        return self._conversations.assist(here.id, assistant_id, *model)

    def model_for_new(self, folder_id: str = "") -> Choice | None:
        """Return the model of the next new conversation; None for the default."""
        chosen = self.of(NEW, folder_id)
        own = chosen and Choice.of(chosen.engine_id, chosen.model)
        other = Choice.parse(self._kept(folder_id).partition("|")[2])
        return (other or own) if own else None

    def choose_model_for_new(self, choice: Choice, folder_id: str = "") -> bool:
        """Let another model answer for it; False where its assistant has none."""
        chosen = self.of(NEW, folder_id)
        if chosen is None or self.model_for_new(folder_id) is None:
            return False
        self._keep(folder_id, f"{chosen.id}|{choice}")
        return True

    def _kept(self, folder_id: str) -> str:
        """Return what the next conversation has: an assistant, and a model instead."""
        usual = self.of_folder(folder_id)
        if usual is None:
            return self._settings.get(CHOSEN)
        place, _, other = self._settings.get(NEXT_IN_FOLDER).partition("|")
        return other if place == _place(folder_id, usual) else usual.id

    def _keep(self, folder_id: str, chosen: str) -> str:
        usual = self.of_folder(folder_id)
        if usual is None:
            return self._settings.set(CHOSEN, chosen)
        return self._settings.set(
            NEXT_IN_FOLDER, f"{_place(folder_id, usual)}|{chosen}"
        )

    def _usable(self, assistant_id: str) -> "Assistant | None":
        found = self.known(assistant_id)
        return found if found and found.deleted_at is None else None

    def _added(self, facts: "Facts") -> "tuple[Assistant, str]":
        (made,), transaction_id = self._assistants.add(facts)
        return made, transaction_id


def _place(folder_id: str, usual: "Assistant") -> str:
    """Return where a choice counts: not once the folder has another assistant."""
    return f"{folder_id}/{usual.id}"
