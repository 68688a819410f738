"""Asks an address whether a model server answers there, and what else if not."""

import asyncio
import json
import socket
import ssl
from contextlib import suppress
from enum import Enum
from http import HTTPStatus
from typing import TYPE_CHECKING, Final
from urllib.parse import urljoin

from msgspec import Struct

from backend.llm.listed_model import ListedModel
from backend.llm.wire.answer_events import NotAnAnswerError
from backend.llm.wire.client import DIRECT, ServerRoute, endpoint, new_client
from backend.llm.wire.exchange import causes, read_text
from backend.llm.wire.failures import classify_failure
from backend.llm.wire.limits import FAR
from backend.llm.wire.model_list import read_model_list

if TYPE_CHECKING:
    import httpx2

DEADLINE_S: Final = 6.0
_CONNECT_S: Final = 4.0
_SOFTWARE: Final = (
    ("llamacpp", "llama.cpp"),
    ("vllm", "vLLM"),
    ("sglang", "SGLang"),
    ("koboldcpp", "KoboldCpp"),
    ("organization_owner", "LM Studio"),
    ("organization-owner", "LM Studio"),
    ("library", "Ollama"),
)
"""What servers call the owner of their models."""


class ProbeResult(Enum):
    """What came of asking an address for its models."""

    MODELS = "models"
    NO_LIST = "no list"
    KEY_REFUSED = "key refused"
    MOVED = "moved"
    BUSY = "busy"
    NO_NAME = "no such name"
    NO_TLS = "no TLS"
    UNTRUSTED = "untrusted"
    UNREACHABLE = "unreachable"
    PROXY = "proxy"
    SILENT = "silent"


ANSWERED: Final = frozenset(
    {
        ProbeResult.MODELS,
        ProbeResult.NO_LIST,
        ProbeResult.KEY_REFUSED,
        ProbeResult.MOVED,
        ProbeResult.BUSY,
    }
)
"""There is somebody: another path may be the right one."""


class Probe(Struct, frozen=True, kw_only=True):
    """One address and what came of it.

    Attributes:
        listed: The models with what the server says of them.
        status: The HTTP status, 0 when none came.
        detail: The server's own words for an error.
        location: Where it sends on to, if so.
        software: What runs there, "" when it does not say.
    """

    base: str
    reply: ProbeResult
    models: tuple[str, ...] = ()
    listed: tuple[ListedModel, ...] = ()
    status: int = 0
    detail: str = ""
    location: str = ""
    software: str = ""


async def ask_models(
    base: str,
    key: str = "",
    deadline_s: float = DEADLINE_S,
    route: ServerRoute = DIRECT,
) -> Probe:
    """Ask one base address for its list of models."""
    try:
        client = await asyncio.to_thread(new_client, base, key, _CONNECT_S, route)
    except OSError:  # the file of the certificate authority
        return Probe(base=base, reply=ProbeResult.UNTRUSTED)
    import httpx2  # noqa: PLC0415 by now imported, in the thread

    try:
        async with (
            asyncio.timeout(deadline_s),
            client.stream("GET", endpoint(base, "/models")) as response,
        ):
            return _judge(base, response, await _read(response))
    except (TimeoutError, httpx2.TimeoutException):
        return Probe(base=base, reply=ProbeResult.SILENT)
    # anyio 4 on uvloop asks a socket that is gone already for its name.
    except (httpx2.HTTPError, httpx2.InvalidURL, AttributeError) as exc:
        return Probe(base=base, reply=_why(exc))
    finally:
        await client.aclose()


async def takes_chats(base: str, key: str = "", route: ServerRoute = DIRECT) -> bool:
    """Whether chat requests are read there; an empty one is sent, which is free."""
    client = await asyncio.to_thread(new_client, base, key, _CONNECT_S, route)
    import httpx2  # noqa: PLC0415 new_client loaded it

    try:
        async with (
            asyncio.timeout(DEADLINE_S),
            client.stream(
                "POST", endpoint(base, "/chat/completions"), content=b"{}"
            ) as response,
        ):
            kind = response.headers.get("Content-Type", "")
            is_page = response.status_code == HTTPStatus.OK and "html" in kind
            return not is_page and response.status_code not in (
                HTTPStatus.NOT_FOUND,
                HTTPStatus.METHOD_NOT_ALLOWED,
                HTTPStatus.NOT_IMPLEMENTED,
                *range(300, 400),
            )
    except (TimeoutError, httpx2.HTTPError, httpx2.InvalidURL, AttributeError):
        return False  # AttributeError: see above
    finally:
        await client.aclose()


async def _read(response: "httpx2.Response") -> str:
    if response.headers.get("Content-Encoding", "identity") != "identity":
        return ""
    try:
        return await read_text(response, FAR.models_bytes)
    except NotAnAnswerError:
        return ""


def _judge(base: str, response: "httpx2.Response", body: str) -> Probe:
    status = response.status_code
    server = response.headers.get("Server", "")
    if status == HTTPStatus.OK:
        with suppress(NotAnAnswerError):
            found = read_model_list(body)
            return Probe(
                base=base,
                reply=ProbeResult.MODELS,
                models=tuple(model.id for model in found),
                listed=tuple(found),
                status=status,
                software=_software(body, server),
            )
        return Probe(base=base, reply=ProbeResult.NO_LIST, status=status)
    detail = classify_failure(status, body)[1]
    location = response.headers.get("Location", "")
    if 300 <= status < 400 and location:  # noqa: PLR2004 all redirects
        target = urljoin(endpoint(base, "/models"), location)
        return Probe(base=base, reply=ProbeResult.MOVED, status=status, location=target)
    reply = ProbeResult.NO_LIST
    if status == HTTPStatus.PROXY_AUTHENTICATION_REQUIRED:
        reply = ProbeResult.PROXY
    elif status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        reply = ProbeResult.KEY_REFUSED
    elif status == HTTPStatus.TOO_MANY_REQUESTS or status >= 500:  # noqa: PLR2004 all
        reply = ProbeResult.BUSY
    return Probe(base=base, reply=reply, status=status, detail=detail)


def _software(body: str, server: str) -> str:
    if "llama.cpp" in server.lower():
        return "llama.cpp"
    with suppress(ValueError, TypeError, AttributeError, IndexError, KeyError):
        data = json.loads(body)["data"][0]
        owner = f"{data.get('owned_by', '')} {str(data['id']).partition('/')[0]}"
        return next((name for mark, name in _SOFTWARE if mark in owner.split()), "")
    return ""


def _why(exc: BaseException) -> ProbeResult:
    import httpx2  # noqa: PLC0415 by now imported, in the thread

    for cause in causes(exc):
        if isinstance(cause, httpx2.ProxyError):
            return ProbeResult.PROXY
        if isinstance(cause, socket.gaierror):
            return ProbeResult.NO_NAME
        if isinstance(cause, ssl.SSLCertVerificationError):
            return ProbeResult.UNTRUSTED
        if isinstance(cause, ssl.SSLError):
            return ProbeResult.NO_TLS
    return ProbeResult.UNREACHABLE
