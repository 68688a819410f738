"""Which models a person marked, and which were chosen last."""

from typing import TYPE_CHECKING, Final

from backend.services.engines.choices import Choice

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from backend.store.settings import SettingStore

    Act = Callable[[], AbstractContextManager[None]]

FAVOURITES: Final = "models.favourites"
RECENT: Final = "models.recent"
MOST_RECENT: Final = 5
MOST_FAVOURITES: Final = 200


class Picks:
    """Remembers both, the latest first."""

    def __init__(self, settings: "SettingStore", act: "Act") -> None:
        self._settings = settings
        self._act = act

    def favourites(self) -> tuple[Choice, ...]:
        """Return the models with a star."""
        return self._read(FAVOURITES)

    def recent(self) -> tuple[Choice, ...]:
        """Return the models that were chosen last."""
        return self._read(RECENT)

    def toggle_favourite(self, choice: Choice) -> None:
        """Give a model a star, or take it away."""
        with self._act():
            others = self._without(FAVOURITES, choice)
            is_new = len(others) == len(self.favourites())
            kept = (choice, *others) if is_new else others
            self._keep(FAVOURITES, kept[:MOST_FAVOURITES])

    def remember(self, choice: Choice) -> None:
        """Take note that a model was chosen."""
        with self._act():
            others = self._without(RECENT, choice)
            self._keep(RECENT, (choice, *others)[:MOST_RECENT])

    def _without(self, name: str, choice: Choice) -> tuple[Choice, ...]:
        return tuple(kept for kept in self._read(name) if kept != choice)

    def _read(self, name: str) -> tuple[Choice, ...]:
        lines = self._settings.get(name).split("\n")
        return tuple(choice for line in lines if (choice := Choice.parse(line)))

    def _keep(self, name: str, choices: tuple[Choice, ...]) -> None:
        self._settings.set(name, "\n".join(map(str, choices)))
