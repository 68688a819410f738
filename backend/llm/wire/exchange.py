"""One request to a model server, and what its failures mean."""

import asyncio
import ssl
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import TYPE_CHECKING, Final
from urllib.parse import urljoin, urlsplit

from backend.errors import EngineFault
from backend.llm.wire.answer_events import NotAnAnswerError
from backend.llm.wire.client import DIRECT, ServerRoute, endpoint, new_client
from backend.llm.wire.failures import classify_failure, is_page
from backend.llm.wire.limits import Limits
from backend.llm.wire.patience import patience

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    import httpx2

_ERROR_BYTES: Final = 64 * 1024
_PATHS: Final = ("/chat/completions", "/models")
_CHAIN: Final = 8


class RequestError(Exception):
    """A request failed.

    Attributes:
        status: The HTTP status; 0 when there was none.
        passes: Whether it may be gone when asked again soon.
        retry_after_s: The pause the server asks for.
    """

    def __init__(
        self,
        fault: EngineFault,
        detail: str = "",
        *,
        status: int = 0,
        passes: bool = False,
        retry_after_s: float = 0,
    ) -> None:
        super().__init__(fault, detail)
        self.fault = fault
        self.detail = detail
        self.status = status
        self.passes = passes
        self.retry_after_s = retry_after_s


class ModelServer:
    """What requests are sent to.

    Attributes:
        signs_of_life: Grows with everything it sends, in whatever answer.
    """

    def __init__(
        self, base_url: str, api_key: str, connect_s: float, route: ServerRoute = DIRECT
    ) -> None:
        self._route = route
        self._base_url = base_url
        self._api_key = api_key
        self._connect_s = connect_s
        self._client: httpx2.AsyncClient | None = None
        self.signs_of_life = 0

    async def close(self) -> None:
        """Let go of the connections."""
        client, self._client = self._client, None
        if client is not None:
            await client.aclose()

    @asynccontextmanager
    async def request(
        self,
        path: str,
        body: bytes | None = None,
        *,
        limits: Limits,
        base: str = "",
    ) -> "AsyncIterator[httpx2.Response]":
        """Send and give the good response; its body is still to be read.

        Args:
            path: Below the base address, or below another `base` of this server.
            body: What is posted; None to get.
            limits: How long it may take.
            base: "" for the one of all requests.

        Raises:
            RequestError: It cannot be reached, or the response is not good.
        """
        try:
            client = self._client or self._keep(
                await asyncio.to_thread(self._new_client)
            )
        except OSError as exc:
            why = "the file of its certificate authority cannot be read"
            raise RequestError(EngineFault.UNTRUSTED, why) from exc
        import httpx2  # noqa: PLC0415 by now imported, in the thread

        method = "GET" if body is None else "POST"
        try:
            url = endpoint(base or self._base_url, path)
            request = client.build_request(method, url, content=body)
            async with patience(limits.first_byte_s, self.count_signs):
                response = await _send(client, request)
            self.signs_of_life += 1
            try:
                await self._check(response, limits)
                yield response
            finally:
                await response.aclose()
        except (
            httpx2.ConnectError,
            httpx2.ConnectTimeout,
            httpx2.ProxyError,
        ) as exc:
            raise RequestError(*_why_unreachable(exc)) from exc
        except httpx2.UnsupportedProtocol as exc:
            raise RequestError(EngineFault.REFUSED) from exc
        except httpx2.TimeoutException as exc:
            raise RequestError(EngineFault.TIMEOUT) from exc
        except httpx2.TransportError as exc:
            raise RequestError(EngineFault.CUT_OFF, passes=True) from exc
        except (httpx2.RequestError, httpx2.InvalidURL) as exc:
            raise RequestError(EngineFault.GARBAGE) from exc

    def count_signs(self) -> int:
        """Return the signs of life so far."""
        return self.signs_of_life

    async def _check(self, response: "httpx2.Response", limits: Limits) -> None:
        if response.headers.get("Content-Encoding", "identity") != "identity":
            # Nobody asked for it: a few kilobytes could unfold to gigabytes.
            raise RequestError(EngineFault.GARBAGE)
        status = response.status_code
        if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
            return
        location = response.headers.get("Location", "")
        if status < HTTPStatus.BAD_REQUEST and location:
            raise RequestError(
                EngineFault.MOVED, _new_address(str(response.url), location)
            )
        raise await self._refusal(response, limits)

    async def _refusal(
        self, response: "httpx2.Response", limits: Limits
    ) -> RequestError:
        status = response.status_code
        try:
            async with patience(limits.connect_s):
                body = await read_text(response, _ERROR_BYTES)
        except (TimeoutError, NotAnAnswerError):
            body = ""
        if status == HTTPStatus.PROXY_AUTHENTICATION_REQUIRED:
            return RequestError(EngineFault.PROXY, "HTTP 407", status=status)
        fault, words = classify_failure(status, body)
        if fault is EngineFault.REJECTED and is_page(body):
            fault = EngineFault.WEB_PAGE
        asked = response.headers.get("Retry-After", "")
        after = float(asked) if asked.isdecimal() else None
        is_pause = status == HTTPStatus.TOO_MANY_REQUESTS and after is not None
        passes = status == HTTPStatus.SERVICE_UNAVAILABLE or is_pause
        return RequestError(
            fault,
            words or f"HTTP {status}",
            status=status,
            passes=passes and (after or 0) <= limits.retry_after_s,
            retry_after_s=after or 0,
        )

    def _keep(self, client: "httpx2.AsyncClient") -> "httpx2.AsyncClient":
        if self._client is None:
            self._client = client
        return self._client

    def _new_client(self) -> "httpx2.AsyncClient":
        return new_client(self._base_url, self._api_key, self._connect_s, self._route)


async def _send(
    client: "httpx2.AsyncClient", request: "httpx2.Request"
) -> "httpx2.Response":
    try:
        return await client.send(request, stream=True)
    except AttributeError as exc:
        # anyio 4 on uvloop asks a connection that is gone already for its socket.
        raise RequestError(EngineFault.CUT_OFF, passes=True) from exc


async def read_text(response: "httpx2.Response", limit: int) -> str:
    """Read a body that is not long.

    Raises:
        NotAnAnswerError: It is longer.
    """
    body = bytearray()
    async for piece in response.aiter_raw():
        body += piece
        if len(body) > limit:
            raise NotAnAnswerError("too much")
    return body.decode("utf-8", "replace")


def causes(error: BaseException) -> "Iterator[BaseException]":
    """Yield an error and what led to it, link by link, and no chain without end."""
    link: BaseException | None = error
    for _ in range(_CHAIN):
        if link is None:
            return
        yield link
        link = link.__cause__ or link.__context__


def _why_unreachable(error: BaseException) -> tuple[EngineFault, str]:
    """Tell a server that is not there from one whose https does not work."""
    import httpx2  # noqa: PLC0415 by now imported, in the thread

    for cause in causes(error):
        if isinstance(cause, httpx2.ProxyError):
            return EngineFault.PROXY, str(cause)
        if isinstance(cause, ssl.SSLCertVerificationError):
            return EngineFault.UNTRUSTED, cause.verify_message
        if isinstance(cause, ssl.SSLError):
            return EngineFault.NO_TLS, ""
    return EngineFault.REFUSED, ""


def _new_address(asked: str, location: str) -> str:
    """Return the address of a server that moved, as it is entered in Settings."""
    try:
        parts = urlsplit(urljoin(asked, location))
        place = parts.netloc.rpartition("@")[2]
    except ValueError:
        return ""
    path = parts.path
    for end in _PATHS:
        path = path.removesuffix(end)
    is_address = parts.scheme in ("http", "https") and bool(place)
    return f"{parts.scheme}://{place}{path}" if is_address else ""
