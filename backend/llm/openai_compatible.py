"""Any server that speaks the OpenAI chat protocol, reached by its address."""

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from backend.errors import EngineError, EngineFault
from backend.llm.address import clean_base_url
from backend.llm.client import new_client
from backend.llm.continuing import (
    RepeatFilter,
    asked_in_words,
    is_continuation,
    without_empty_answer,
)
from backend.llm.engine import Delta, Turn
from backend.llm.model_list import read_model_list
from backend.llm.sentences import sentence_for
from backend.llm.wire import (
    Chunk,
    EventReader,
    NotAnAnswerError,
    classify_failure,
    read_chunk,
    request_body,
)

if TYPE_CHECKING:
    import httpx2

log = logging.getLogger(__name__)

_ERROR_BYTES: Final = 64 * 1024
_NOTHING: Final = Delta()


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How long and how much an engine may take."""

    connect_s: float = 5
    first_byte_s: float = 120
    stall_s: float = 60
    answer_s: float = 600
    models_s: float = 10
    retry_waits_s: tuple[float, ...] = (0.25, 1.0)
    retry_after_s: float = 5
    answer_bytes: int = 128 * 1024 * 1024
    models_bytes: int = 8 * 1024 * 1024
    line_bytes: int = 1024 * 1024


class _RequestError(EngineError):
    """A failed request, with what decides whether it is sent once more."""

    def __init__(
        self,
        fault: EngineFault,
        sentence: str,
        *,
        status: int = 0,
        wait_s: float | None = None,
    ) -> None:
        super().__init__(fault, sentence)
        self.refused = status in (
            HTTPStatus.BAD_REQUEST,
            HTTPStatus.UNPROCESSABLE_ENTITY,
        )
        self.wait_s = wait_s


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
    ) -> None:
        """Remember where the server is; nothing is sent yet.

        Raises:
            InvalidInputError: The address is none.
        """
        self.name = name
        self._base_url = clean_base_url(base_url)
        self._api_key = api_key
        self._limits = limits or Limits()
        self._client: httpx2.AsyncClient | None = None

    async def models(self) -> list[str]:
        """Return the ids of the models it offers.

        Raises:
            EngineError: It cannot be reached or does not answer sensibly.
        """
        limits = self._limits
        try:
            async with (
                asyncio.timeout(limits.models_s),
                self._request("GET", "/models") as response,
            ):
                body = await self._read(response, limits.models_bytes)
                return read_model_list(body)
        except TimeoutError as exc:
            raise self._failure(EngineFault.TIMEOUT) from exc
        except NotAnAnswerError as exc:
            raise self._failure(EngineFault.GARBAGE) from exc

    async def stream(
        self, model: str, turns: Sequence[Turn]
    ) -> AsyncGenerator[Delta, None]:
        """Answer the last turn piece by piece.

        Raises:
            EngineError: No answer, or it broke off; what came before was yielded.
        """
        turns = without_empty_answer(turns)
        continuing = is_continuation(turns)
        stream = self._stream_continuation if continuing else self._stream_persistently
        async with aclosing(stream(model, turns)) as deltas:
            async for delta in deltas:
                if delta != _NOTHING:
                    yield delta

    async def close(self) -> None:
        """Let go of the connections."""
        client, self._client = self._client, None
        if client is not None:
            await client.aclose()

    async def _stream_continuation(
        self, model: str, turns: Sequence[Turn]
    ) -> AsyncGenerator[Delta, None]:
        repeats = RepeatFilter(turns[-1].text)
        try:
            async with aclosing(self._stream_accepted(model, turns)) as deltas:
                async for delta in deltas:
                    yield repeats.feed(delta)
        except EngineError as exc:
            yield Delta(repeats.flush())
            if exc.fault is not EngineFault.EMPTY:
                raise  # Nothing to add means that the answer was whole.
        else:
            yield Delta(repeats.flush())

    async def _stream_accepted(
        self, model: str, turns: Sequence[Turn]
    ) -> AsyncGenerator[Delta, None]:
        """Ask once more in words when the server refuses to go on with an answer."""
        asked = turns
        while True:
            try:
                async with aclosing(self._stream_persistently(model, asked)) as deltas:
                    async for delta in deltas:
                        yield delta
            except _RequestError as exc:
                if not exc.refused or asked is not turns:
                    raise
                asked = asked_in_words(turns)
            else:
                return

    async def _stream_persistently(
        self, model: str, turns: Sequence[Turn]
    ) -> AsyncGenerator[Delta, None]:
        waits = iter(self._limits.retry_waits_s)
        while True:
            started = False
            try:
                async with aclosing(self._stream_once(model, turns)) as deltas:
                    async for delta in deltas:
                        started = True
                        yield delta
            except _RequestError as exc:
                pause = next(waits, None)
                if started or exc.wait_s is None or pause is None:
                    raise
                log.info("%s: %s, once more", self.name, exc.fault.value)
                await asyncio.sleep(max(pause, exc.wait_s))
            else:
                return

    async def _stream_once(
        self, model: str, turns: Sequence[Turn]
    ) -> AsyncGenerator[Delta, None]:
        said, finish = False, ""
        async with aclosing(self._chunks(request_body(model, turns))) as chunks:
            async for chunk in chunks:
                if chunk.fault is not None:
                    raise self._failure(chunk.fault, chunk.detail)
                finish = finish or chunk.finish
                if chunk.delta != _NOTHING:
                    said = True
                    yield chunk.delta
        if not finish:
            raise self._failure(EngineFault.CUT_OFF if said else EngineFault.EMPTY)
        if finish == "length":
            raise self._failure(EngineFault.LIMIT)
        if not said:
            raise self._failure(EngineFault.EMPTY)

    async def _chunks(self, body: bytes) -> AsyncGenerator[Chunk, None]:
        """Yield the events of one request, within the limits."""
        limits, clock = self._limits, asyncio.get_running_loop().time
        patience, fault = limits.first_byte_s, EngineFault.TIMEOUT
        end, size = clock() + limits.answer_s, 0
        reader = EventReader(limits.line_bytes)
        try:
            async with (
                self._request("POST", "/chat/completions", body, patience) as response,
                aclosing(response.aiter_raw()) as pieces,
            ):
                while True:
                    async with asyncio.timeout(min(patience, end - clock())):
                        piece = await anext(pieces, b"")
                    size += len(piece)
                    if not piece:
                        return
                    if size > limits.answer_bytes or clock() > end:
                        raise self._failure(EngineFault.LIMIT)
                    for data in reader.feed(piece):
                        patience, fault = limits.stall_s, EngineFault.STALLED
                        yield read_chunk(data)
        except TimeoutError as exc:
            late = clock() >= end
            raise self._failure(EngineFault.LIMIT if late else fault) from exc
        except NotAnAnswerError as exc:
            raise self._failure(EngineFault.GARBAGE) from exc

    @asynccontextmanager
    async def _request(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        first_byte_s: float = 60,
    ) -> "AsyncIterator[httpx2.Response]":
        """Send and give the good response; its body is still to be read."""
        client = self._client or self._keep(await asyncio.to_thread(self._new_client))
        # By now imported, in the thread: it takes 0.1 s, which the loop has not got.
        import httpx2  # noqa: PLC0415

        try:
            request = client.build_request(method, self._base_url + path, content=body)
            async with asyncio.timeout(first_byte_s):
                response = await client.send(request, stream=True)
            try:
                await self._check(response)
                yield response
            finally:
                await response.aclose()
        except httpx2.TimeoutException as exc:
            raise self._failure(EngineFault.TIMEOUT) from exc
        except (httpx2.ConnectError, httpx2.UnsupportedProtocol) as exc:
            raise self._failure(EngineFault.REFUSED) from exc
        except httpx2.TransportError as exc:
            raise self._failure(EngineFault.CUT_OFF, wait_s=0) from exc
        except (httpx2.RequestError, httpx2.InvalidURL) as exc:
            raise self._failure(EngineFault.GARBAGE) from exc

    async def _check(self, response: "httpx2.Response") -> None:
        if response.headers.get("Content-Encoding", "identity") != "identity":
            # Nobody asked for it: a few kilobytes could unfold to gigabytes.
            raise self._failure(EngineFault.GARBAGE)
        status = response.status_code
        if status == HTTPStatus.OK:
            return
        try:
            async with asyncio.timeout(self._limits.connect_s):
                body = await self._read(response, _ERROR_BYTES)
        except (TimeoutError, NotAnAnswerError):
            body = ""
        fault, detail = classify_failure(status, body)
        wait_s = self._retry_wait(status, response.headers.get("Retry-After", ""))
        raise self._failure(fault, detail, status=status, wait_s=wait_s)

    def _retry_wait(self, status: int, retry_after: str) -> float | None:
        told = float(retry_after) if retry_after.isdecimal() else None
        if told is not None and told > self._limits.retry_after_s:
            return None
        if status == HTTPStatus.SERVICE_UNAVAILABLE:
            return told or 0
        return told if status == HTTPStatus.TOO_MANY_REQUESTS else None

    async def _read(self, response: "httpx2.Response", limit: int) -> str:
        body = bytearray()
        async for piece in response.aiter_raw():
            body += piece
            if len(body) > limit:
                raise NotAnAnswerError("too much")
        return body.decode("utf-8", "replace")

    def _failure(
        self,
        fault: EngineFault,
        detail: str = "",
        *,
        status: int = 0,
        wait_s: float | None = None,
    ) -> _RequestError:
        if self._api_key:
            detail = detail.replace(self._api_key, "…")
        sentence = sentence_for(fault, self.name, detail)
        return _RequestError(fault, sentence, status=status, wait_s=wait_s)

    def _keep(self, client: "httpx2.AsyncClient") -> "httpx2.AsyncClient":
        if self._client is None:
            self._client = client
        return self._client

    def _new_client(self) -> "httpx2.AsyncClient":
        return new_client(self._base_url, self._api_key, self._limits.connect_s)
