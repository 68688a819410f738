"""The shell's own requests to the sidecar, with the token of this run."""

import logging
from collections.abc import Callable, Mapping
from typing import Final, TypeVar
from urllib.parse import urlencode

from PySide6.QtCore import QByteArray, QObject, QUrl
from PySide6.QtNetwork import QNetworkReply, QNetworkRequest

from backend.api_types import Done, Refusal, decode
from backend.protocol import TOKEN_HEADER, ProtocolError
from qtshell.sidecar.health import local_network, local_request
from qtshell.sidecar.supervisor import Trust

log = logging.getLogger("hearth.shell")

T = TypeVar("T")

_TIMEOUT_MS: Final = 40_000
"""More than a request that waits for news may take."""
_REFUSED: Final = 400
_FIRST_HTTP_ERROR: Final = 200
"""Of Qt's network errors: below it stand those of the connection and the proxy."""
_GONE: Final = 404
_UNREADABLE: Final = "That did not work. See the log for details."


def _nothing(_: object = None) -> None:
    """Take an answer nobody needs: a sidecar that is away hears of it later."""


class SidecarClient(QObject):
    """Asks the proved sidecar; it answers like any route of the page.

    Each request ends with one of three calls: `done` with the value that was asked
    for, `refused` with the sidecar's own sentence, or `unreachable`.
    """

    def __init__(
        self, trust: Callable[[], Trust | None], parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._trust = trust
        self._network = local_network(self)

    def post(
        self,
        path: str,
        form: Mapping[str, str],
        kind: type[T],
        done: Callable[[T], object] = _nothing,
        *,
        refused: Callable[[Refusal], object] = _nothing,
        unreachable: Callable[[], object] = _nothing,
    ) -> None:
        """Send a form; of what is answered to `Done`, only the status counts."""
        request = self._request(path)
        if request is None:
            unreachable()
            return
        media_type = "application/x-www-form-urlencoded"
        request.setHeader(QNetworkRequest.KnownHeaders.ContentTypeHeader, media_type)
        reply = self._network.post(request, QByteArray(urlencode(form).encode()))
        _when_finished(reply, kind, done, refused, unreachable)

    def get(
        self,
        path: str,
        kind: type[T],
        done: Callable[[T], object],
        *,
        refused: Callable[[Refusal], object] = _nothing,
        unreachable: Callable[[], object] = _nothing,
    ) -> None:
        """Fetch a path."""
        request = self._request(path)
        if request is None:
            unreachable()
            return
        reply = self._network.get(request)
        _when_finished(reply, kind, done, refused, unreachable)

    def _request(self, path: str) -> QNetworkRequest | None:
        trust = self._trust()
        if trust is None:
            return None
        request = local_request(QUrl(f"{trust.origin}{path}"))
        request.setTransferTimeout(_TIMEOUT_MS)
        headers = {
            TOKEN_HEADER: trust.token,
            "Accept": "application/json",
            "Origin": str(trust.origin),
            "Sec-Fetch-Site": "same-origin",
        }
        for name, value in headers.items():
            request.setRawHeader(QByteArray(name.encode()), QByteArray(value.encode()))
        return request


def _when_finished(
    reply: QNetworkReply,
    kind: type[T],
    done: Callable[[T], object],
    refused: Callable[[Refusal], object],
    unreachable: Callable[[], object],
) -> None:
    def finish() -> None:
        status = reply.attribute(QNetworkRequest.Attribute.HttpStatusCodeAttribute)
        is_cut = 0 < reply.error().value < _FIRST_HTTP_ERROR
        body = bytes(reply.readAll().data())
        reply.deleteLater()
        if not isinstance(status, int) or is_cut:
            unreachable()
            return
        answer = read_answer(kind, status, body)
        if isinstance(answer, Refusal):
            refused(answer)
        else:
            done(answer)

    reply.finished.connect(finish)


def read_answer(kind: type[T], status: int, body: bytes) -> T | Refusal:
    """Return the value that was asked for, or why there is none."""
    if kind is Done and status < _REFUSED:
        return kind()
    try:
        if status < _REFUSED:
            return decode(kind, body)
        refusal = decode(Refusal, body)
    except ProtocolError as exc:
        log.warning("an answer with status %d could not be read: %s", status, exc)
        refusal = Refusal()
    error = refusal.error or _UNREADABLE
    return Refusal(error=error, is_gone=status == _GONE)
