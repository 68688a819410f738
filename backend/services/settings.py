"""What the user set: standing instructions, and the name they may hold."""

from typing import TYPE_CHECKING, Final

from backend.errors import InvalidInputError

if TYPE_CHECKING:
    from backend.store.settings import SettingStore

INSTRUCTIONS: Final = "instructions"
NAME: Final = "instructions.name"
MAX_INSTRUCTIONS_CHARS: Final = 8_000
MAX_NAME_CHARS: Final = 80


class SettingService:
    """The user's settings."""

    def __init__(self, settings: "SettingStore") -> None:
        self._settings = settings

    def instructions(self) -> str:
        """Return the instructions at the start of every conversation."""
        return self._settings.get(INSTRUCTIONS)

    def name(self) -> str:
        """Return what the user is called, where instructions say {name}."""
        return self._settings.get(NAME)

    def call(self, name: str) -> None:
        """Let the user be called so."""
        self._settings.set(NAME, " ".join(name.split())[:MAX_NAME_CHARS])

    def instruct(self, text: str) -> None:
        """Keep other standing instructions.

        Raises:
            InvalidInputError: They are too long.
        """
        self._settings.set(INSTRUCTIONS, checked_instructions(text))


def checked_instructions(text: str, most: int = MAX_INSTRUCTIONS_CHARS) -> str:
    """Return instructions as they may be kept.

    Raises:
        InvalidInputError: They are too long.
    """
    if len(text) > most:
        raise InvalidInputError(
            f"The instructions have {len(text):,} characters; the limit is {most:,}."
        )
    return text
