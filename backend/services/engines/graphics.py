"""Whether the built-in engine can use a graphics card, asked once when it matters."""

import asyncio
import contextlib
from collections.abc import Callable

from backend.llm.builtin import graphics_process
from backend.runtime.worker import Job


class Graphics:
    """Has llama.cpp look for a card in a process of its own; no page waits for it."""

    def __init__(
        self,
        on_found: Callable[[], object],
        module: str = graphics_process.MODULE,
    ) -> None:
        """Call `on_found` when there is one, as pages may show that there is none."""
        self._on_found = on_found
        self._module = module
        self._has_card = False
        self._task: asyncio.Task[None] | None = None

    def has_card(self) -> bool:
        """Whether there is one, as far as is known; the first call asks."""
        if self._task is None:
            self._task = asyncio.create_task(self._ask())
        return self._has_card

    async def _ask(self) -> None:
        self._has_card = await asyncio.to_thread(self._listen)
        if self._has_card:
            self._on_found()

    def _listen(self) -> bool:
        with contextlib.closing(Job(self._module, {}).answers()) as answers:
            return any(said["has_card"] for said in answers)
