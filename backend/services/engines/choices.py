"""Which model answers new conversations, and which one after that."""

from typing import TYPE_CHECKING, Final

from msgspec import Struct

if TYPE_CHECKING:
    from backend.store.settings import SettingStore

DEFAULT_MODEL: Final = "model.default"
REMEMBERED: Final = 50


class Choice(Struct, frozen=True):
    """One model of one engine, as the user picks it."""

    engine_id: str
    model: str

    def __str__(self) -> str:
        return f"{self.engine_id}|{self.model}"

    @classmethod
    def parse(cls, text: str) -> "Choice | None":
        """Read a choice as the page sends it; None when nothing is chosen."""
        engine_id, _, model = text.partition("|")
        return cls.of(engine_id, model)

    @classmethod
    def of(cls, engine_id: str, model: str) -> "Choice | None":
        """Return a choice as it is stored; None when nothing is chosen."""
        return cls(engine_id, model) if engine_id and model else None


class DefaultChoice:
    """Remembers what was chosen, the latest first and each engine once.

    So when an engine is removed the one before it answers, and when the removal is
    undone it is again as it was.
    """

    def __init__(self, settings: "SettingStore") -> None:
        self._settings = settings

    def choose(self, choice: Choice) -> None:
        """Make a model the one that answers new conversations."""
        earlier = [c for c in self.all() if c.engine_id != choice.engine_id]
        kept = [choice, *earlier][:REMEMBERED]
        self._settings.set(DEFAULT_MODEL, "\n".join(map(str, kept)))

    def all(self) -> list[Choice]:
        """Return what was chosen, the latest first; engines may be gone since."""
        text = self._settings.get(DEFAULT_MODEL)
        return [c for line in text.split("\n") if (c := Choice.parse(line))]
