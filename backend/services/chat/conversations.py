"""Conversations: begin, ask, answer again, go on, stop, rename, delete."""

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from backend.errors import ConflictError
from backend.ids import NEW
from backend.interface.stored_values import TitleSource
from backend.llm.engine import Delta, Engine
from backend.services.chat.answers import AnswerService
from backend.services.chat.asking import Asking
from backend.services.chat.beginnings import Beginnings
from backend.services.chat.growing import Growing
from backend.services.chat.prompts import Prompt
from backend.services.chat.setups.parameters import ParameterService
from backend.services.chat.texts import checked_name, checked_text
from backend.services.chat.titles import title_from
from backend.services.engines.engines import Choice, EngineService
from backend.store.text import note_title

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import AbstractContextManager

    from backend.store.conversations import ConversationStore
    from backend.store.drafts import DraftStore
    from backend.store.history.revisions import AskedAgain, RevisionStore
    from backend.store.messages import MessageStore
    from backend.store.models import Conversation, EngineRecord
    from backend.store.rows import AnyMessage, ConversationRow

MAX_TITLE_CHARS: Final = 300
LOG_LIMIT: Final = 100
_FIRST_EXCHANGE: Final = 2
_NO_QUESTION: Final = (
    "The question of this answer is no longer there, so it cannot be answered again."
)


class Exchange(Struct, frozen=True):
    """A question and the answer that grows to it."""

    conversation: "Conversation"
    question: "AnyMessage"
    answer: "AnyMessage"


class Removed(Struct, frozen=True):
    """What left a conversation in one act.

    Attributes:
        transaction_id: Undoes it.
        title: The beginning of what the act was about.
    """

    transaction_id: str
    title: str
    message_ids: "Sequence[str]"


class ConversationService:
    """What a person does with conversations.

    Attributes:
        beginnings: Lets one answer of a conversation begin at a time.
    """

    def __init__(
        self,
        *,
        conversations: "ConversationStore",
        messages: "MessageStore",
        revisions: "RevisionStore",
        drafts: "DraftStore",
        answers: AnswerService,
        engines: EngineService,
        asking: Asking,
        parameters: ParameterService,
        act: "Callable[[], AbstractContextManager[None]]",
    ) -> None:
        self._conversations = conversations
        self._messages = messages
        self._revisions = revisions
        self._drafts = drafts
        self._answers = answers
        self._engines = engines
        self._asking = asking
        self._parameters = parameters
        self._act = act
        self.beginnings = Beginnings(messages, answers)

    def recent(self, limit: int) -> "Sequence[ConversationRow]":
        """Return the conversations that were active last."""
        return self._conversations.recent(limit)

    def get(
        self, conversation_id: str, *, include_deleted: bool = False
    ) -> "Conversation":
        """Return one conversation.

        Raises:
            NotFoundError: There is none, or it was deleted.
        """
        return self._conversations.get(conversation_id, include_deleted=include_deleted)

    async def log(
        self, conversation_id: str, limit: int = LOG_LIMIT, **bounds: str | None
    ) -> "Sequence[AnyMessage]":
        """Return the newest messages `before`, or `through`, one, oldest first."""
        read = partial(self._messages.of_conversation, conversation_id, limit=limit)
        return await self.beginnings.read(partial(read, **bounds))

    async def log_around(self, message_id: str) -> "Sequence[AnyMessage]":
        """Return a message among those before and after it, oldest first.

        Raises:
            NotFoundError: There is none, or it was deleted.
        """
        read = partial(self._messages.around, message_id)
        return await self.beginnings.read(partial(read, limit=LOG_LIMIT))

    async def later(
        self, conversation_id: str, message_id: str
    ) -> "Sequence[AnyMessage]":
        """Return the messages that follow one, oldest first."""
        read = partial(self._messages.after, conversation_id, message_id)
        return await self.beginnings.read(partial(read, limit=LOG_LIMIT))

    async def delete_message(self, message_id: str) -> "Removed":
        """Move a message to the trash, a question with its answers.

        Raises:
            NotFoundError: There is none, or it is there already.
        """
        title, together = await asyncio.to_thread(self._removal, message_id)
        await self._answers.stop_these(together)
        deleted = await asyncio.to_thread(self._messages.delete, message_id)
        return Removed(deleted, title, together)

    def _removal(self, message_id: str) -> "tuple[str, Sequence[str]]":
        title = note_title(self._messages.get(message_id).text)
        return title, (message_id, *self._messages.answers_to(message_id))

    def keep_for_later(self, text: str) -> None:
        """Add a question that cannot be asked yet to the draft of a new one."""
        self._drafts.add(NEW, text)

    async def begin(
        self,
        text: str,
        choice: Choice | None,
        submission: str = "",
        *,
        draft: str = "",
        title: str = "",
        folder_id: str = "",
        assistant_id: str | None = None,
    ) -> Exchange:
        """Begin a conversation with its first question.

        Args:
            text: What the user asks.
            choice: What answers; None for the default.
            submission: What the page calls it: sent twice, it is asked once.
            draft: The draft it was, which is used up; "" leaves all drafts alone.
            title: What it is called; "" takes the title from the text.
            folder_id: Where it is listed; "" for no folder.
            assistant_id: The assistant; None for the one that is chosen with the draft.

        Raises:
            InvalidInputError: The text is empty or too long.
            ConflictError: Nothing is chosen that could answer.
        """
        if again := await asyncio.to_thread(self._submitted, submission):
            return again
        text, name = await self._asking.checked(text, draft)
        choice = await self._asking.chosen(choice)
        record, engine = await self._engines.open(choice)
        first = partial(
            self._asking.first_prompt, folder_id=folder_id, assistant_id=assistant_id
        )
        prompt = await asyncio.to_thread(first, text, draft, choice.model)
        prompt = await self._asking.ready(prompt, choice, engine)
        store = partial(
            self._messages.begin_conversation,
            text,
            title=title or title_from(text or name),
            title_source=TitleSource.USER if title else TitleSource.TEXT,
            engine_id=choice.engine_id,
            engine_name=record.name,
            model=choice.model,
            submission=submission,
            draft=draft,
            folder_id=folder_id,
            assistant=prompt.assistant,
        )

        def begin() -> "tuple[Conversation, AnyMessage, AnyMessage]":
            with self._act():
                begun = store()
                if draft == NEW:
                    self._parameters.move(begun[0].id)
                return begun

        with self.beginnings.new():
            conversation, question, answer = await asyncio.to_thread(begin)
            self.start(answer, engine, choice, prompt)
        return Exchange(conversation, question, answer)

    async def ask(
        self,
        conversation_id: str,
        text: str,
        submission: str = "",
        choice: Choice | None = None,
        draft: str = "",
    ) -> Exchange:
        """Ask the next question, also of another model this once, of any draft.

        Raises:
            InvalidInputError: The text is empty or too long.
            ConflictError: An answer is still being written, or none can be.
        """
        if again := await asyncio.to_thread(self._submitted, submission):
            return again
        draft = draft or conversation_id
        text, _ = await self._asking.checked(text, draft)
        with self.beginnings.one(conversation_id):
            await self.beginnings.check_end(conversation_id)
            conversation = await asyncio.to_thread(self.get, conversation_id)
            choice = choice or await self._asking.choice_of(conversation)
            record, engine = await self._engines.open(choice)
            following = partial(self._asking.next_prompt, draft=draft)
            prompt = await asyncio.to_thread(
                following, conversation_id, text, choice.model
            )
            prompt = await self._asking.ready(prompt, choice, engine)
            question, answer = await asyncio.to_thread(
                self._messages.add_exchange,
                *(conversation_id, text),
                **_by(record, choice, prompt),
                submission=submission,
                draft=draft,
            )
            self.start(answer, engine, choice, prompt)
        return Exchange(conversation, question, answer)

    def edit(self, message_id: str, text: str) -> tuple["AnyMessage", str]:
        """Give a question another text; return it and the transaction to undo.

        Raises:
            InvalidInputError: The text is empty or too long.
            ConflictError: It is an answer.
        """
        edited = self._revisions.edit(message_id, self._edited(message_id, text))
        return self._messages.get(message_id), edited

    async def ask_again(self, message_id: str, text: str) -> "AskedAgain":
        """Ask with another text beside a question, which is kept with what followed.

        Raises:
            InvalidInputError: The text is empty or too long.
            ConflictError: It is an answer, or nothing can answer.
        """
        text = await asyncio.to_thread(self._edited, message_id, text)
        _, conversation = await asyncio.to_thread(self._shown, message_id)
        choice = await self._asking.choice_of(conversation)
        record, engine = await self._engines.open(choice)
        with self.beginnings.one(conversation.id):
            await self._answers.stop(conversation.id)
            prompt = await asyncio.to_thread(
                self._asking.next_prompt,
                *(conversation.id, text, choice.model, message_id),
            )
            prompt = await self._asking.ready(prompt, choice, engine)
            by = _by(record, choice, prompt)
            again = await asyncio.to_thread(
                self._revisions.ask_again, message_id, text, **by
            )
            self.start(again.answer, engine, choice, prompt)
        return again

    async def answer_again(self, message_id: str, *, keep_text: bool) -> str:
        """Write another answer (Retry), or go on from where it stopped (Continue).

        What has no words is written in its place. It returns the transaction to undo.

        Raises:
            ConflictError: It is being written, or nothing can answer.
        """
        message, conversation = await asyncio.to_thread(self._shown, message_id)
        choice = await self._asking.choice_of(conversation)
        record, engine = await self._engines.open(choice)
        with self.beginnings.one(conversation.id):
            if self.beginnings.is_left(message):
                await self.beginnings.end([message])
            prompt = await asyncio.to_thread(
                self._asking.prompt_again, message, choice.model
            )
            if message.role == "assistant" and not prompt.is_open:
                raise ConflictError(_NO_QUESTION)
            prompt = await self._asking.ready(prompt, choice, engine)
            again = _by(record, choice, prompt)
            if keep_text or not (message.text or message.reasoning):
                message, begun = await asyncio.to_thread(
                    self._messages.reopen, message_id, keep_text=keep_text, **again
                )
            else:
                message, begun = await asyncio.to_thread(
                    self._revisions.answer_again, message_id, **again
                )
            self.start(message, engine, choice, prompt)
        return begun

    def rename(self, conversation_id: str, title: str) -> str:
        """Give a conversation another title; return the transaction to undo.

        Raises:
            InvalidInputError: The title is empty or too long.
        """
        title = checked_name(title, MAX_TITLE_CHARS, "title")
        return self._conversations.rename(conversation_id, title, "user")

    async def delete(self, conversation_id: str) -> str:
        """Move a conversation to the trash; returns the transaction to undo."""
        await self._answers.stop(conversation_id)
        return await asyncio.to_thread(self._conversations.delete, conversation_id)

    async def choose_model(self, conversation_id: str, choice: Choice) -> None:
        """Let another model answer from here on; new chats keep theirs."""
        is_default = conversation_id == NEW or await self._engines.default() is None

        def keep() -> None:
            with self._act():
                if conversation_id != NEW:
                    self._conversations.choose_model(
                        conversation_id, choice.engine_id, choice.model
                    )
                if is_default:
                    self._engines.choose(choice)

        await asyncio.to_thread(keep)

    def retitle(self, conversation_id: str) -> None:
        """Better the title with the first answer, unless the user gave one."""
        conversation = self.get(conversation_id)
        limit = _FIRST_EXCHANGE + 1
        found = self._messages.of_conversation(conversation_id, limit=limit)
        is_first = len(found) == _FIRST_EXCHANGE
        if conversation.title_source != TitleSource.TEXT or not is_first:
            return
        title = title_from(found[0].text, found[1].text)
        if title and title != conversation.title:
            self._conversations.rename(conversation_id, title, "text")

    def start(
        self, answer: "AnyMessage", engine: Engine, choice: Choice, prompt: Prompt
    ) -> None:
        """Begin to write an answer that is stored; call on the event loop."""
        growing = Growing.of(answer)
        if answer.reasoning and not answer.text:
            growing.add(Delta(reasoning="\n\n"))  # more thoughts follow
        learn = partial(self._asking.pictures.learn, choice)
        self._answers.start(growing, engine, choice.model, prompt, learn)

    def _edited(self, message_id: str, text: str) -> str:
        """Return another text of a question; one about files may be empty."""
        is_needed = text.strip() or not self._asking.is_about_files(message_id)
        return checked_text(text) if is_needed else text

    def _submitted(self, submission: str) -> Exchange | None:
        if found := self._messages.submitted(submission):
            return Exchange(self.get(found[0].conversation_id), *found)
        return None

    def show_version(self, message_id: str, step: int = 0) -> str:
        """Show a message, or another version of it; return what is shown.

        Raises:
            NotFoundError: There is none, or it was deleted.
        """
        return self._revisions.show(message_id, step)

    def _shown(self, message_id: str) -> "tuple[AnyMessage, Conversation]":
        self._revisions.show(message_id)
        message = self._messages.get(message_id)
        return message, self.get(message.conversation_id)


def _by(record: "EngineRecord", choice: Choice, prompt: Prompt) -> dict[str, str]:
    """Return the names that stand at an answer."""
    names = {"engine_name": record.name, "model": choice.model}
    return names | {"assistant": prompt.assistant[1]}
