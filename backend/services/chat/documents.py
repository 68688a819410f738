"""The documents of questions: as much of each as the model that is asked can read."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Final, NamedTuple

from backend.documents.document import Document, document_of
from backend.documents.passages import Passage, dump_passages, excerpt, framed
from backend.errors import NotFoundError
from backend.llm.tokens import BYTES_PER_TOKEN
from backend.services.chat.prompts import Pair, Prompt, PromptDocument

if TYPE_CHECKING:
    from backend.llm.engine import Engine
    from backend.store.attachments.attachments import AttachmentStore
    from backend.store.models import Attachment, DraftAttachment

DOCUMENT: Final = "document"
_SHARE: Final = 0.4
"""Of what a model reads at once, for the documents of one question."""
_UNKNOWN_BYTES: Final = 48_000
"""Where nobody says how much a model reads: about 12,000 tokens."""
_LEAST_BYTES: Final = 2_000
_KEPT_DOCUMENTS: Final = 4
_KEPT_FRAMES: Final = 32
_LOST: Final = "(The file “{name}” belongs here, but is no longer there.)"
_PART: Final = "Of “{name}” the model was given {place}."


class _Frame(NamedTuple):
    """What a model is given of a document.

    Attributes:
        part: Which part that is; "" for all of it.
    """

    text: str
    part: str = ""
    passages: tuple[Passage, ...] = ()


class QuestionDocuments:
    """Finds documents for prompts, and gives models what of them fits a question.

    What was read and chosen last is kept: each question of a conversation sends the
    earlier ones again.
    """

    def __init__(self, attachments: "AttachmentStore") -> None:
        self._attachments = attachments
        self._read = lru_cache(_KEPT_DOCUMENTS)(self._load)
        self._frame = lru_cache(_KEPT_FRAMES)(self._choose)

    def of_draft(self, draft_id: str) -> tuple[PromptDocument, ...]:
        """Return the documents of what is not sent yet."""
        return _documents(self._attachments.of_draft(draft_id))

    def of_messages(
        self, message_ids: Iterable[str]
    ) -> Mapping[str, tuple[PromptDocument, ...]]:
        """Return the documents of those of these messages that have some."""
        found = self._attachments.of_messages(message_ids)
        return {message_id: _documents(files) for message_id, files in found.items()}

    async def given(
        self, prompt: Prompt, engine: "Engine", model: str, *, is_asked: bool = True
    ) -> Prompt:
        """Return a prompt with the text of its documents in its questions.

        Args:
            prompt: What is asked.
            engine: What answers.
            model: One of the engine's.
            is_asked: Whether it is sent, so that it matters which passages these are.
        """
        if not any(pair.documents for pair in prompt.pairs):
            return prompt
        context = (await engine.measure(model, ())).context
        most = int(context * BYTES_PER_TOKEN * _SHARE) if context else _UNKNOWN_BYTES
        return await asyncio.to_thread(self._given, prompt, most, is_asked=is_asked)

    def _given(self, prompt: Prompt, most_bytes: int, *, is_asked: bool) -> Prompt:
        pairs: list[Pair] = []
        frames: list[tuple[PromptDocument, _Frame]] = []
        longest = 0
        for pair in prompt.pairs:
            question = pair.question if is_asked else ""
            frames = self._frames(pair.documents, question, most_bytes)
            texts = [frame.text for _, frame in frames]
            longest = max(longest, sum(len(text.encode()) for text in texts))
            whole = "\n\n".join(filter(None, (*texts, pair.question)))
            pairs.append(replace(pair, question=whole, documents=()))
        half = most_bytes // 2
        can_be_less = longest > half >= _LEAST_BYTES
        less = partial(self._given, prompt, half, is_asked=is_asked)
        return replace(
            prompt,
            pairs=tuple(pairs),
            # That was counted with other passages, if at all.
            counted=None,
            given=" ".join(
                _PART.format(name=document.name, place=frame.part)
                for document, frame in frames
                if frame.part
            ),
            passages=dump_passages({d.sha256: frame.passages for d, frame in frames}),
            less=less if can_be_less else None,
        )

    def _frames(
        self, documents: Sequence[PromptDocument], question: str, most_bytes: int
    ) -> list[tuple[PromptDocument, _Frame]]:
        """Return what is given of each; they share the room.

        What a small one leaves is for the larger ones.
        """
        left, made = most_bytes, dict[str, _Frame]()
        by_size = sorted(documents, key=lambda document: document.size)
        for number, document in enumerate(by_size):
            share = left // (len(by_size) - number)
            frame = self._frame(document, question, share)
            made[document.id] = frame
            left = max(left - len(frame.text.encode()), 0)
        return [(document, made[document.id]) for document in documents]

    def _choose(
        self, document: PromptDocument, question: str, most_bytes: int
    ) -> _Frame:
        found = self._read(document.id)
        if found is None:
            return _Frame(_LOST.format(name=document.name))
        given = excerpt(found, question, most_bytes)
        part = "" if given.is_whole else given.place()
        return _Frame(framed(document.name, given), part, given.passages)

    def _load(self, id: str) -> Document | None:
        try:
            file = self._attachments.get(id)
            return document_of(self._attachments.text(file))
        except NotFoundError:  # said in its place in the conversation
            return None


def _documents(
    files: "Iterable[Attachment | DraftAttachment]",
) -> tuple[PromptDocument, ...]:
    return tuple(
        PromptDocument(one.id, one.name, one.size, one.sha256)
        for one in files
        if one.kind == DOCUMENT
    )
