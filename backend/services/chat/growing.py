"""An answer while it is written: what has arrived, as text that can be stored."""

import time
from typing import TYPE_CHECKING

from backend.llm.engine import Delta, Usage, Wait
from backend.services.chat.waiting import Waiting
from backend.store.states.message_state import MessageState
from backend.store.text import clean_text
from backend.text.surrogates import HalfJoiner

if TYPE_CHECKING:
    from typing import Self

    from backend.store.rows import AnyMessage


class Growing:
    """An answer being written.

    Attributes:
        number: Of the next chunk to store.
        ending: What a cancelled answer becomes.
        left_out: How many of the oldest messages the model was not given.
        given: Which parts of documents it was given, in sentences; "" for all of them.
        passages: The same, as they are stored.
        reads_from: The oldest one it was given then; "" when it was given all.
        is_unheard: Somebody who listens to it fails.
        is_cut: Its server left out the beginning, and did not say so.
        engine: What answers, by its name.
        question_id: What it answers.
        waiting: What its first word waits for.
        usage: The tokens it took, as its server counted them.
        corrections: From where on its text turned out to be thoughts, each time.
    """

    def __init__(
        self,
        message_id: str,
        conversation_id: str,
        text: str = "",
        reasoning: str = "",
        *,
        engine: str = "",
    ) -> None:
        self.message_id = message_id
        self.conversation_id = conversation_id
        self.number = 0
        self.ending = MessageState.INTERRUPTED
        self.left_out = 0
        self.given = ""
        self.passages = ""
        self.reads_from = ""
        self.question_id = ""
        self.is_cut = False
        self.unsaved = Delta()
        self.is_shown = True
        self.is_ending = False
        self.is_unheard = False
        self.engine = engine
        now = time.monotonic()
        self.waiting = Waiting(since=now, began=now)
        self.usage = Usage()
        self._second = 0
        self.corrections: list[int] = []
        # Joined when somebody asks: a fast server sends thousands of pieces.
        self._text, self._reasoning = [text], [reasoning]
        self._chars = len(text)
        self._joiners = HalfJoiner(), HalfJoiner()

    @classmethod
    def of(cls, answer: "AnyMessage") -> "Self":
        """Return what is written on from an answer as it is stored."""
        whose = answer.id, answer.conversation_id
        growing = cls(*whose, answer.text, answer.reasoning, engine=answer.engine)
        growing.question_id = answer.reply_to
        return growing

    @property
    def text(self) -> str:
        """All of it so far."""
        self._text = ["".join(self._text)]
        return self._text[0]

    @property
    def reasoning(self) -> str:
        """All the thinking so far."""
        self._reasoning = ["".join(self._reasoning)]
        return self._reasoning[0]

    @property
    def size(self) -> int:
        """How many characters arrived, with those of the thinking."""
        return len(self.text) + len(self.reasoning)

    def text_from(self, position: int) -> str:
        """Return the text after so many characters, at the cost of what is new."""
        start, parts = self._chars, list[str]()
        for part in reversed(self._text):
            if start <= position:
                break
            start -= len(part)
            parts.append(part[max(position - start, 0) :])
        return "".join(reversed(parts))

    def add(self, delta: Delta) -> None:
        """Take what arrived."""
        waiting = self.waiting.after(delta, time.monotonic())
        if waiting != self.waiting:
            self.waiting, self.is_shown = waiting, False
        self.usage = delta.usage or self.usage
        if delta.moved:
            self._withdraw(delta.moved)
        text, reasoning = self._joiners
        self._take(text.add(delta.text), reasoning.add(delta.reasoning))

    def tick(self) -> None:
        """Let who shows it show another second of waiting."""
        second = self.waiting.seconds(time.monotonic())
        if self.waiting.wait is not Wait.NOTHING and second != self._second:
            self._second, self.is_shown = second, False

    def end(self) -> None:
        """Take it that nothing more arrives."""
        text, reasoning = self._joiners
        self._take(text.end(), reasoning.end())

    def _take(self, text: str, reasoning: str) -> None:
        text, reasoning = clean_text(text), clean_text(reasoning)
        if not text and not reasoning:
            return
        self._text.append(text)
        self._chars += len(text)
        self._reasoning.append(reasoning)
        self.unsaved = self.unsaved.then(Delta(text, reasoning))
        self.is_shown = False

    def _withdraw(self, chars: int) -> None:
        """Move the latest text to the thoughts."""
        kept = max(len(self.text) - chars, 0)
        moved = self.text[kept:]
        self._text, self._chars = [self.text[:kept]], kept
        self._reasoning.append(moved)
        self.corrections.append(kept)
        self.unsaved = self.unsaved.then(Delta(moved=len(moved)))
        self.is_shown = False
