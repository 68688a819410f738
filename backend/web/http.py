"""Requests, responses and routers in Hearth's own types; Robyn stays behind them."""

import asyncio
import inspect
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Final, Generic, Protocol, TypeAlias, TypeVar
from urllib.parse import parse_qsl, urlsplit

from msgspec import Struct, field

from backend.errors import InvalidInputError, TooLargeError
from backend.interface.api_types import encode
from backend.interface.protocol import MAX_ENCODED_CHAR_BYTES, MAX_TEXT_CHARS

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

MAX_BODY_BYTES: Final = 2 * MAX_TEXT_CHARS * MAX_ENCODED_CHAR_BYTES + 64 * 1024
"""Two texts, as an action takes them, and what is sent with them."""
MAX_FILE_BYTES: Final = 40 * 1024 * 1024
FILE_TOO_LARGE: Final = (
    f"This file is larger than {MAX_FILE_BYTES // 1024**2} MB. Make it smaller, and "
    "attach that."
)
_MAX_DIGITS: Final = 18
TOO_LARGE: Final = (
    f"That text is too long. The limit is {MAX_TEXT_CHARS:,} characters; "
    "send it in parts."
)


class Request(Struct, frozen=True, kw_only=True):
    """What a handler gets.

    Attributes:
        path_params: Percent-decoded once.
        query: Percent-decoded once; the last of a repeated name wins.
        headers: Lower-case names; the first of a repeated name.
        nonce: Of this response's content security policy; a page's scripts carry it.
    """

    method: str
    path: str
    path_params: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    nonce: str = ""

    @property
    def is_htmx(self) -> bool:
        """Whether htmx asks, and so wants a fragment (but not when restoring)."""
        return (
            self.headers.get("hx-request") == "true"
            and self.headers.get("hx-history-restore-request") != "true"
        )

    @property
    def is_document(self) -> bool:
        """Whether a browser asks for a page of its own."""
        return self.headers.get("sec-fetch-dest") == "document"

    @property
    def shown_path(self) -> str:
        """The path of the page htmx asks from; "" when it tells none."""
        try:
            return urlsplit(self.headers.get("hx-current-url", "")).path
        except ValueError:
            return ""

    def number(self, name: str) -> int:
        """Return a whole number of the query; 0 for anything else."""
        return whole_number(self.query.get(name, "")) or 0

    def form(self) -> dict[str, str]:
        """Return the fields of a url-encoded body; of equal names the last.

        Raises:
            InvalidInputError: The body is not url-encoded UTF-8.
            TooLargeError: The body is larger than `MAX_BODY_BYTES`.
        """
        return dict(self._fields())

    def chosen(self, name: str) -> list[str]:
        """Return every value of a field that is there several times.

        Raises:
            InvalidInputError: The body is not url-encoded UTF-8.
            TooLargeError: The body is larger than `MAX_BODY_BYTES`.
        """
        return [value for field, value in self._fields() if field == name]

    def _fields(self) -> list[tuple[str, str]]:
        if len(self.body) > MAX_BODY_BYTES:
            raise TooLargeError(TOO_LARGE)
        try:
            return parse_qsl(
                self.body.decode("utf-8"), keep_blank_values=True, errors="strict"
            )
        except ValueError as exc:
            raise InvalidInputError("The form could not be read.") from exc


class Response(Struct, frozen=True, kw_only=True):
    """What a handler answers; security headers are added where it leaves.

    Attributes:
        stream: Sent piece by piece instead of the body, from a thread of its own. An
            asynchronous one is read on the loop all the same.
    """

    status: int = 200
    body: str | bytes = ""
    content_type: str = "text/html; charset=utf-8"
    headers: Mapping[str, str] = field(default_factory=dict)
    stream: Iterator[str] | AsyncIterator[str] | None = None


C = TypeVar("C")
_Answer: TypeAlias = Response | Awaitable[Response]
R = TypeVar("R", bound=_Answer)

Handler = Callable[[Request], Awaitable[Response]]
AppHandler: TypeAlias = Callable[[Request, C], R]
"""Answers a request with the help of C, which its router is given.

One that uses the store alone is a plain `def`: all of it runs in a thread. One that
waits for the network, an engine or an answer is `async def` and stays on the loop.
"""


class Register(Protocol[C]):
    """Registers a handler, and leaves it as it is."""

    def __call__(self, handler: AppHandler[C, R], /) -> AppHandler[C, R]:
        """Return the handler."""
        ...


ErrorRenderer = Callable[[Request | None, str, int], Response]
"""Answers a request, which may be unreadable, with a sentence and a status."""


def whole_number(text: str) -> int | None:
    """Read a number that may come from anywhere; None when it is none."""
    is_number = text.isascii() and text.isdigit() and len(text) <= _MAX_DIGITS
    return int(text) if is_number else None


def as_json(value: "DataclassInstance", status: int = 200) -> Response:
    """Answer with one of `backend.interface.api_types`."""
    return Response(status=status, body=encode(value), content_type="application/json")


class Route(Struct, frozen=True):
    """One method and path; path parameters are written `:name`.

    Attributes:
        takes_file: Its body is a file, and so may be larger.
    """

    method: str
    path: str
    handler: Handler
    takes_file: bool = False

    @property
    def is_json(self) -> bool:
        """Whether who asks reads JSON, also when it is refused."""
        return self.path.startswith("/api/")


class AppRouter(Generic[C]):
    """Collects the handlers of one noun: functions of its module."""

    def __init__(self) -> None:
        self._handlers: list[tuple[str, str, AppHandler[C, _Answer], bool]] = []

    def get(self, path: str) -> Register[C]:
        """Register a handler that changes nothing."""
        return self._add("GET", path)

    def post(self, path: str, *, takes_file: bool = False) -> Register[C]:
        """Register a handler that creates or acts, on a form or on a file."""
        return self._add("POST", path, takes_file=takes_file)

    def put(self, path: str) -> Register[C]:
        """Register a handler that replaces something."""
        return self._add("PUT", path)

    def delete(self, path: str) -> Register[C]:
        """Register a handler that moves something to the trash."""
        return self._add("DELETE", path)

    def routes(self, ready: Callable[[Request], Awaitable[C]]) -> list[Route]:
        """Return the routes; each request waits for what `ready` makes for it."""
        return [
            Route(method, path, _on_loop(handler, ready), takes_file)
            for method, path, handler, takes_file in self._handlers
        ]

    def _add(self, method: str, path: str, *, takes_file: bool = False) -> Register[C]:
        def register(handler: AppHandler[C, R]) -> AppHandler[C, R]:
            self._handlers.append((method, path, handler, takes_file))
            return handler

        return register


def given(app: C) -> Callable[[Request], Awaitable[C]]:
    """Let handlers work with what is there already."""

    async def ready(_request: Request) -> C:
        return app

    return ready


def _on_loop(
    handler: AppHandler[C, _Answer], ready: Callable[[Request], Awaitable[C]]
) -> Handler:
    is_async = inspect.iscoroutinefunction(handler)

    async def handle(request: Request) -> Response:
        app = await ready(request)
        if is_async:
            answer = handler(request, app)
        else:
            answer = await asyncio.to_thread(handler, request, app)
        return answer if isinstance(answer, Response) else await answer

    return handle
