"""A page that only remembers what it was told."""

from dataclasses import dataclass, field

from backend.services.notices import Tone


@dataclass
class Heard:
    """What pages were told."""

    nouns: list[str] = field(default_factory=list)

    def changed(self, noun: str) -> None:
        self.nouns.append(noun)

    def say(self, sentence: str, *, tone: Tone = Tone.INFO, undo: str = "") -> None:
        raise AssertionError(sentence)
