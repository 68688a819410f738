"""What stands in for the first words of an answer: what they wait for, how long."""

from typing import ClassVar, Final

from backend.llm.engine import Wait
from backend.services.chat.waiting import Waiting
from backend.web.rendering import Template

SHOWN_AFTER_S: Final = 1.0
"""What comes sooner was not waited for."""
_WORDS: Final = {
    Wait.SERVER: "Waiting for {engine}…",
    Wait.TURN: "Waiting: this model is still writing another answer…",
    Wait.LOADING: "Loading the model…",
    Wait.READING: "Reading your text…",
}


class WaitingLine(Template, frozen=True):
    """Says what an answer waits for; nothing where no words are.

    Attributes:
        percent: How much of the question is read; None when nobody says.
        clock: For how long, in minutes and seconds.
    """

    template: ClassVar[str] = "messages/_waiting.html"
    words: str = ""
    percent: int | None = None
    clock: str = ""

    @classmethod
    def of(cls, waiting: Waiting, engine: str, now: float) -> "WaitingLine":
        """Return what is to be said at a moment."""
        is_soon = now - waiting.began < SHOWN_AFTER_S and waiting.wait is not Wait.TURN
        if waiting.wait is Wait.NOTHING or is_soon:
            return cls()
        is_reading = waiting.wait is Wait.READING and waiting.read is not None
        minutes, seconds = divmod(waiting.seconds(now), 60)
        return cls(
            _WORDS[waiting.wait].format(engine=engine or "the model"),
            percent=int((waiting.read or 0) * 100) if is_reading else None,
            clock=f"{minutes}:{seconds:02}",
        )
