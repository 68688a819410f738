"""How services tell open pages what happened while nobody asked."""

from enum import StrEnum
from typing import Protocol


class Tone(StrEnum):
    """How a message looks: the class of its element."""

    INFO = "info"
    SUCCESS = "success"
    WARNING = "warning"
    DANGER = "danger"


class NoticeSink(Protocol):
    """Reaches every open page, from any thread."""

    def changed(self, noun: str) -> None:
        """Let pages fetch again what they show of a noun."""
        ...

    def say(self, sentence: str, *, tone: Tone = Tone.INFO, undo: str = "") -> None:
        """Show a sentence, with a way to take the act back when `undo` names one."""
        ...
