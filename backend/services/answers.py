"""Runs answers as tasks of the sidecar, whoever watches; stores them as they grow."""

import asyncio
import logging
import time
from collections.abc import Sequence
from contextlib import aclosing, suppress
from dataclasses import dataclass, field
from typing import Final, Protocol

from backend.errors import EngineError, StoreError
from backend.llm.engine import Delta, Engine, Turn
from backend.store.states import MessageState

log = logging.getLogger("hearth.answers")

PUBLISH_EVERY_S: Final = 0.05
SAVE_EVERY_S: Final = 0.15
"""With one save in flight, what arrived is stored at most 250 ms later."""
RETRY_SAVE_S: Final = 2.0
BUG_SENTENCE: Final = (
    "Something went wrong inside Hearth. The details are in the log; try again."
)


class Messages(Protocol):
    """What the answers need of the store."""

    def append_chunk(
        self, message_id: str, number: int, text: str, reasoning: str = ""
    ) -> None:
        """Keep a piece of a growing answer."""

    def finish(
        self,
        message_id: str,
        *,
        text: str,
        reasoning: str,
        state: MessageState,
        error: str = "",
    ) -> object:
        """Write the whole answer once."""


@dataclass(slots=True)
class Growing:
    """An answer being written.

    Attributes:
        text: All of it so far.
        number: Of the next chunk to store.
        ending: What a cancelled answer becomes.
    """

    message_id: str
    conversation_id: str
    text: str = ""
    reasoning: str = ""
    number: int = 0
    ending: MessageState = MessageState.INTERRUPTED
    unsaved: Delta = field(default_factory=Delta)
    is_shown: bool = True
    is_ending: bool = False

    def add(self, delta: Delta) -> None:
        """Take what arrived."""
        self.text += delta.text
        self.reasoning += delta.reasoning
        self.unsaved = Delta(
            self.unsaved.text + delta.text, self.unsaved.reasoning + delta.reasoning
        )
        self.is_shown = False


class Audience(Protocol):
    """Who is told how answers grow."""

    def began(self, answer: Growing) -> None:
        """Show the answer as being written."""

    def grew(self, answer: Growing) -> None:
        """Show what is new."""

    async def ended(self, answer: Growing) -> None:
        """Show the answer as it is stored now."""

    def troubled(self, sentence: str) -> None:
        """Say that an answer cannot be stored at present."""


class AnswerService:
    """The registry of answers being written."""

    def __init__(self, messages: Messages, audience: Audience) -> None:
        self._messages = messages
        self._audience = audience
        self._growing: dict[str, Growing] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def is_growing(self, message_id: str) -> bool:
        """Whether this answer is being written now."""
        return message_id in self._growing

    def start(
        self, answer: Growing, engine: Engine, model: str, turns: Sequence[Turn]
    ) -> None:
        """Begin to write an answer; call on the event loop."""
        self._growing[answer.message_id] = answer
        self._audience.began(answer)
        work = self._write(answer, engine, model, turns)
        task = asyncio.create_task(work, name=f"answer {answer.message_id}")
        self._tasks[answer.message_id] = task

    async def stop(self, conversation_id: str) -> None:
        """Stop what is being written in a conversation, keeping what arrived."""
        chosen = [
            answer
            for answer in self._growing.values()
            if answer.conversation_id == conversation_id
        ]
        await self._cancel(chosen, MessageState.STOPPED)

    async def stop_these(self, message_ids: Sequence[str]) -> None:
        """Stop those of these answers that are being written, keeping what arrived."""
        chosen = [self._growing[one] for one in message_ids if one in self._growing]
        await self._cancel(chosen, MessageState.STOPPED)

    async def stop_all(self) -> None:
        """Stop everything that is being written, keeping what arrived."""
        await self._cancel(list(self._growing.values()), MessageState.STOPPED)

    async def wait(self, message_id: str) -> None:
        """Return when an answer has ended and is stored; at once when it has."""
        if task := self._tasks.get(message_id):
            await asyncio.wait([task])

    async def close(self) -> None:
        """Store every growing answer as interrupted: the sidecar ends."""
        await self._cancel(list(self._growing.values()), MessageState.INTERRUPTED)

    async def _cancel(self, answers: list[Growing], ending: MessageState) -> None:
        tasks = [self._tasks[answer.message_id] for answer in answers]
        for answer, task in zip(answers, tasks, strict=True):
            if not answer.is_ending:  # else it is being stored already
                answer.ending = ending
                task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _write(
        self, answer: Growing, engine: Engine, model: str, turns: Sequence[Turn]
    ) -> None:
        done = asyncio.Event()
        pump = asyncio.create_task(self._pump(answer, done))
        state, error = await self._read(answer, engine, model, turns)
        answer.is_ending = True
        done.set()
        await pump
        await self._finish(answer, state, error)

    async def _read(
        self, answer: Growing, engine: Engine, model: str, turns: Sequence[Turn]
    ) -> tuple[MessageState, str]:
        try:
            async with aclosing(engine.stream(model, turns)) as stream:
                async for delta in stream:
                    answer.add(delta)
        except asyncio.CancelledError:
            return answer.ending, ""
        except EngineError as exc:
            log.warning("an answer failed: %s", exc.fault.value)
            return MessageState.FAILED, str(exc)
        except Exception:
            log.exception("a bug ended an answer")
            return MessageState.FAILED, BUG_SENTENCE
        return MessageState.COMPLETE, ""

    async def _pump(self, answer: Growing, done: asyncio.Event) -> None:
        saved_at = time.monotonic()
        while not done.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(done.wait(), PUBLISH_EVERY_S)
            if not answer.is_shown:
                answer.is_shown = True
                self._audience.grew(answer)
            if time.monotonic() - saved_at >= SAVE_EVERY_S:
                saved_at = time.monotonic()
                await self._save(answer)

    async def _save(self, answer: Growing) -> None:
        piece = answer.unsaved
        if piece == Delta():
            return
        answer.unsaved = Delta()
        try:
            await asyncio.to_thread(
                self._messages.append_chunk,
                answer.message_id,
                answer.number,
                piece.text,
                piece.reasoning,
            )
            answer.number += 1
        except StoreError as exc:
            # Kept and tried again with what comes next.
            answer.unsaved = Delta(
                piece.text + answer.unsaved.text,
                piece.reasoning + answer.unsaved.reasoning,
            )
            self._audience.troubled(str(exc))

    async def _finish(self, answer: Growing, state: MessageState, error: str) -> None:
        while True:
            try:
                await asyncio.to_thread(
                    self._messages.finish,
                    answer.message_id,
                    text=answer.text,
                    reasoning=answer.reasoning,
                    state=state,
                    error=error,
                )
                break
            except StoreError as exc:
                self._audience.troubled(str(exc))
                await asyncio.sleep(RETRY_SAVE_S)
        del self._growing[answer.message_id], self._tasks[answer.message_id]
        await self._audience.ended(answer)
