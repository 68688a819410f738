"""The pictures of questions, as far as the model that is asked can see them."""

import asyncio
from collections.abc import Iterable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Final

from backend.errors import ConflictError, EngineFault, NotFoundError
from backend.services.chat.prompts import Prompt, PromptPicture
from backend.services.engines.choices import Choice
from backend.services.engines.sights import Sight, Sights

if TYPE_CHECKING:
    from backend.store.attachments.attachments import AttachmentStore
    from backend.store.models import AttachedFile, Attachment, DraftAttachment

PICTURE: Final = "picture"
BLIND: Final = (
    "{model} cannot see pictures. Choose a model that sees, or remove the picture; "
    "your question is kept."
)


class QuestionPictures:
    """Finds pictures for prompts, and knows which models refuse them."""

    def __init__(self, attachments: "AttachmentStore", sights: Sights) -> None:
        self._attachments = attachments
        self.sights = sights

    def of_draft(self, draft_id: str) -> tuple[PromptPicture, ...]:
        """Return the pictures of what is not sent yet."""
        return self._of(self._attachments.of_draft(draft_id))

    def of_messages(
        self, message_ids: Iterable[str]
    ) -> Mapping[str, tuple[PromptPicture, ...]]:
        """Return the pictures of those of these messages that have some."""
        found = self._attachments.of_messages(message_ids)
        return {message_id: self._of(files) for message_id, files in found.items()}

    async def seen(self, prompt: Prompt, choice: Choice) -> Prompt:
        """Return what a model can be sent of a prompt.

        Of earlier questions it is told the names of pictures it cannot see.

        Raises:
            ConflictError: It cannot see what it is asked about.
        """
        if not prompt.picture_tokens:
            return prompt
        sight = await self.sights.of(choice)
        if not sight.is_none:
            return prompt
        if prompt.asks_of_pictures:
            raise ConflictError(BLIND.format(model=choice.model))
        return prompt.unseen

    async def learn(self, choice: Choice, fault: EngineFault) -> None:
        """Take note of a fault that says that a model cannot see."""
        if fault is EngineFault.NO_SIGHT:
            await asyncio.to_thread(self.sights.remember, choice)

    async def sight_of_draft(self, draft_id: str, choice: Choice | None) -> Sight:
        """Return whether what is chosen can see what is attached; SEES for nothing."""
        pictures = await asyncio.to_thread(self.of_draft, draft_id)
        if not pictures or choice is None:
            return Sight.SEES
        return await self.sights.of(choice)

    def _of(
        self, files: "Iterable[Attachment | DraftAttachment]"
    ) -> tuple[PromptPicture, ...]:
        return tuple(
            PromptPicture(
                name=one.name,
                media_type=one.media_type,
                width=one.width,
                height=one.height,
                read=partial(self._read, one),
            )
            for one in files
            if one.kind == PICTURE
        )

    def _read(self, file: "AttachedFile") -> bytes | None:
        try:
            return self._attachments.content(file)
        except NotFoundError:  # said in its place in the conversation
            return None
