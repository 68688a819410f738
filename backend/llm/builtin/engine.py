"""The built-in engine: llama.cpp in a child process, on a GGUF file the user picked."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from functools import partial
from pathlib import Path
from typing import Final

from backend.errors import EngineError, EngineFault
from backend.llm.builtin.child import ChildOptions, EngineChild
from backend.llm.builtin.memory import total_memory
from backend.llm.builtin.memory_need import why_too_large
from backend.llm.builtin.model_file import ModelFile, check_model_file, refusal
from backend.llm.builtin.ollama_files import model_name
from backend.llm.engine import Arrived, Delta, Measure, Turn, Wait
from backend.llm.listed_model import ListedModel
from backend.llm.options import AS_SET, Parameters
from backend.llm.sentences import engine_error
from backend.llm.wire.continuing import is_continuation
from backend.runtime.side_threads import SideThreads

log = logging.getLogger(__name__)

NAME: Final = "The built-in engine"
LOOK_S: Final = 3.0
"""How long a drive may take to give the first bytes of a file."""

_SLOW_DRIVE: Final = "its drive does not respond. Connect it, or wait until it is ready"

_HUNG: Final = (EngineFault.STALLED, EngineFault.TIMEOUT)
_BROKEN: Final = (EngineFault.CUT_OFF, EngineFault.REFUSED, EngineFault.CRASHED)


class _NothingSaidError(Exception):
    """The child ended before its first word: another one may answer instead."""

    def __init__(self, error: EngineError) -> None:
        super().__init__(str(error))
        self.error = error


class BuiltinEngine:
    """Runs one model file; the child starts with the first question.

    A child that dies before its first word is replaced once and nobody notices. One
    that dies later ends the answer with an error, and the next question starts again.
    """

    def __init__(
        self,
        model_path: Path,
        options: ChildOptions | None = None,
        files: SideThreads | None = None,
    ) -> None:
        self._path = model_path.absolute()
        self._options = options or ChildOptions()
        self._files = files or SideThreads()
        self._is_closed = False
        self._child: EngineChild | None = None
        self._starting = asyncio.Lock()

    @property
    def child_pid(self) -> int | None:
        """The process id of the running child."""
        child = self._child
        return child.pid if child is not None and child.is_alive else None

    async def models(self) -> list[ListedModel]:
        """Return the one model, by the name of its file; nothing is loaded for it.

        Raises:
            EngineError: The file is no model.
        """
        file = await self._look()
        name = model_name(self._path)
        sees = file.projector is not None
        return [ListedModel(id=name, context=file.context, bytes=file.bytes, sees=sees)]

    async def try_out(self) -> None:
        """Load the model for a try when it is of a kind that may not be known.

        Raises:
            EngineError: The file is no model, or none that can be loaded.
        """
        if (await self._look()).is_familiar:
            return
        child = await self._running_child()
        try:
            await child.engine()
        except EngineError as exc:
            # Whether there is memory for it is asked when it is used.
            if exc.fault is EngineFault.BAD_MODEL_FILE:
                raise

    async def stream(
        self, model: str, turns: Sequence[Turn], parameters: Parameters = AS_SET
    ) -> AsyncGenerator[Delta, None]:
        """Answer the last turn piece by piece.

        Raises:
            EngineError: No answer, or it broke off; what came before was yielded.
        """
        may_restart = True
        while True:
            child = await self._running_child()
            # llama.cpp says nothing to who waits for a place in the model.
            if child.is_full:
                yield Delta(wait=Wait.TURN)
            async with child.place() as must_load:
                if not child.is_alive:
                    continue  # it ended with the answer before this one
                yield Delta(wait=Wait.LOADING if must_load else Wait.READING)
                try:
                    answer = self._answer(child, model, turns, parameters)
                    async with aclosing(answer) as deltas:
                        async for delta in deltas:
                            yield delta
                except _NothingSaidError as exc:
                    if not may_restart:
                        raise exc.error from exc
                    may_restart = False
                    log.info("the engine child is started once more")
                else:
                    return

    async def _answer(
        self,
        child: EngineChild,
        model: str,
        turns: Sequence[Turn],
        parameters: Parameters,
    ) -> AsyncGenerator[Delta, None]:
        """Answer with this child.

        Raises:
            EngineError: No answer, or it broke off.
            _NothingSaidError: The child ended before its first word.
        """
        arrived = Arrived.TEXT if is_continuation(turns) else Arrived.NOTHING
        started = False
        try:
            engine = await child.engine()
            stream = engine.stream(model, turns, parameters)
            async with aclosing(stream) as deltas:
                async for delta in deltas:
                    started = started or delta.has_words
                    arrived = arrived.plus(delta)
                    yield delta
        except EngineError as exc:
            error = await self._explain(child, exc)
            if error.fault is EngineFault.CRASHED:
                error = engine_error(error.fault, NAME, arrived=arrived)
                if not started:
                    raise _NothingSaidError(error) from exc
            raise error from exc

    async def measure(self, model: str, turns: Sequence[Turn]) -> Measure:
        """Return the context of the file; count only with a model that is loaded."""
        child = self._child
        if child is None or not child.is_alive or child.must_load:
            try:
                found = await self._look()
            except EngineError:
                return Measure()
            return Measure(self._options.fitting(found).context_tokens)
        engine = await child.engine()
        return Measure(child.context, await engine.count(model, turns))

    async def close(self) -> None:
        """End the child; no other one is started."""
        self._is_closed = True
        async with self._starting:
            child, self._child = self._child, None
        if child is not None:
            await child.kill()

    async def _running_child(self) -> EngineChild:
        async with self._starting:
            if self._is_closed:
                raise engine_error(EngineFault.REMOVED, NAME)
            if self._child is None or not self._child.is_alive:
                found = await self._look()
                if self._child is not None:
                    await self._child.kill()
                options = self._options.fitting(found)
                self._child = await EngineChild.start(NAME, found, options)
            return self._child

    async def _look(self) -> ModelFile:
        look = partial(check_model_file, self._path, NAME)
        try:
            found = await self._files.run(str(self._path), look, LOOK_S)
        except TimeoutError as exc:
            raise refusal(NAME, _SLOW_DRIVE) from exc
        why = why_too_large(found.bytes, total_memory())
        if why and not self._options.engine.beyond_memory:
            raise engine_error(EngineFault.TOO_LARGE, NAME, why)
        return found

    async def _explain(self, child: EngineChild, error: EngineError) -> EngineError:
        """Tell a fault of the answer from the end of the child."""
        if error.fault in _HUNG:
            await child.kill()
        elif error.fault in _BROKEN and await child.has_ended():
            return await child.death()
        return error
