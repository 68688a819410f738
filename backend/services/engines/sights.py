"""Which models take pictures: as their servers list them, or as was learnt."""

import asyncio
from enum import Enum
from typing import TYPE_CHECKING, Final

from backend.services.engines.choices import Choice

if TYPE_CHECKING:
    from backend.services.engines.engines import EngineService
    from backend.services.engines.picks import Act
    from backend.store.settings import SettingStore

REFUSED: Final = "models.without_sight"
MOST_REFUSED: Final = 200


class Sight(Enum):
    """Whether a model takes pictures."""

    SEES = "sees"
    UNKNOWN = "unknown"
    REFUSED = "refused"
    BLIND = "blind"

    @property
    def is_none(self) -> bool:
        """Whether no picture is to be sent."""
        return self in {Sight.REFUSED, Sight.BLIND}


class Sights:
    """Knows it, and remembers a refusal until a person wants it tried again."""

    def __init__(
        self, engines: "EngineService", settings: "SettingStore", act: "Act"
    ) -> None:
        self._engines = engines
        self._settings = settings
        self._act = act

    async def of(self, choice: Choice) -> Sight:
        """Return whether a model takes pictures; what its engine says comes first."""
        offers = await self._engines.offers()
        of_engine = (o for o in offers if o.record.id == choice.engine_id)
        listed = (model for offer in of_engine for model in offer.listed)
        sees = next((m.sees for m in listed if m.id == choice.model), None)
        if sees is not None:
            return Sight.SEES if sees else Sight.BLIND
        refused = await asyncio.to_thread(self._refused)
        return Sight.REFUSED if str(choice) in refused else Sight.UNKNOWN

    def remember(self, choice: Choice) -> None:
        """Take note that a model refused a picture."""
        self._keep(choice, is_refused=True)

    def forget(self, choice: Choice) -> None:
        """Let a model be tried again."""
        self._keep(choice, is_refused=False)

    def _keep(self, choice: Choice, *, is_refused: bool) -> None:
        with self._act():
            others = [kept for kept in self._refused() if kept != str(choice)]
            kept = [str(choice), *others] if is_refused else others
            self._settings.set(REFUSED, "\n".join(kept[:MOST_REFUSED]))

    def _refused(self) -> list[str]:
        return [line for line in self._settings.get(REFUSED).split("\n") if line]
