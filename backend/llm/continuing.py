"""Goes on with an answer that broke off, whatever the server makes of it.

The unfinished answer is sent as the last message. llama.cpp, and what is built on it,
prefills it and sends only what follows. Other servers refuse such a request, and are
then asked in words; or they repeat the answer from its start, and the repeated part is
dropped.
"""

from collections.abc import Sequence
from typing import Final

from backend.llm.engine import Delta, Role, Turn

GO_ON: Final = "Go on exactly where you stopped. Repeat nothing."


def is_continuation(turns: Sequence[Turn]) -> bool:
    """Whether the last turn is an answer to go on with."""
    return bool(turns) and turns[-1].role is Role.ASSISTANT


def without_empty_answer(turns: Sequence[Turn]) -> Sequence[Turn]:
    """Return the turns without a last answer that never got a word."""
    empty = is_continuation(turns) and not turns[-1].text.strip()
    return turns[:-1] if empty else turns


def asked_in_words(turns: Sequence[Turn]) -> list[Turn]:
    """Return the turns with the wish to go on said by the user."""
    return [*turns, Turn(Role.USER, GO_ON)]


class RepeatFilter:
    """Holds back text while it repeats the answer so far, and drops a whole repeat."""

    def __init__(self, so_far: str) -> None:
        self._so_far = so_far
        self._held = ""
        self._deciding = bool(so_far)

    def feed(self, delta: Delta) -> Delta:
        """Take a piece and return what of it is new."""
        if not self._deciding:
            return delta
        self._held += delta.text
        if self._so_far.startswith(self._held):
            return Delta(reasoning=delta.reasoning)
        return Delta(self.flush(), delta.reasoning)

    def flush(self) -> str:
        """Return what was held back and is no repeat."""
        held, self._held, self._deciding = self._held, "", False
        return held.removeprefix(self._so_far)
