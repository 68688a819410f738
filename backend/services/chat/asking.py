"""What a conversation asks its model, and which model that is."""

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from backend.errors import ConflictError
from backend.ids import NEW
from backend.llm.engine import Engine
from backend.services.chat.counting import counted_of
from backend.services.chat.documents import QuestionDocuments
from backend.services.chat.pictures import QuestionPictures
from backend.services.chat.prompts import (
    SUMMARY,
    Prompt,
    PromptMessage,
    prompt_of,
)
from backend.services.chat.setups.setups import SetupService
from backend.services.chat.texts import checked_text
from backend.services.engines.engines import Choice, EngineService

if TYPE_CHECKING:
    from collections.abc import Sequence

    from backend.store.chat.summaries import SummaryStore
    from backend.store.messages import MessageStore
    from backend.store.models import Conversation
    from backend.store.rows import AnyMessage, ConversationRow

_SUMMED_UP: Final = "What was said earlier in this conversation, summed up:"


class Asking:
    """Makes the prompts of conversations; call what reads the store in a thread.

    Attributes:
        pictures: What questions are about.
        documents: What else they are about.
    """

    def __init__(
        self,
        messages: "MessageStore",
        summaries: "SummaryStore",
        engines: EngineService,
        setups: SetupService,
        *,
        pictures: QuestionPictures,
        documents: QuestionDocuments,
    ) -> None:
        self._messages = messages
        self._summaries = summaries
        self._engines = engines
        self._setups = setups
        self.pictures = pictures
        self.documents = documents

    async def checked(self, text: str, draft_id: str) -> tuple[str, str]:
        """Return a question as it is sent, and what it is about when it is empty.

        Raises:
            InvalidInputError: It is empty and about nothing, or too long.
        """
        if text.strip():
            return checked_text(text), ""
        name = await asyncio.to_thread(self.file_of_draft, draft_id)
        return ("", name) if name else (checked_text(text), "")

    def next_prompt(
        self,
        conversation_id: str,
        text: str,
        model: str,
        before: str | None = None,
        draft: str = "",
    ) -> Prompt:
        """Return what is sent with the next question, or with one asked again."""
        said = self.said(conversation_id, before=before)
        if before is None:
            asked = self._draft(text, draft or conversation_id)
        else:
            (asked,) = self.with_files(
                [PromptMessage(before, is_question=True, text=text)]
            )
            asked = replace(asked, id="")
        return self.prompt(said, model, conversation_id, asked)

    def first_prompt(
        self,
        text: str,
        draft_id: str,
        model: str,
        *,
        folder_id: str = "",
        assistant_id: str | None = None,
    ) -> Prompt:
        """Return what is sent with the first question of a conversation.

        Raises:
            NotFoundError: There is no such folder.
        """
        draft = self._draft(text, draft_id)
        # Nothing is set for what is typed in quick ask.
        place = NEW if draft_id == NEW else ""
        return self.prompt(
            *((), model, place, draft),
            folder_id=folder_id,
            assistant_id=assistant_id,
        )

    def prompt_again(self, answer: "AnyMessage", model: str) -> Prompt:
        """Return what was said up to the question of an answer."""
        bounds = {"before": answer.id}
        if answer.reply_to:
            bounds = {"through": answer.reply_to}
        place = answer.conversation_id
        return self.prompt(self.said(place, **bounds), model, place)

    def prompt_to(self, question: "AnyMessage", model: str) -> Prompt:
        """Return what was said up to a question that is shown."""
        place = question.conversation_id
        return self.prompt(self.said(place, through=question.id), model, place)

    def said(
        self, conversation_id: str, **bounds: str | None
    ) -> "Sequence[AnyMessage]":
        """Return all messages of a conversation, `before` or `through` one."""
        read = self._messages.of_conversation
        return read(conversation_id, limit=None, **bounds)

    def prompt(
        self,
        said: "Sequence[AnyMessage]",
        model: str = "",
        conversation_id: str = "",
        asked: PromptMessage | None = None,
        *,
        folder_id: str = "",
        assistant_id: str | None = None,
    ) -> Prompt:
        """Return what is sent of messages, with a question that may follow them.

        A summary takes the place of the messages before those it leaves out.

        Args:
            said: The messages, oldest first.
            model: What answers it.
            conversation_id: Says how it is answered.
            asked: The question.
            folder_id: Where a conversation begins that is not there yet.
            assistant_id: The assistant, where it is not the one that is kept.

        Raises:
            NotFoundError: There is no such folder.
        """
        setup = self._setups.of(
            conversation_id, model, folder_id=folder_id, assistant_id=assistant_id
        )
        instructions = setup.instructions
        summary = self._summary(said)
        if summary is not None:
            said = [m for m in said if m.id >= summary.reads_from]
            instructions = with_summary(instructions, summary.text)
        known = self.with_files([_known(m, model) for m in said if m.role != SUMMARY])
        counted = counted_of(known, instructions)
        all_said = [*known, asked] if asked else known
        prompt = prompt_of(all_said, instructions, counted)
        return replace(
            prompt,
            parameters=setup.parameters,
            assistant=(setup.assistant_id, setup.assistant),
            asks_of_pictures=bool(all_said and all_said[-1].pictures),
        )

    def _draft(self, text: str, draft_id: str) -> PromptMessage:
        return PromptMessage(
            "",
            is_question=True,
            text=text,
            pictures=self.pictures.of_draft(draft_id),
            documents=self.documents.of_draft(draft_id),
        )

    def with_files(self, said: "Sequence[PromptMessage]") -> list[PromptMessage]:
        """Return messages with the files of those that are questions."""
        ids = [message.id for message in said if message.is_question]
        seen, read = self.pictures.of_messages(ids), self.documents.of_messages(ids)
        return [
            replace(
                message,
                pictures=seen.get(message.id, ()),
                documents=read.get(message.id, ()),
            )
            for message in said
        ]

    async def ready(self, prompt: Prompt, choice: Choice, engine: Engine) -> Prompt:
        """Return what a model can be sent of a prompt.

        Raises:
            ConflictError: It cannot see what it is asked about.
        """
        prompt = await self.pictures.seen(prompt, choice)
        return await self.documents.given(prompt, engine, choice.model)

    def is_about_files(self, message_id: str) -> bool:
        """Whether a question has files."""
        (found,) = self.with_files(
            [PromptMessage(message_id, is_question=True, text="")]
        )
        return found.has_files

    def file_of_draft(self, draft_id: str) -> str:
        """Return the name of the first file of a draft; "" without any."""
        drafted = self._draft("", draft_id)
        pictures = [picture.name for picture in drafted.pictures]
        names = pictures + [document.name for document in drafted.documents]
        return names[0] if names else ""

    async def choice_of(self, conversation: "Conversation | ConversationRow") -> Choice:
        """Return what answers a conversation.

        Raises:
            ConflictError: Nothing is chosen that could answer.
        """
        own = Choice.of(conversation.engine_id, conversation.model)
        return await self.chosen(own)

    async def chosen(self, choice: Choice | None) -> Choice:
        """Return a choice, or the default.

        Raises:
            ConflictError: Nothing is chosen that could answer.
        """
        choice = choice or await self._engines.default()
        if choice is None:
            raise ConflictError(
                "No model is set up yet. Choose one first; your text is kept."
            )
        return choice

    def _summary(self, said: "Sequence[AnyMessage]") -> "AnyMessage | None":
        """Return the summary that is used; none for what it stands for itself."""
        if not said:
            return None
        found = self._summaries.latest(said[-1].conversation_id)
        return found if found and said[-1].id >= found.reads_from else None


def with_summary(instructions: str, summary: str) -> str:
    """Return the instructions with what older messages are summed up to."""
    summed = f"{_SUMMED_UP}\n\n{summary}" if summary else ""
    return "\n\n".join(filter(None, (instructions, summed)))


def _known(message: "AnyMessage", model: str) -> PromptMessage:
    is_counted = message.model == model and message.prompt_tokens
    return PromptMessage(
        message.id,
        message.role == "user",
        message.text,
        message.prompt_tokens if is_counted else 0,
        message.reads_from,
    )
