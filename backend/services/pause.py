"""Lets the machine rest: nothing is answered or looked for until it goes on."""

from typing import TYPE_CHECKING

from backend.services.chat.answers import AnswerService
from backend.services.engines.engines import EngineService

if TYPE_CHECKING:
    from backend.llm.engines import EngineRegistry


class PauseService:
    """Pauses and resumes all that takes computing time."""

    def __init__(
        self, answers: AnswerService, engines: EngineService, registry: "EngineRegistry"
    ) -> None:
        self._answers = answers
        self._engines = engines
        self._registry = registry

    @property
    def is_paused(self) -> bool:
        """Whether nothing is answered at present."""
        return self._engines.is_paused

    async def begin(self) -> None:
        """Stop what is being written, keeping it, and give the models' memory back."""
        self._engines.is_paused = True
        await self._answers.stop_all()
        await self._registry.close_all()

    def end(self) -> None:
        """Answer again; what was stopped can be continued by the user."""
        self._engines.is_paused = False
