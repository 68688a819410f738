"""What the user set: standing instructions."""

from typing import TYPE_CHECKING, Final

from backend.errors import InvalidInputError

if TYPE_CHECKING:
    from backend.store.settings import SettingStore

INSTRUCTIONS: Final = "instructions"
MAX_INSTRUCTIONS_CHARS: Final = 8_000


class SettingService:
    """The user's settings."""

    def __init__(self, settings: "SettingStore") -> None:
        self._settings = settings

    def instructions(self) -> str:
        """Return the instructions at the start of every conversation."""
        return self._settings.get(INSTRUCTIONS)

    def instruct(self, text: str) -> None:
        """Keep other standing instructions.

        Raises:
            InvalidInputError: They are too long.
        """
        self._settings.set(INSTRUCTIONS, checked_instructions(text))


def checked_instructions(text: str) -> str:
    """Return instructions as they may be kept.

    Raises:
        InvalidInputError: They are too long.
    """
    if len(text) > MAX_INSTRUCTIONS_CHARS:
        raise InvalidInputError(
            f"The instructions have {len(text):,} characters; the limit is "
            f"{MAX_INSTRUCTIONS_CHARS:,}."
        )
    return text
