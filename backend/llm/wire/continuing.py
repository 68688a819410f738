"""Goes on with an answer that broke off, whatever the server makes of it.

The unfinished answer is sent as the last message. llama.cpp, and what is built on it,
prefills it and sends only what follows. Other servers refuse such a request, and are
then asked in words; or they repeat the answer from its start, and the repeated part is
dropped.
"""

from collections.abc import Sequence
from typing import Final

from backend.llm.engine import Delta, Role, Turn

CONTINUE_PROMPT: Final = "Go on exactly where you stopped. Repeat nothing."


def is_continuation(turns: Sequence[Turn]) -> bool:
    """Whether the last turn is an answer to go on with."""
    return bool(turns) and turns[-1].role is Role.ASSISTANT


def without_empty_answer(turns: Sequence[Turn]) -> Sequence[Turn]:
    """Return the turns without a last answer that never got a word."""
    empty = is_continuation(turns) and not turns[-1].text.strip()
    return turns[:-1] if empty else turns


def asked_in_words(turns: Sequence[Turn]) -> list[Turn]:
    """Return the turns with the user's request to go on."""
    return [*turns, Turn(Role.USER, CONTINUE_PROMPT)]


class RepeatFilter:
    """Holds back text while it repeats the answer so far, and drops a whole repeat."""

    def __init__(self, so_far: str) -> None:
        self._so_far = so_far
        self._held = ""
        self._deciding = bool(so_far)
        self._given = 0

    def feed(self, delta: Delta) -> Delta:
        """Take a piece and return what of it is new."""
        if not self._deciding and not delta.moved:
            self._given += len(delta.text)
            return delta
        # What was held back and is a thought after all was no repeat.
        kept = max(len(self._held) - delta.moved, 0)
        thoughts = self._held[kept:] + delta.reasoning
        # A repeat that was dropped is nowhere to be moved from.
        moved = min(delta.moved - (len(self._held) - kept), self._given)
        self._held = self._held[:kept]
        self._given -= moved
        if delta.moved:
            # So the answer itself begins only now, and may be a repeat.
            self._deciding = bool(self._so_far)
        return self._feed(delta.text, thoughts, moved)

    def flush(self) -> str:
        """Return what was held back and is no repeat."""
        new = self._held.removeprefix(self._so_far)
        self._held, self._deciding = "", False
        self._given += len(new)
        return new

    def _feed(self, text: str, reasoning: str, moved: int) -> Delta:
        self._held += text
        if self._deciding and self._so_far.startswith(self._held):
            return Delta("", reasoning, moved)
        return Delta(self.flush(), reasoning, moved)
