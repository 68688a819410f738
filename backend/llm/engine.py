"""What answers: the Protocol every engine keeps, and the values it speaks in."""

from base64 import b64encode
from collections.abc import AsyncGenerator, Sequence
from enum import Enum, StrEnum
from typing import Protocol

from msgspec import Struct

from backend.llm.listed_model import ListedModel
from backend.llm.options import AS_SET, Parameters


class Role(StrEnum):
    """Who said a turn."""

    SYSTEM = "system"
    USER = "user"
    ASSISTANT = "assistant"


class TurnPicture(Struct, frozen=True):
    """A picture that is sent with a question."""

    media_type: str
    content: bytes

    @property
    def base64(self) -> str:
        """What is in it, in letters."""
        return b64encode(self.content).decode("ascii")

    @property
    def data_url(self) -> str:
        """All of it as an address."""
        return f"data:{self.media_type};base64,{self.base64}"


class Turn(Struct, frozen=True):
    """One thing said in a conversation."""

    role: Role
    text: str
    pictures: tuple[TurnPicture, ...] = ()


class Wait(Enum):
    """What the next words of an answer wait for."""

    NOTHING = "nothing"
    SERVER = "server"
    TURN = "turn"
    LOADING = "loading"
    READING = "reading"


class Usage(Struct, frozen=True):
    """How many tokens an answer took, as its server counted them."""

    prompt: int = 0
    answer: int = 0


class Delta(Struct, frozen=True):
    """A piece of an answer as it arrives.

    Attributes:
        moved: How many of the latest characters given as text before were thoughts;
            they go to the end of the reasoning, before what this piece adds to it.
        wait: What more of it waits for; None when this piece does not say.
        read: Which part of the question is read, up to 1; None when nobody says.
        usage: What all of it took, once it has ended.
    """

    text: str = ""
    reasoning: str = ""
    moved: int = 0
    wait: Wait | None = None
    read: float | None = None
    usage: Usage | None = None

    @property
    def has_words(self) -> bool:
        """Whether it is more than a sign of how the answer goes."""
        return bool(self.text or self.reasoning or self.moved)

    def then(self, later: "Delta") -> "Delta":
        """Return both pieces as one."""
        kept = max(len(self.text) - later.moved, 0)
        return Delta(
            self.text[:kept] + later.text,
            self.reasoning + self.text[kept:] + later.reasoning,
            self.moved + max(later.moved - len(self.text), 0),
        )


class Measure(Struct, frozen=True):
    """What a model can read at once, and what a request takes of it, in tokens.

    None for what nobody says, or what cannot be counted just now.
    """

    context: int | None = None
    tokens: int | None = None


class Arrived(Enum):
    """What of an answer has arrived."""

    NOTHING = "nothing"
    THOUGHTS = "thoughts"
    TEXT = "text"

    def plus(self, delta: Delta) -> "Arrived":
        """Return what has arrived with one more piece."""
        if delta.text.strip():
            return Arrived.TEXT
        if delta.moved or (delta.reasoning.strip() and self is Arrived.NOTHING):
            return Arrived.THOUGHTS
        return self


class Engine(Protocol):
    """Something that lists models and streams answers."""

    async def models(self) -> list[ListedModel]:
        """Return the models it offers.

        Raises:
            EngineError: It cannot be reached or does not answer sensibly.
        """
        ...

    def stream(
        self, model: str, turns: Sequence[Turn], parameters: Parameters = AS_SET
    ) -> AsyncGenerator[Delta]:
        """Answer the last turn piece by piece.

        Cancelling is closing the generator or cancelling the task that reads it;
        the engine stops within half a second.

        Args:
            model: The id of one of `models()`.
            turns: The conversation so far, oldest first. When the last turn is the
                assistant's, the answer goes on from it.
            parameters: What this conversation wants otherwise than set for the engine.

        Raises:
            EngineError: No answer, or it broke off; what came before was yielded.
        """
        ...

    async def measure(self, model: str, turns: Sequence[Turn]) -> Measure:
        """Return what is known of a request before it is sent; load nothing for it."""
        ...

    async def close(self) -> None:
        """Let go of connections and child processes."""
        ...
