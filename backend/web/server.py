"""Lets Robyn serve Hearth's routes behind one guard."""

import asyncio
import logging
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from typing import Any, Final
from urllib.parse import unquote, unquote_plus

from backend.errors import HearthError, InvalidInputError, TooLargeError
from backend.interface.api_types import Refusal
from backend.runtime.logs import describe_bug
from backend.web.http import (
    FILE_TOO_LARGE,
    MAX_BODY_BYTES,
    MAX_FILE_BYTES,
    TOO_LARGE,
    ErrorRenderer,
    Request,
    Response,
    Route,
    as_json,
)
from backend.web.request_guard import (
    DEFAULT_HEADERS,
    Credentials,
    RequestVerdict,
    content_security_policy,
    judge,
)
from backend.web.robyn_binding import (
    FunctionInfo,
    Headers,
    HttpMethod,
    MiddlewareType,
    RobynRequest,
    RobynResponse,
    RobynServer,
    Server,
    StreamingResponse,
)

log = logging.getLogger("hearth.http")

_METHODS: Final = {
    "GET": HttpMethod.GET,
    "POST": HttpMethod.POST,
    "PUT": HttpMethod.PUT,
    "DELETE": HttpMethod.DELETE,
}
_Answer = Any
"""A response of Robyn's, whole or streamed."""


class InvalidHeaderError(ValueError):
    """A response header holds a line break, or what is not ASCII."""


def build_server(
    routes: Iterable[Route],
    trust: Credentials,
    render_error: ErrorRenderer,
    start: Callable[[], Awaitable[None]],
) -> RobynServer:
    """Return a server of these routes; nothing passes but through the guard.

    `start` is run on the handlers' loop just before serving; it must not raise, for
    Robyn 0.88 aborts the process then.

    Raises:
        TypeError: A handler is not `async def`: it would block every other one.
        ValueError: A route is there twice, or has a method Hearth does not use.
    """
    server: RobynServer = Server()
    server.apply_request_headers(Headers({}))
    server.apply_response_headers(Headers(DEFAULT_HEADERS))
    server.set_response_headers_exclude_paths(None)
    server.add_global_middleware(
        MiddlewareType.BEFORE_REQUEST,
        _function(_guard(trust), params=1, is_async=False),
    )
    seen: set[tuple[str, str]] = set()
    for route in routes:
        _check(route, seen)
        answer = _function(_answerer(route, render_error), params=1)
        server.add_route(_METHODS[route.method], route.path, answer, is_const=False)
    server.add_startup_handler(_function(start, params=0))
    return server


def _function(
    handler: Callable[..., object], *, params: int, is_async: bool = True
) -> FunctionInfo:
    return FunctionInfo(
        handler=handler,
        is_async=is_async,
        number_of_params=params,
        args={},
        kwargs={},
    )


def _check(route: Route, seen: set[tuple[str, str]]) -> None:
    if not asyncio.iscoroutinefunction(route.handler):
        raise TypeError(f"the handler of {route.path} must be async def")
    if route.method not in _METHODS or (route.method, route.path) in seen:
        raise ValueError(f"{route.method} {route.path} cannot be added")
    seen.add((route.method, route.path))


def _guard(trust: Credentials) -> Callable[[RobynRequest], RobynRequest | _Answer]:
    def guard(request: RobynRequest) -> RobynRequest | _Answer:
        def values(name: str) -> list[str]:
            return request.headers.get_all(name) or []

        verdict = judge(trust, request.method, request.url.path, values)
        if verdict is RequestVerdict.PASS:
            return request
        headers = {"content-type": "text/plain"}
        return RobynResponse(verdict.value, Headers(headers), verdict.name.lower())

    return guard


def _answerer(
    route: Route, render_error: ErrorRenderer
) -> Callable[[RobynRequest], Awaitable[_Answer]]:
    async def answer(request: RobynRequest) -> _Answer:
        nonce = secrets.token_urlsafe(16)
        asked: Request | None = None
        try:
            asked = _to_request(request, nonce, takes_file=route.takes_file)
            return _to_robyn(await route.handler(asked), nonce)
        except HearthError as exc:
            sentence, status = str(exc), exc.status
        except Exception as exc:  # noqa: BLE001 the last line: Robyn would log its text
            sentence, status = _bug(route, exc), 500
        if route.is_json or _wants_json(request):
            return _to_robyn(as_json(Refusal(error=sentence), status), nonce)
        return _to_robyn(render_error(asked, sentence, status), nonce)

    return answer


def _wants_json(request: RobynRequest) -> bool:
    return request.headers.get_all("accept") == ["application/json"]


def _bug(route: Route, exc: Exception) -> str:
    number = secrets.token_hex(4)
    log.error("%s in %s %s: %s", number, route.method, route.path, describe_bug(exc))
    return f"Something went wrong in Hearth. The log has more under {number}."


def _to_request(request: RobynRequest, nonce: str, *, takes_file: bool) -> Request:
    body = request.body
    content = body.encode() if isinstance(body, str) else bytes(body)
    if len(content) > (MAX_FILE_BYTES if takes_file else MAX_BODY_BYTES):
        raise TooLargeError(FILE_TOO_LARGE if takes_file else TOO_LARGE)
    headers: dict[str, str] = {}
    for name, value in request.headers.multi_items():
        headers.setdefault(name.lower(), value)
    query = request.query_params.to_dict().items()
    return Request(
        method=request.method,
        path=request.url.path,
        path_params={
            name: _decode(value, unquote) for name, value in request.path_params.items()
        },
        query={
            _decode(name, unquote_plus): _decode(values[-1], unquote_plus)
            for name, values in query
        },
        headers=headers,
        body=content,
        nonce=nonce,
    )


def _decode(value: str, unquote_once: Callable[..., str]) -> str:
    try:
        decoded = unquote_once(value, errors="strict")
    except UnicodeDecodeError as exc:
        raise InvalidInputError("The address could not be read.") from exc
    if "\0" in decoded:
        raise InvalidInputError("The address could not be read.")
    return decoded


def _to_robyn(response: Response, nonce: str) -> _Answer:
    headers = {
        "content-type": response.content_type,
        "content-security-policy": content_security_policy(nonce),
        **{name.lower(): value for name, value in response.headers.items()},
    }
    for name, value in headers.items():
        if not ((name + value).isascii() and value.isprintable()):
            raise InvalidHeaderError(f"the header {name!r} cannot be sent")
    if (stream := response.stream) is not None:
        if isinstance(stream, AsyncIterator):
            stream = _from_loop(stream, asyncio.get_running_loop())
        return StreamingResponse(
            stream, response.status, Headers(headers), response.content_type
        )
    body = response.body
    content = body.encode() if isinstance(body, str) else body
    return RobynResponse(response.status, Headers(headers), content)


def _from_loop(
    stream: AsyncIterator[str], loop: asyncio.AbstractEventLoop
) -> Iterator[str]:
    """Yield what a stream yields on the loop, in the thread Robyn sends it from."""

    async def step() -> str | None:
        return await anext(stream, None)

    def read() -> str | None:
        return asyncio.run_coroutine_threadsafe(step(), loop).result()

    yield from iter(read, None)
