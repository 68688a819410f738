"""What stands in for every engine in safe mode: it says so, and does nothing."""

from collections.abc import AsyncGenerator, Sequence

from backend.errors import EngineFault
from backend.llm.engine import Delta, Engine, Measure, Turn
from backend.llm.engines import StoredEngine
from backend.llm.listed_model import ListedModel
from backend.llm.options import AS_SET, Parameters
from backend.llm.sentences import engine_error


class SafeModeEngine:
    """Starts no process, opens no connection, and answers nothing."""

    def __init__(self, name: str) -> None:
        self._name = name

    async def models(self) -> list[ListedModel]:
        """Say that it rests.

        Raises:
            EngineError: Always.
        """
        raise engine_error(EngineFault.SAFE_MODE, self._name)

    async def stream(
        self,
        model: str,  # noqa: ARG002 the engines' signature
        turns: Sequence[Turn],  # noqa: ARG002 the engines' signature
        parameters: Parameters = AS_SET,  # noqa: ARG002 the engines' signature
    ) -> AsyncGenerator[Delta, None]:
        """Say that it rests.

        Raises:
            EngineError: Always.
        """
        if await self.models():
            yield Delta()

    async def measure(
        self,
        model: str,  # noqa: ARG002 the engines' signature
        turns: Sequence[Turn],  # noqa: ARG002 the engines' signature
    ) -> Measure:
        """Know nothing."""
        return Measure()

    async def close(self) -> None:
        """Let go of nothing."""


def in_safe_mode(record: StoredEngine, _key: str) -> Engine:
    """Return what stands in for the engine of a record."""
    return SafeModeEngine(record.name)
