"""Quick actions: the user's list, and running one on the clipboard."""

import asyncio
import logging
import re
from collections.abc import Callable, Mapping
from datetime import date
from typing import TYPE_CHECKING, Final, Protocol

from msgspec import Struct

from backend.errors import (
    ConflictError,
    HearthError,
    InvalidInputError,
    NotFoundError,
)
from backend.ids import NEW
from backend.interface.protocol import MAX_TEXT_CHARS
from backend.interface.stored_values import ActionKind, ActionResult
from backend.services.actions.forms import (
    from_draft,
    from_file,
    read_form,
    to_draft,
    to_file,
)
from backend.services.chat.answers import BUG_SENTENCE, AnswerService
from backend.services.chat.conversations import ConversationService, Exchange
from backend.services.chat.endings import KeptAnswer, is_whole
from backend.services.chat.titles import title_from
from backend.services.engines.engines import Choice, ModelRemovedError
from backend.services.engines.purposes import Purpose, Purposes
from backend.services.notes import SAVED
from backend.store.drafts import action_draft

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import AbstractContextManager

    from backend.services.assistants.assistants import AssistantService
    from backend.store.actions import ActionStore
    from backend.store.drafts import DraftStore
    from backend.store.messages import MessageStore
    from backend.store.models import Action

log = logging.getLogger("hearth.actions")

_REMEMBERED: Final = 100
"""Of how many ended answers it is known what became of them."""
_PLACE: Final = re.compile(r"\{(clipboard|selection|date)\}")


class Notes(Protocol):
    """Where results are kept."""

    def create(self, title: str = "", body: str = "") -> object:
        """Store a new note."""


class Outcome(Struct, frozen=True):
    """What running an action gave.

    Attributes:
        text: The result, when no model was needed.
        exchange: The question and the growing answer, when one was.
        outcome: What was done with the text already, in a sentence.
        error: Why that was not done which should have been.
    """

    action: "Action"
    text: str = ""
    exchange: Exchange | None = None
    outcome: str = ""
    error: str = ""


class ActionService:
    """The user's quick actions."""

    def __init__(
        self,
        *,
        actions: "ActionStore",
        conversations: ConversationService,
        messages: "MessageStore",
        answers: AnswerService,
        notes: Notes,
        drafts: "DraftStore",
        purposes: Purposes,
        assistants: "AssistantService",
        act: "Callable[[], AbstractContextManager[None]]",
        refused: Callable[[], object] = lambda: None,
        today: Callable[[], date] = date.today,
    ) -> None:
        """Work on stores.

        Args:
            actions: Keeps the actions.
            conversations: Asks.
            messages: Has what was answered.
            answers: Writes what was asked for.
            notes: Keeps results.
            drafts: Keeps forms that are not saved yet.
            purposes: Knows the model of actions that have none of their own.
            assistants: Knows whose instructions and model come with a prompt.
            act: Makes one transaction of what several of these stores do.
            refused: Called when the desktop refuses other shortcuts than before.
            today: Returns the date.
        """
        self._actions = actions
        self._conversations = conversations
        self._messages = messages
        self._answers = answers
        self._notes = notes
        self._drafts = drafts
        self._purposes = purposes
        self._assistants = assistants
        self._act = act
        self._refused = refused
        self._today = today
        self._outcomes: dict[str, asyncio.Task[KeptAnswer]] = {}
        self.refused_shortcuts: Mapping[str, str] = {}
        """Why the desktop does not give an action its keys, by the action's id."""

    def refuse_shortcuts(self, refused: Mapping[str, str]) -> None:
        """Take note which actions the desktop does not give their keys, and why."""
        if refused != self.refused_shortcuts:
            self.refused_shortcuts = refused
            self._refused()

    def all(self) -> "Sequence[Action]":
        """Return the actions in the user's order."""
        return self._actions.all()

    def get(self, action_id: str) -> "Action":
        """Return one action.

        Raises:
            NotFoundError: There is none, or it was deleted.
        """
        return self._actions.get(action_id)

    def add(self, form: Mapping[str, str]) -> "Action":
        """Add an action of the user's own.

        Raises:
            InvalidInputError: Something in the form cannot be used.
            ConflictError: Another action has its shortcut.
        """
        facts = read_form(form)
        with self._act():
            self._see_that_free(str(facts["shortcut"]))
            self.drop_draft()
            return self._actions.add(facts)[0]

    def change(self, action_id: str, form: Mapping[str, str]) -> str:
        """Change an action; return the transaction to undo.

        Raises:
            InvalidInputError: Something in the form cannot be used.
            ConflictError: Another action has its shortcut.
            NotFoundError: The action was deleted.
        """
        facts = read_form(form)
        with self._act():
            self._see_that_free(str(facts["shortcut"]), action_id)
            self.drop_draft(action_id)
            return self._actions.change(action_id, facts)

    def draft(self, action_id: str = NEW) -> dict[str, str]:
        """Return the form as it was typed and not yet saved; empty when it was."""
        return from_draft(self._drafts.get(action_draft(action_id)))

    def save_draft(self, form: Mapping[str, str], action_id: str = NEW) -> None:
        """Keep the form while it is being filled in."""
        self._drafts.save(action_draft(action_id), to_draft(form))

    def drop_draft(self, action_id: str = NEW) -> None:
        """Forget what was typed: it is saved, or the user starts over."""
        self._drafts.save(action_draft(action_id), "")

    def show_in_tray(self, action_id: str, *, shown: bool) -> None:
        """Put an action into the tray's menu, or take it out."""
        self._actions.change(action_id, {"in_tray": int(shown)})

    def place(self, action_id: str, before: str) -> None:
        """Put an action before another, or at the end when `before` is ""."""
        self._actions.place(action_id, before)

    def delete(self, action_id: str) -> str:
        """Move an action to the trash; return the transaction to undo."""
        return self._actions.delete(action_id)

    def export(self) -> str:
        """Return all actions as the text of a file."""
        return to_file(self.all())

    def import_from(self, content: str) -> int:
        """Add the actions of a file, all or none; return how many were new.

        Raises:
            InvalidInputError: The file cannot be used.
        """
        found = from_file(content)
        with self._act():
            known = self.all()
            there = {(a.name, a.kind, a.prompt) for a in known}
            taken = {a.shortcut for a in known}
            fresh = list[dict[str, str | int]]()
            for facts in found:
                if (facts["name"], facts["kind"], facts["prompt"]) in there:
                    continue
                if facts["shortcut"] in taken:
                    facts["shortcut"] = ""
                taken.add(str(facts["shortcut"]))
                fresh.append(facts)
            return len(self._actions.add(*fresh))

    async def run(
        self,
        action_id: str,
        clipboard: str,
        selection: str,
    ) -> Outcome:
        """Run an action.

        Args:
            action_id: Which one.
            clipboard: What was copied last.
            selection: What is marked now; where there is none, the clipboard serves.

        Raises:
            InvalidInputError: There is nothing to work on.
            ConflictError: Nothing is chosen that could answer.
            NotFoundError: The action was deleted.
        """
        outcome = await asyncio.to_thread(self._run, action_id, clipboard, selection)
        return outcome if isinstance(outcome, Outcome) else await self._ask(*outcome)

    def _run(
        self, action_id: str, clipboard: str, selection: str
    ) -> "Outcome | tuple[Action, str, str]":
        """Return what needs no model; else the action, its text and its subject."""
        action = self.get(action_id)
        if _longest(action.prompt, clipboard, selection) > MAX_TEXT_CHARS:
            raise InvalidInputError(
                f"The text is longer than {MAX_TEXT_CHARS:,} characters. "
                "Copy a part of it."
            )
        subject = _subject(action, clipboard, selection)
        text = fill(action.prompt, clipboard, selection, self._today())
        if action.kind == ActionKind.PROMPT:
            return action, text, subject
        made = _made_here(action.kind, text)
        if action.result != ActionResult.NOTE:
            return Outcome(action, made)
        try:
            self._notes.create("", made)
        except HearthError as exc:
            return Outcome(action, made, error=f"This is not saved as a note. {exc}")
        return Outcome(action, made, outcome=SAVED)

    async def _ask(self, action: "Action", text: str, subject: str) -> Outcome:
        own = await asyncio.to_thread(self._choice_of, action)
        usual = await asyncio.to_thread(self._purposes.choice, Purpose.ACTIONS)
        choice = own or usual
        title = ": ".join(filter(None, (action.name, title_from(subject))))
        try:
            exchange = await self._conversations.begin(
                text, choice, title=title, assistant_id=action.assistant_id
            )
        except ModelRemovedError as exc:
            where = "for quick actions, in Settings" if own is None else "for it"
            raise ConflictError(
                f"The model of “{action.name}” was removed. Choose another one {where}."
            ) from exc
        if action.result == ActionResult.NOTE:
            known = self._outcomes
            for ended in [i for i, task in known.items() if task.done()][:-_REMEMBERED]:
                del known[ended]
            known[exchange.answer.id] = asyncio.create_task(self._keep_answer(exchange))
        return Outcome(action, exchange=exchange)

    def _choice_of(self, action: "Action") -> Choice | None:
        """Return the model of an action or of its assistant; None for the usual one."""
        own = Choice.of(action.engine_id, action.model)
        if not action.assistant_id:
            return own
        if assistant := self._assistants.known(action.assistant_id):
            return own or Choice.of(assistant.engine_id, assistant.model)
        raise ConflictError(
            f"The assistant of “{action.name}” was deleted permanently. Choose another "
            "one for it, or none."
        )

    async def outcome(self, answer_id: str) -> KeptAnswer:
        """Return what else became of an answer, once it is known."""
        task = self._outcomes.get(answer_id)
        return await asyncio.shield(task) if task else KeptAnswer()

    async def _keep_answer(self, exchange: Exchange) -> KeptAnswer:
        """Keep a whole answer as a note; the answer itself stays whatever happens."""
        await self._answers.wait(exchange.answer.id)
        try:
            return await asyncio.to_thread(self._keep, exchange.answer.id)
        except NotFoundError:
            return KeptAnswer(error="The answer was deleted before it became a note.")
        except HearthError as exc:
            why = str(exc)
        except Exception:
            log.exception("an answer could not be kept as a note")
            why = BUG_SENTENCE
        sentence = f"The answer is kept, but not as a note. {why}"
        self._answers.failure(sentence)
        return KeptAnswer(error=sentence)

    def _keep(self, answer_id: str) -> KeptAnswer:
        answer = self._messages.get(answer_id)
        if not is_whole(answer):
            return KeptAnswer()
        self._notes.create("", answer.text)
        return KeptAnswer(SAVED)

    def _see_that_free(self, shortcut: str, action_id: str = "") -> None:
        for other in self.all():
            if shortcut and other.shortcut == shortcut and other.id != action_id:
                raise ConflictError(
                    f"{shortcut} runs “{other.name}” already. Choose another shortcut."
                )


def fill(prompt: str, clipboard: str, selection: str, today: date) -> str:
    """Return a prompt with its places filled, each once and nothing inside them.

    A prompt that names no text gets the clipboard below it; without a selection the
    clipboard serves.
    """
    if not _names_text(prompt):
        prompt = f"{prompt}\n\n{{clipboard}}".lstrip("\n")
    data = {
        "clipboard": clipboard,
        "selection": selection or clipboard,
        "date": f"{today.day} {today:%B %Y}",
    }
    return _PLACE.sub(lambda match: data[match[1]], prompt)


def _longest(prompt: str, clipboard: str, selection: str) -> int:
    """Return how long the longest text is that a prompt takes."""
    takes_clipboard = "{clipboard}" in prompt or not (selection and _names_text(prompt))
    takes_selection = "{selection}" in prompt
    return max(len(clipboard) * takes_clipboard, len(selection) * takes_selection)


def _names_text(prompt: str) -> bool:
    return "{clipboard}" in prompt or "{selection}" in prompt


def _subject(action: "Action", clipboard: str, selection: str) -> str:
    """Return the text an action works on."""
    by_selection = "{clipboard}" not in action.prompt and "{selection}" in action.prompt
    subject = (selection or clipboard) if by_selection else clipboard
    if not subject.strip() and not ("{selection}" in action.prompt and selection):
        raise InvalidInputError(
            f"There is no text to work on. Copy some, then run {action.name} again."
        )
    return subject or selection


def _made_here(kind: str, text: str) -> str:
    # Slow to import, and not everybody uses it.
    from backend.services.actions.text_actions import LOCAL  # noqa: PLC0415 slow to import, seldom needed

    return LOCAL[ActionKind(kind)](text)
