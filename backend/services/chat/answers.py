"""Runs answers as tasks of the sidecar, whoever watches; stores them as they grow."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import aclosing, suppress
from functools import partial
from typing import Final, Protocol, TypeAlias
from weakref import WeakKeyDictionary

from backend.errors import EngineError, EngineFault, HearthError, StoreError
from backend.llm.engine import Delta, Engine, Turn
from backend.services.chat.counting import cut_sentence, was_cut
from backend.services.chat.growing import Growing
from backend.services.chat.prompts import Prompt, Room, left_out_sentence
from backend.store.states.message_state import MessageState

log = logging.getLogger("hearth.answers")

PUBLISH_EVERY_S: Final = 0.05
SAVE_EVERY_S: Final = 0.15
"""With one save in flight, what arrived is stored at most 250 ms later."""
RETRY_SAVE_S: Final = 2.0
Learn: TypeAlias = Callable[[EngineFault], Awaitable[None]]
CUT_AT_ONCE_CHARS: Final = 200
LONG_BYTES: Final = 6_000
BUG_SENTENCE: Final = (
    "Something went wrong inside Hearth. The details are in the log; try again."
)


class Messages(Protocol):
    """What the answers need of the store."""

    def append_chunk(
        self,
        message_id: str,
        number: int,
        text: str,
        reasoning: str = "",
        moved: int = 0,
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
        tokens: tuple[int, int] = (0, 0),
        reads_from: str = "",
        passages: str = "",
    ) -> object:
        """Write the whole answer once, with what it took and was given."""


class Audience(Protocol):
    """Who hears how answers grow."""

    def began(self, answer: Growing) -> None:
        """Show the answer as being written."""

    def grew(self, answer: Growing) -> None:
        """Show what is new."""

    async def ended(self, answer: Growing) -> None:
        """Show the answer as it is stored now."""

    def storage_failed(self, sentence: str) -> None:
        """Say that an answer cannot be stored at present."""


class AnswerService:
    """The registry of answers being written.

    Nothing that listens to an answer can keep it from being read, stored and ended.
    """

    def __init__(self, messages: Messages, audience: Audience) -> None:
        self._messages = messages
        self._audience = audience
        self._growing: dict[str, Growing] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._rooms: WeakKeyDictionary[Engine, dict[tuple[str, str], Room]] = (
            WeakKeyDictionary()
        )

    def is_growing(self, message_id: str) -> bool:
        """Whether this answer is being written now."""
        return message_id in self._growing

    def is_answering(self, conversation_id: str) -> bool:
        """Whether any answer of a conversation is being written now."""
        growing = self._growing.values()
        return any(answer.conversation_id == conversation_id for answer in growing)

    def start(
        self,
        answer: Growing,
        engine: Engine,
        model: str,
        prompt: Prompt,
        learn: Learn | None = None,
    ) -> None:
        """Begin to write an answer; call on the event loop.

        Args:
            answer: What grows.
            engine: What writes it.
            model: One of the engine's.
            prompt: What is asked.
            learn: Hears what was wrong when it failed.
        """
        self._growing[answer.message_id] = answer
        read = partial(self._read, answer, engine, model, prompt, learn)
        work = self._write(answer, read)
        task = asyncio.create_task(work, name=f"answer {answer.message_id}")
        self._tasks[answer.message_id] = task
        self._tell(self._audience.began, answer)

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

    def failure(self, sentence: str) -> None:
        """Say that something about an answer cannot be stored."""
        with suppress(Exception):
            self._audience.storage_failed(sentence)

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
        self, answer: Growing, read: Callable[[], Awaitable[tuple[MessageState, str]]]
    ) -> None:
        done = asyncio.Event()
        pump = asyncio.create_task(self._pump(answer, done))
        try:
            state, error = await read()
            answer.is_ending = True
            answer.end()
            done.set()
            await asyncio.wait([pump])
            await self._finish(answer, state, error)
        finally:
            done.set()
            if self._growing.get(answer.message_id) is answer:  # else begun again
                del self._growing[answer.message_id], self._tasks[answer.message_id]
        try:
            await self._audience.ended(answer)
        except Exception:
            log.exception("an answer that ended could not be shown")

    async def _read(
        self,
        answer: Growing,
        engine: Engine,
        model: str,
        prompt: Prompt,
        learn: Learn | None,
    ) -> tuple[MessageState, str]:
        try:
            await self._read_fitting(answer, engine, model, prompt)
        except asyncio.CancelledError:
            return answer.ending, ""
        except EngineError as exc:
            log.warning("an answer failed: %s", exc.fault.value)
            if learn:
                with suppress(HearthError):
                    await learn(exc.fault)
            return MessageState.FAILED, str(exc)
        except Exception:
            log.exception("a bug ended an answer")
            return MessageState.FAILED, BUG_SENTENCE
        return MessageState.COMPLETE, ""

    async def _read_fitting(
        self, answer: Growing, engine: Engine, model: str, whole: Prompt
    ) -> None:
        """Read an answer; while the question is too long, leave out oldest pairs."""
        rooms = self._rooms.setdefault(engine, {})
        place = (answer.conversation_id, model)
        room = rooms.get(place)
        prompt = await asyncio.to_thread(room.fit, whole) if room else whole
        while True:
            answer.left_out = prompt.left_out
            answer.given, answer.passages = prompt.given, prompt.passages
            first = prompt.pairs[0].id if prompt.pairs else ""
            answer.reads_from = (first or answer.question_id) if prompt.left_out else ""
            had, is_awaited = answer.size, True
            asked = prompt.going_on(answer.text, answer.reasoning)
            try:
                turns = await _turns(asked)
                stream = engine.stream(model, turns, asked.parameters)
                async with aclosing(stream) as deltas:
                    async for delta in deltas:
                        answer.add(delta)
                        if is_awaited and (delta.text or delta.reasoning):
                            is_awaited = False
                            self._show(answer)  # the first words wait for nothing
                answer.is_cut = was_cut(asked, answer.usage)
            except EngineError as exc:
                shorter = await _shorter(prompt)
                gained = answer.size - had
                if shorter is None or not _is_full(exc.fault, asked.size, gained):
                    raise
                log.info("an answer is asked for again, with less to read")
                if exc.fault is EngineFault.CONTEXT_TOO_LONG:
                    rooms[place] = Room(asked.size, shorter.pairs[0].id)
                prompt = shorter
            else:
                return

    async def _pump(self, answer: Growing, done: asyncio.Event) -> None:
        save_at = 0.0  # the first words are shown at once: they are stored next
        while not done.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(done.wait(), PUBLISH_EVERY_S)
            answer.tick()
            if not answer.is_shown:
                self._show(answer)
            if answer.unsaved != Delta() and time.monotonic() >= save_at:
                save_at = time.monotonic() + SAVE_EVERY_S
                await self._save(answer)

    async def _save(self, answer: Growing) -> None:
        piece, answer.unsaved = answer.unsaved, Delta()
        try:
            await asyncio.to_thread(
                self._messages.append_chunk,
                answer.message_id,
                answer.number,
                piece.text,
                piece.reasoning,
                piece.moved,
            )
            answer.number += 1
        except StoreError as exc:
            # Kept and tried again with what comes next.
            answer.unsaved = piece.then(answer.unsaved)
            self.failure(str(exc))
        except Exception:  # the end stores all of it once more
            log.exception("a piece of an answer could not be stored")

    async def _finish(self, answer: Growing, state: MessageState, error: str) -> None:
        """Store the end, again and again while the disk is full; a bug ends it too."""
        left_out = left_out_sentence(answer.left_out)
        cut = cut_sentence(answer.usage, answer.engine) if answer.is_cut else ""
        error = " ".join(filter(None, (error, answer.given, left_out, cut)))
        for state_, error_ in ((state, error), (MessageState.FAILED, BUG_SENTENCE)):
            try:
                await self._store_end(answer, state_, error_)
            except HearthError as exc:  # its row is gone, or ended by others
                log.warning("the end of an answer has no place: %s", exc)
            except Exception:
                log.exception("the end of an answer could not be stored")
                continue
            return

    async def _store_end(
        self, answer: Growing, state: MessageState, error: str
    ) -> None:
        while True:
            try:
                await asyncio.to_thread(
                    self._messages.finish,
                    answer.message_id,
                    text=answer.text,
                    reasoning=answer.reasoning,
                    state=state,
                    error=error,
                    tokens=(answer.usage.prompt, answer.usage.answer),
                    reads_from=answer.reads_from,
                    passages=answer.passages,
                )
            except StoreError as exc:
                self.failure(str(exc))
                await asyncio.sleep(RETRY_SAVE_S)
            else:
                return

    def _show(self, answer: Growing) -> None:
        answer.is_shown = True
        self._tell(self._audience.grew, answer)

    def _tell(self, listen: Callable[[Growing], None], answer: Growing) -> None:
        try:
            listen(answer)
        except Exception:
            if not answer.is_unheard:  # said once, not for every word
                log.exception("a growing answer could not be shown")
            answer.is_unheard = True


async def _shorter(prompt: Prompt) -> Prompt | None:
    """Return less to read: of documents first, then of what was said."""
    if prompt.less:
        return await asyncio.to_thread(prompt.less)
    return prompt.shortened()


async def _turns(asked: Prompt) -> Sequence[Turn]:
    if not asked.picture_tokens:
        return asked.turns()
    return await asyncio.to_thread(asked.turns, with_pictures=True)


def _is_full(fault: EngineFault, asked: int, gained: int) -> bool:
    """Whether leaving out old messages may help.

    A long request that just fits leaves no room for words: it is cut at once.
    """
    if fault is EngineFault.LIMIT:
        return asked >= LONG_BYTES and gained < CUT_AT_ONCE_CHARS
    return fault is EngineFault.CONTEXT_TOO_LONG
