"""Robyn's server without its framework: the compiled half alone.

Importing the package reads argv, the environment and a robyn.env file, sets up
logging and costs 0.3 s; its compiled module needs none of it.
"""

import sys
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import Any, Protocol


def _without_framework() -> None:
    spec = find_spec("robyn")
    if spec is None or spec.submodule_search_locations is None:
        raise ImportError("Robyn is not installed")
    package = ModuleType("robyn")
    package.__path__ = list(spec.submodule_search_locations)
    package.__spec__ = spec
    sys.modules["robyn"] = package


if "robyn" not in sys.modules:
    _without_framework()

_compiled: Any = import_module("robyn.robyn")

# Robyn 0.88's stub knows neither all of these nor their true signatures.
FunctionInfo: Any = _compiled.FunctionInfo
Headers: Any = _compiled.Headers
HttpMethod: Any = _compiled.HttpMethod
MiddlewareType: Any = _compiled.MiddlewareType
RobynResponse: Any = _compiled.Response
Server: Any = _compiled.Server
SocketHeld: Any = _compiled.SocketHeld
StreamingResponse: Any = _compiled.StreamingResponse


class RobynHeaders(Protocol):
    """The headers of a request; a name may come several times."""

    def get_all(self, name: str) -> list[str] | None:
        """Return every value of a header."""
        ...

    def multi_items(self) -> list[tuple[str, str]]:
        """Return every header."""
        ...


class RobynQuery(Protocol):
    """The query of a request, not decoded."""

    def to_dict(self) -> dict[str, list[str]]:
        """Return every value of every name."""
        ...


class RobynUrl(Protocol):
    """The address of a request."""

    path: str


class RobynRequest(Protocol):
    """A request as Robyn hands it over."""

    method: str
    url: RobynUrl
    headers: RobynHeaders
    query_params: RobynQuery
    path_params: dict[str, str]
    body: str | bytes


class RobynServer(Protocol):
    """The server that is written in Rust."""

    def apply_request_headers(self, headers: object) -> None:
        """Add headers to every request."""
        ...

    def apply_response_headers(self, headers: object) -> None:
        """Add headers to every response, Robyn's own included."""
        ...

    def set_response_headers_exclude_paths(self, paths: list[str] | None) -> None:
        """Leave these paths without them."""
        ...

    def add_global_middleware(self, kind: object, function: object) -> None:
        """Run a function around every request."""
        ...

    def add_route(
        self, route_type: object, route: str, function: object, *, is_const: bool
    ) -> None:
        """Serve one method and path."""
        ...

    def add_startup_handler(self, function: object) -> None:
        """Run a function on the loop just before serving."""
        ...

    def start(self, held: object, workers: int) -> None:
        """Serve on a socket, and return only on an error."""
        ...
