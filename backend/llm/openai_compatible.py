"""Any server that speaks the OpenAI chat protocol, reached by its address."""

import asyncio
import json
import logging
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from http import HTTPStatus
from typing import Final

from backend.errors import EngineError, EngineFault
from backend.llm.engine import Arrived, Delta, Measure, Turn, Wait
from backend.llm.listed_model import ListedModel
from backend.llm.options import AS_SET, EngineOptions, Parameters
from backend.llm.sentences import engine_error
from backend.llm.servers.address import clean_base_url
from backend.llm.servers.model_context import ModelContexts
from backend.llm.servers.network import is_near
from backend.llm.tokens import estimate_tokens
from backend.llm.wire.answer_events import NotAnAnswerError
from backend.llm.wire.answer_reader import AnswerReader
from backend.llm.wire.asking import (
    Accepted,
    Way,
    Ways,
    refuses_pictures,
    speaks_of_roles,
)
from backend.llm.wire.chat_request import ChatRequest, chat_request, ollama_request
from backend.llm.wire.client import ServerRoute
from backend.llm.wire.continuing import (
    RepeatFilter,
    is_continuation,
    without_empty_answer,
)
from backend.llm.wire.exchange import ModelServer, RequestError, read_text
from backend.llm.wire.limits import FAR, NEAR, Limits
from backend.llm.wire.model_list import read_model_list
from backend.llm.wire.patience import patience
from backend.llm.wire.usage import TELLING, USAGE

__all__ = ["Limits", "OpenAICompatibleEngine"]

log = logging.getLogger(__name__)

_COUNT_PATH: Final = "/chat/completions/input_tokens"
_NOTHING: Final = Delta()
_REFUSALS: Final = (HTTPStatus.BAD_REQUEST, HTTPStatus.UNPROCESSABLE_ENTITY)


class OpenAICompatibleEngine:
    """An engine behind an OpenAI-compatible HTTP API.

    The key is sent to this address only: redirects are not followed, and no proxy is
    taken from the environment.
    """

    def __init__(
        self,
        name: str,
        base_url: str,
        api_key: str = "",
        *,
        limits: Limits | None = None,
        options: EngineOptions | None = None,
    ) -> None:
        """Remember where the server is; nothing is sent yet.

        Args:
            name: What the user calls it.
            base_url: Its address.
            api_key: "" for none.
            limits: None for those of where it is.
            options: How it is reached, and what is asked of its models.

        Raises:
            InvalidInputError: The address is none.
        """
        self.name = name
        self._base_url = clean_base_url(base_url)
        self._api_key = api_key
        self._limits = limits
        options = options or EngineOptions()
        self._options = options
        connect_s = (limits or FAR).set_by(options).connect_s
        self._route = ServerRoute.of(options)
        self._server = ModelServer(self._base_url, api_key, connect_s, self._route)
        self._contexts = ModelContexts(self._server, self._base_url, limits or FAR)
        self._accepted = Accepted()
        self._plain_models: set[str] = set()

    async def models(self) -> list[ListedModel]:
        """Return the models it offers.

        Raises:
            EngineError: It cannot be reached or does not answer sensibly.
        """
        limits = self._limits or FAR
        try:
            async with (
                patience(limits.models_s),
                self._server.request("/models", limits=limits) as response,
            ):
                return read_model_list(await read_text(response, limits.models_bytes))
        except RequestError as exc:
            raise self._error(exc.fault, exc.detail) from exc
        except TimeoutError as exc:
            raise self._error(EngineFault.TIMEOUT) from exc
        except NotAnAnswerError as exc:
            raise self._error(EngineFault.GARBAGE) from exc

    async def stream(
        self, model: str, turns: Sequence[Turn], parameters: Parameters = AS_SET
    ) -> AsyncGenerator[Delta, None]:
        """Answer the last turn piece by piece.

        Raises:
            EngineError: No answer, or it broke off; what came before was yielded.
        """
        turns = without_empty_answer(turns)
        asked = parameters.over(self._options.parameters).to_body()
        continuing = is_continuation(turns)
        stream = self._stream_continuation if continuing else self._stream_accepted
        arrived = Arrived.TEXT if continuing else Arrived.NOTHING
        try:
            async with aclosing(stream(model, turns, asked)) as deltas:
                async for delta in deltas:
                    if delta != _NOTHING:
                        arrived = arrived.plus(delta)
                        yield delta
        except RequestError as exc:
            is_blind = arrived is Arrived.NOTHING and refuses_pictures(
                exc.detail, turns
            )
            fault = EngineFault.NO_SIGHT if is_blind else exc.fault
            raise self._error(fault, exc.detail, arrived) from exc

    async def measure(self, model: str, turns: Sequence[Turn]) -> Measure:  # noqa: ARG002 the engines' signature
        """Return how much a model reads at once, if anybody says; count nothing."""
        return Measure(self._options.context or await self._contexts.of(model))

    async def count(self, model: str, turns: Sequence[Turn]) -> int | None:
        """Return how many tokens llama.cpp makes of turns; None when it does not."""
        limits, asked = self._limits or FAR, chat_request(model, turns).body
        try:
            async with (
                patience(limits.models_s),
                self._server.request(_COUNT_PATH, asked, limits=limits) as response,
            ):
                body = await read_text(response, limits.models_bytes)
                found = json.loads(body).get("input_tokens")
        except (RequestError, TimeoutError, ValueError, AttributeError):
            return None
        return found if type(found) is int else None

    async def close(self) -> None:
        """Let go of the connections."""
        await self._server.close()

    async def _stream_continuation(
        self, model: str, turns: Sequence[Turn], asked: dict[str, object]
    ) -> AsyncGenerator[Delta, None]:
        repeats = RepeatFilter(turns[-1].text)
        try:
            stream = self._stream_accepted(model, turns, asked)
            async with aclosing(stream) as deltas:
                async for delta in deltas:
                    yield repeats.feed(delta) if delta.has_words else delta
        except RequestError as exc:
            yield Delta(repeats.flush())
            if exc.fault is not EngineFault.EMPTY:
                raise  # Nothing to add means that the answer was whole.
        else:
            yield Delta(repeats.flush())

    async def _stream_accepted(
        self, model: str, turns: Sequence[Turn], asked: dict[str, object]
    ) -> AsyncGenerator[Delta, None]:
        """Ask in other ways when the server refuses the order of the turns."""
        is_plain = model in self._plain_models
        ways = Ways(turns, is_plain=is_plain, has_parameters=bool(asked))
        way, first = ways.take(), None
        while True:
            started = False
            try:
                stream = self._stream_persistently(model, way, asked)
                async with aclosing(stream) as got:
                    async for delta in got:
                        started = started or delta.has_words
                        yield delta
            except RequestError as exc:
                asks_on = _is_refusal(exc) and not refuses_pictures(exc.detail, turns)
                following = ways.after(exc.detail) if asks_on else None
                if started or following is None:
                    raise (first if first and _is_refusal(exc) else exc) from None
                first, way = first or exc, following
                log.info("%s refuses the turns, and is asked in another way", self.name)
            else:
                if way.is_plain:
                    self._plain_models.add(model)
                if way.is_bare:
                    refused = [*TELLING, *(asked if way.is_silent else ())]
                    self._accepted.leave_out(model, refused)
                return

    async def _stream_persistently(
        self, model: str, way: Way, asked: dict[str, object]
    ) -> AsyncGenerator[Delta, None]:
        limits = self._limits or (NEAR if await is_near(self._base_url) else FAR)
        limits = limits.set_by(self._options)
        pauses = _Pauses(limits)
        telling = {} if way.is_bare else TELLING if limits.asks_progress else USAGE
        wanted = {} if way.is_silent else asked | telling
        while True:
            started, sent = False, self._accepted.of(model, wanted)
            try:
                request = await self._request(model, way.turns, sent)
                async with aclosing(self._stream_once(request, limits)) as deltas:
                    async for delta in deltas:
                        started = started or delta.has_words
                        yield delta
            except RequestError as exc:
                may_learn = not started and _is_refusal(exc)
                if may_learn and self._accepted.learn(model, sent, exc.detail):
                    log.info("%s refuses a parameter, and is asked without", self.name)
                    continue
                pause_s = None if started else pauses.after(exc)
                if pause_s is None:
                    raise
                log.info("%s: %s, once more", self.name, exc.fault.value)
                if exc.fault is EngineFault.LOADING:
                    yield Delta(wait=Wait.LOADING)
                await asyncio.sleep(pause_s)
            else:
                return

    async def _request(
        self, model: str, turns: Sequence[Turn], parameters: dict[str, object]
    ) -> ChatRequest:
        """Return how it is asked; of Ollama a context can be had only its own way.

        Raises:
            RequestError: Ollama would leave out the beginning, and not say so.
        """
        context = self._options.context
        if not context or not await self._contexts.is_ollama(model):
            return chat_request(model, turns, parameters)
        if estimate_tokens(turn.text for turn in turns) > context:
            raise RequestError(EngineFault.CONTEXT_TOO_LONG)
        return ollama_request(self._base_url, model, turns, parameters, context)

    async def _stream_once(
        self, request: ChatRequest, limits: Limits
    ) -> AsyncGenerator[Delta, None]:
        reader, failure = AnswerReader(limits.line_bytes), None
        try:
            async with aclosing(self._pieces(request, reader, limits)) as pieces:
                async for piece in pieces:
                    for delta in reader.feed(piece):
                        yield delta
        except RequestError as exc:
            # After it was said to be whole, how the connection ends does not matter.
            failure = None if reader.finish else exc
        for delta in reader.end():
            yield delta
        if failure is not None:
            raise failure
        if fault := reader.fault():
            raise RequestError(*fault)

    async def _pieces(
        self, request: ChatRequest, reader: AnswerReader, limits: Limits
    ) -> AsyncGenerator[bytes, None]:
        """Yield the body of one response, within the limits, until it is over."""
        size, quiet = 0, _Quiet(reader, limits)
        try:
            async with (
                self._server.request(
                    request.path, request.body, limits=limits, base=request.base
                ) as response,
                aclosing(response.aiter_raw()) as pieces,
            ):
                while not (reader.is_over or quiet.is_too_long):
                    async with patience(quiet.patience_s, self._signs(reader)):
                        piece = await anext(pieces, b"")
                    if not piece:
                        return
                    self._server.signs_of_life += 1
                    size += len(piece)
                    if size > limits.answer_bytes:
                        raise RequestError(EngineFault.LIMIT)
                    yield piece
                    quiet.notice()
                    # What is here already is read without a pause: a server that
                    # never stops would keep others, and Stop, from their turn.
                    await asyncio.sleep(0)
        except TimeoutError:
            pass
        if not reader.finish and not reader.is_over:
            late = EngineFault.STALLED if reader.words else EngineFault.TIMEOUT
            raise RequestError(late)

    def _signs(self, reader: AnswerReader) -> Callable[[], int]:
        """Return what shows that the server lives: other answers of it count too.

        It may answer one after the other. An answer that is whole waits for none.
        """
        return (lambda: 0) if reader.finish else self._server.count_signs

    def _error(
        self,
        fault: EngineFault,
        detail: str = "",
        arrived: Arrived = Arrived.NOTHING,
    ) -> EngineError:
        detail = self._route.hidden(detail, self._api_key)
        return engine_error(fault, self.name, detail, arrived)


class _Quiet:
    """Counts how long no word has come, whatever other signs of life there were.

    Attributes:
        for_s: So long, in seconds this computer was awake.
    """

    def __init__(self, reader: AnswerReader, limits: Limits) -> None:
        self.for_s = 0.0
        self._reader = reader
        self._limits = limits
        self._clock = asyncio.get_running_loop().time
        self._last, self._seen = self._clock(), (reader.words, reader.finish)

    @property
    def is_too_long(self) -> bool:
        """Whether to wait no longer."""
        limits, is_whole = self._limits, bool(self._reader.finish)
        return self.for_s >= (limits.settle_s if is_whole else limits.wordless_s)

    @property
    def patience_s(self) -> float:
        """How long to wait for the next sign of life."""
        if self._reader.finish:
            return max(self._limits.settle_s - self.for_s, 0)
        limits = self._limits
        return limits.stall_s if self._reader.words else limits.first_byte_s

    def notice(self) -> None:
        """Take note that something came."""
        now, seen = self._clock(), (self._reader.words, self._reader.finish)
        # Longer than that means that the computer slept.
        self.for_s += min(now - self._last, self.patience_s)
        if seen != self._seen:
            self.for_s = 0
        self._last, self._seen = now, seen


class _Pauses:
    """Tells how long to wait before a failed request is sent once more."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._waited_s = 0.0
        self._waits = 0
        self._retry_waits = iter(limits.retry_waits_s)

    def after(self, failed: RequestError) -> float | None:
        """Return the pause after a failure; None when it is of no use."""
        limits = self._limits
        if failed.fault is EngineFault.LOADING:
            return self._within(limits.loading_s, failed)
        is_away = failed.status == HTTPStatus.SERVICE_UNAVAILABLE
        if is_away and limits.unavailable_s:
            return self._within(limits.unavailable_s, failed)
        pause_s = next(self._retry_waits, None) if failed.passes else None
        return None if pause_s is None else max(pause_s, failed.retry_after_s)

    def _within(self, budget_s: float, failed: RequestError) -> float | None:
        waits = self._limits.loading_waits_s
        pause_s = max(waits[min(self._waits, len(waits) - 1)], failed.retry_after_s)
        self._waits += 1
        self._waited_s += pause_s
        return pause_s if self._waited_s <= budget_s else None


def _is_refusal(failed: RequestError) -> bool:
    if failed.fault not in (EngineFault.REJECTED, EngineFault.SERVER_ERROR):
        return False
    return failed.status in _REFUSALS or speaks_of_roles(failed.detail)
