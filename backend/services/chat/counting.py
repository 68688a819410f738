"""Says how many tokens a request takes, from what a server counted of earlier ones."""

import re
from collections.abc import Iterable, Sequence
from typing import Final

from backend.llm.engine import Usage
from backend.llm.tokens import BYTES_PER_TOKEN
from backend.services.chat.prompts import Counted, Prompt, PromptMessage

_SURELY_READ: Final = 0.75
"""Of what was to be expected; less is a cut."""
_LEAST_CUT_TOKENS: Final = 400
_WORD: Final = re.compile(r"\w+")
_REPEATED: Final = re.compile(r"(\W)\1+")


def counted_of(said: Sequence[PromptMessage], instructions: str = "") -> Counted | None:
    """Return what was counted for the latest answer; None when nothing was."""
    for at in range(len(said) - 1, -1, -1):
        answer = said[at]
        if answer.tokens and not answer.is_question:
            before = (m for m in said[:at] if m.id >= answer.reads_from)
            size = sum(message.size for message in before)
            return Counted(answer.tokens, len(instructions.encode()) + size)
    return None


def was_cut(prompt: Prompt, usage: Usage) -> bool:
    """Whether a server read much less than it was sent, and said nothing of it.

    Without an earlier count this is judged by words, each of which is a token at least,
    and by the bytes of what is no run of the same sign.
    """
    if not usage.prompt or prompt.picture_tokens:
        # How much of it is pictures is a guess.
        return False
    if prompt.counted:
        if usage.prompt < prompt.counted.tokens / 2:
            # Some count only what they had not read before.
            return False
        expected = _SURELY_READ * prompt.counted.tokens_of(prompt.size)
    else:
        expected = max(_words(prompt), _half(prompt))
    return expected - usage.prompt >= _LEAST_CUT_TOKENS


def cut_sentence(usage: Usage, engine: str) -> str:
    """Say that a server left out the beginning by itself, and what helps."""
    who = engine or "The server"
    return (
        f"{who} read only {usage.prompt:,} tokens of this conversation and left out "
        "the beginning. Enter a larger context for it in Settings, or begin a new "
        "conversation."
    )


def _words(prompt: Prompt) -> float:
    return 0.9 * sum(1 for text in _texts(prompt) for _ in _WORD.finditer(text))


def _half(prompt: Prompt) -> float:
    plain = (_REPEATED.sub(r"\1", text) for text in _texts(prompt))
    return sum(len(text.encode()) for text in plain) / BYTES_PER_TOKEN / 2


def _texts(prompt: Prompt) -> Iterable[str]:
    yield prompt.instructions
    for pair in prompt.pairs:
        yield pair.question
        yield pair.answer
