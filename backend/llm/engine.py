"""What answers: the Protocol every engine keeps, and the values it speaks in."""

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class Role(StrEnum):
    """Who said a turn."""

    SYSTEM = "system"
    USER = "user"
    ASSISTANT = "assistant"


@dataclass(frozen=True, slots=True)
class Turn:
    """One thing said in a conversation."""

    role: Role
    text: str


@dataclass(frozen=True, slots=True)
class Delta:
    """A piece of an answer as it arrives."""

    text: str = ""
    reasoning: str = ""


class Engine(Protocol):
    """Something that lists models and streams answers."""

    async def models(self) -> list[str]:
        """Return the ids of the models it offers.

        Raises:
            EngineError: It cannot be reached or does not answer sensibly.
        """
        ...

    def stream(self, model: str, turns: Sequence[Turn]) -> AsyncGenerator[Delta]:
        """Answer the last turn piece by piece.

        Cancelling is closing the generator or cancelling the task that reads it;
        the engine stops within half a second.

        Args:
            model: One of `models()`.
            turns: The conversation so far, oldest first. When the last turn is the
                assistant's, the answer goes on from it.

        Raises:
            EngineError: No answer, or it broke off; what came before was yielded.
        """
        ...

    async def close(self) -> None:
        """Let go of connections and child processes."""
        ...
