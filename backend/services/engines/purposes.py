"""Which model is used for what beside conversations."""

from enum import StrEnum
from typing import TYPE_CHECKING

from backend.services.engines.choices import Choice

if TYPE_CHECKING:
    from backend.store.settings import SettingStore


class Purpose(StrEnum):
    """What a model is chosen for."""

    ACTIONS = "actions"
    TITLES = "titles"


class Purposes:
    """Keeps the choices; nothing chosen leaves it to what each one does then."""

    def __init__(self, settings: "SettingStore") -> None:
        self._settings = settings

    def choice(self, purpose: Purpose) -> Choice | None:
        """Return what was chosen for a purpose."""
        return Choice.parse(self._settings.get(f"purpose.{purpose}"))

    def choose(self, purpose: Purpose, choice: Choice | None) -> None:
        """Let a model be used for a purpose; None for the usual one."""
        self._settings.set(f"purpose.{purpose}", str(choice or ""))

    def writes_titles(self) -> bool:
        """Whether a model writes the titles of conversations."""
        return bool(self._settings.get("titles.by_model"))

    def write_titles(self, *, by_model: bool) -> None:
        """Let a model write them, or take the first words."""
        self._settings.set("titles.by_model", "yes" if by_model else "")
