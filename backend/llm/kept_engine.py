"""An engine that can be let go of while it answers."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import Final

from backend.errors import EngineError, EngineFault
from backend.llm.engine import Delta, Engine, Measure, Turn
from backend.llm.listed_model import ListedModel
from backend.llm.options import AS_SET, Parameters
from backend.llm.sentences import engine_error

_REFUSED: Final = (EngineFault.UNAUTHORISED, EngineFault.FORBIDDEN)


class KeptEngine:
    """Counts the answers of an engine, to know when it may be closed.

    Attributes:
        engine: What answers.
        is_refused: It was not let in, perhaps for want of a key.
    """

    def __init__(self, engine: Engine, name: str) -> None:
        self.engine = engine
        self.is_refused = False
        self._name = name
        self._answers = 0
        self._is_retired = False
        self._is_closed = False

    async def models(self) -> list[ListedModel]:
        """Return the models it offers.

        Raises:
            EngineError: It cannot be reached or does not answer sensibly.
        """
        try:
            return await self.engine.models()
        except EngineError as exc:
            self._notice(exc)
            raise

    async def stream(
        self, model: str, turns: Sequence[Turn], parameters: Parameters = AS_SET
    ) -> AsyncGenerator[Delta, None]:
        """Answer the last turn piece by piece.

        Raises:
            EngineError: No answer, or it broke off; what came before was yielded.
        """
        self._answers += 1
        try:
            if self._is_closed:
                raise engine_error(EngineFault.REMOVED, self._name)
            stream = self.engine.stream(model, turns, parameters)
            async with aclosing(stream) as deltas:
                async for delta in deltas:
                    yield delta
        except EngineError as exc:
            self._notice(exc)
            if self._is_closed and exc.fault is not EngineFault.REMOVED:
                raise engine_error(EngineFault.REMOVED, self._name) from exc
            raise
        finally:
            self._answers -= 1
            if self._is_retired and not self._answers:
                await self.close()

    async def measure(self, model: str, turns: Sequence[Turn]) -> Measure:
        """Return what is known of a request before it is sent; load nothing for it."""
        return Measure() if self._is_closed else await self.engine.measure(model, turns)

    async def close(self) -> None:
        """Let go of connections and child processes, also while it answers."""
        self._is_closed = True
        await self.engine.close()

    async def retire(self) -> None:
        """Close when the answers being written have ended."""
        self._is_retired = True
        if not self._answers:
            await self.close()

    def _notice(self, error: EngineError) -> None:
        self.is_refused |= error.fault in _REFUSED
