"""Speaks with a libSQL server over HTTP: several statements in one request.

The protocol is Hrana's pipeline, which `sqld` and Turso understand. A statement that
fails does not stop those after it, so each must be whole by itself.
"""

import base64
import json
import ssl
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from backend.sync.transport import TransportError

if TYPE_CHECKING:
    import httpx2

Value = str | int | bytes | None
Rows = list[list[Value]]

_PIPELINE: Final = "/v2/pipeline"
_CONNECT_S: Final = 10.0
_SILENT_S: Final = 15.0
_WHOLE_S: Final = 45.0
_MOST_BYTES: Final = 16 * 1024 * 1024
"""No server sends more in one answer: 10 MB is what `sqld` sends at most."""

_UNREACHABLE: Final = (
    "The server {url} cannot be reached. Check the network and that it runs; Hearth "
    "goes on by itself."
)
_SLOW: Final = (
    "The server {url} does not answer in time. Hearth goes on by itself and keeps "
    "what waits."
)
_UNTRUSTED: Final = (
    "The certificate of the server {url} cannot be trusted, so nothing was sent. "
    "Check its address and its certificate."
)
_BUSY: Final = (
    "The server {url} is out of order or has too much to do. Hearth goes on by itself "
    "and keeps what waits."
)
_STRANGE: Final = (
    "What answers at {url} is no libSQL server. Check the address; perhaps a network "
    "asks you to sign in first. Hearth goes on by itself."
)
_ASKS_WHO: Final = (
    "The server {url} asks for a token. Choose “Change server” and enter one."
)
_EXPIRED: Final = (
    "The token for the server {url} has expired. Choose “Change server” and enter a "
    "new one; what waits here is kept."
)
_REFUSED: Final = (
    "The server {url} does not accept the token: it was revoked, or is of another "
    "database. Choose “Change server” and enter a new one; what waits here is kept."
)
_READ_ONLY: Final = (
    "The token for the server {url} may only read. Choose “Change server” and enter "
    "one that may write too."
)
_FULL: Final = (
    "The server {url} is full, or its plan is used up. Make room there; Hearth goes on "
    "by itself and keeps what waits."
)
_OTHER: Final = "The server {url} refused what Hearth asked: {words}"
_WORDS: Final = 200
_FULL_SIGNS: Final = ("blocked", "sqlite_full", "disk is full", "quota")
_FULL_STATUS: Final = {HTTPStatus.INSUFFICIENT_STORAGE, HTTPStatus.PAYMENT_REQUIRED}
_BUSY_STATUS: Final = {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.REQUEST_TIMEOUT}
_READ_SIGNS: Final = ("readonly", "read-only", "not authorized", "not allowed")


class Statement(NamedTuple):
    """One statement, with the values of its `?1`, `?2` and so on."""

    sql: str
    values: Sequence[Value] = ()


class MissingTableError(Exception):
    """The server has no table of ours: it is new, or was emptied."""


class HranaClient:
    """One server; methods block."""

    def __init__(self, url: str, token: str = "", proxy: str = "") -> None:
        """Remember where the server is.

        Args:
            url: With its scheme, without a path at its end.
            token: What it knows us by; "" where it asks for none.
            proxy: By whom it is reached; "" for nobody.
        """
        self._url = url
        self._token = token
        self._proxy = proxy
        self._client: httpx2.Client | None = None

    def run(self, statements: Sequence[Statement]) -> list[Rows]:
        """Run statements one after the other; return the rows of each.

        Raises:
            MissingTableError: A table of ours is not there.
            TransportError: The server cannot be reached, or refuses.
        """
        asked = [{"type": "execute", "stmt": _written(one)} for one in statements]
        body = json.dumps({"requests": [*asked, {"type": "close"}]}).encode()
        answer = self._asked(body)
        try:
            results = json.loads(answer)["results"]
            rows = [self._rows(one) for one in results[: len(statements)]]
        except (ValueError, KeyError, TypeError, RecursionError) as exc:
            raise self._error(_STRANGE) from exc
        if len(rows) != len(statements):
            raise self._error(_STRANGE)
        return rows

    def close(self) -> None:
        """Let go of the connection."""
        if self._client:
            self._client.close()
            self._client = None

    def _asked(self, body: bytes) -> bytes:
        import httpx2  # noqa: PLC0415 costs 0.1 s, which the start has not got

        is_fresh = self._client is None
        with self._explained():
            try:
                return self._post(body)
            except (httpx2.NetworkError, httpx2.RemoteProtocolError):
                self.close()
                if is_fresh:
                    raise
                # A connection that was kept may be gone; all we send may come twice.
                return self._post(body)

    def _post(self, body: bytes) -> bytes:
        until = time.monotonic() + _WHOLE_S
        client = self._client = self._client or self._new_client()
        with client.stream("POST", f"{self._url}{_PIPELINE}", content=body) as response:
            answer = bytearray()
            for piece in response.iter_bytes():
                answer += piece
                if time.monotonic() > until:
                    raise self._error(_SLOW)
                if len(answer) > _MOST_BYTES:
                    raise self._error(_STRANGE)
        self._check(response.status_code, bytes(answer))
        return bytes(answer)

    def _new_client(self) -> "httpx2.Client":
        import httpx2  # noqa: PLC0415 costs 0.1 s, which the start has not got

        headers = {
            "User-Agent": "Hearth",
            "Content-Type": "application/json",
            "Accept-Encoding": "identity",
        }
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        return httpx2.Client(
            headers=headers,
            timeout=httpx2.Timeout(_SILENT_S, connect=_CONNECT_S),
            transport=httpx2.HTTPTransport(
                verify=self._url.startswith("https:"),
                trust_env=False,
                proxy=self._proxy or None,
            ),
            trust_env=False,
            follow_redirects=False,
        )

    @contextmanager
    def _explained(self) -> Iterator[None]:
        import httpx2  # noqa: PLC0415 costs 0.1 s, which the start has not got

        try:
            yield
        except httpx2.TimeoutException as exc:
            self.close()
            raise self._error(_SLOW) from exc
        except (httpx2.HTTPError, httpx2.InvalidURL, OSError) as exc:
            self.close()
            is_strange = isinstance(exc, httpx2.RemoteProtocolError)
            sentence = _STRANGE if is_strange else _UNREACHABLE
            raise self._error(_UNTRUSTED if _is_untrusted(exc) else sentence) from exc

    def _check(self, status: int, answer: bytes) -> None:
        if status == HTTPStatus.OK:
            return
        words = answer[:_WORDS].decode("utf-8", "replace").lower()
        if status == HTTPStatus.UNAUTHORIZED:
            refused = _EXPIRED if "expired" in words else _REFUSED
            raise self._error(refused if self._token else _ASKS_WHO)
        if status in _FULL_STATUS or any(sign in words for sign in _FULL_SIGNS):
            raise self._error(_FULL)
        if status == HTTPStatus.FORBIDDEN:
            raise self._error(_READ_ONLY)
        is_busy = status >= HTTPStatus.INTERNAL_SERVER_ERROR or status in _BUSY_STATUS
        raise self._error(_BUSY if is_busy else _STRANGE)

    def _rows(self, result: dict[str, Any]) -> Rows:
        if result["type"] == "ok":
            found = result["response"]["result"]["rows"]
            return [[_read(value) for value in row] for row in found]
        words = str(result["error"]["message"])
        said = f"{result['error'].get('code', '')} {words}".lower()
        if "no such table" in said:
            raise MissingTableError
        if any(sign in said for sign in _FULL_SIGNS):
            raise self._error(_FULL)
        if any(sign in said for sign in _READ_SIGNS):
            raise self._error(_READ_ONLY)
        raise TransportError(_OTHER.format(url=self._url, words=words[:_WORDS]))

    def _error(self, sentence: str) -> TransportError:
        return TransportError(sentence.format(url=self._url))


def _written(statement: Statement) -> dict[str, Any]:
    return {
        "sql": statement.sql,
        "args": [_argument(value) for value in statement.values],
        "want_rows": True,
    }


def _argument(value: Value) -> dict[str, str]:
    match value:
        case None:
            return {"type": "null"}
        case bytes():
            plain = base64.b64encode(value).decode().rstrip("=")
            return {"type": "blob", "base64": plain}
        case int():
            return {"type": "integer", "value": str(value)}
        case str():
            return {"type": "text", "value": value}


def _read(value: dict[str, Any]) -> Value:
    match value["type"]:
        case "null":
            return None
        case "integer":
            return int(value["value"])
        case "blob":
            text = str(value["base64"])
            return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
        case _:
            return str(value["value"])


def _is_untrusted(exc: BaseException) -> bool:
    cause: BaseException | None = exc
    while cause:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return True
        cause = cause.__cause__ or cause.__context__
    return False
