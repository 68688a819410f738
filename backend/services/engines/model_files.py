"""Which model files are on this computer already, and which sizes fit it."""

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import Final, TypeVar

from backend.llm.builtin.found_files import LOOK_S, FoundFile, Place, find_in, places
from backend.llm.builtin.memory import GIGABYTE, most_for_models, total_memory
from backend.runtime.side_threads import SideThreads

T = TypeVar("T")

FRESH_S: Final = 30.0


class ModelFiles:
    """Looks for them now and then; a folder that hangs keeps no other one waiting."""

    def __init__(
        self,
        files: SideThreads,
        find_places: Callable[[], Sequence[Place]] = places,
    ) -> None:
        self._files = files
        self._find_places = find_places
        self._found: tuple[FoundFile, ...] = ()
        self._looked_at = float("-inf")

    async def look(self) -> Sequence[FoundFile]:
        """Return what is found within a short while."""
        if time.monotonic() - self._looked_at > FRESH_S:
            where = await self._run("places of models", self._find_places, ())
            found = await asyncio.gather(*(self._look_at(place) for place in where))
            # A folder that several programs share is shown once.
            every = {file.path: file for files in found for file in files}
            self._found, self._looked_at = tuple(every.values()), time.monotonic()
        return self._found

    async def _look_at(self, place: Place) -> Sequence[FoundFile]:
        name = f"models in {place.folder}"
        return await self._run(name, lambda: find_in(place), ())

    async def _run(
        self, name: str, call: Callable[[], Sequence[T]], otherwise: Sequence[T]
    ) -> Sequence[T]:
        try:
            return await self._files.run(name, call, LOOK_S + 0.5)
        except (TimeoutError, OSError, RuntimeError):
            return otherwise


def fitting_size() -> str:
    """Say which model files fit this computer; "" where its memory is not known."""
    total = total_memory()
    if not total:
        return ""
    most = most_for_models(total) / GIGABYTE
    size = f"{most:.0f}" if most >= 2 else f"{most:.1f}"  # noqa: PLR2004 whole from here
    return (
        f"This computer has {total / GIGABYTE:.0f} GB of memory: model files of up to "
        f"about {size} GB fit."
    )


def fits(count: int, total: int) -> bool:
    """Whether a model file of so many bytes runs in so much memory."""
    return count <= most_for_models(total)
