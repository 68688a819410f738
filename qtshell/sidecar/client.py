"""The shell's own requests to the sidecar, with the token of this run."""

import logging
from collections.abc import Callable, Mapping
from typing import Final, Generic, TypeVar
from urllib.parse import urlencode

from PySide6.QtCore import QByteArray, QObject, QUrl
from PySide6.QtNetwork import QNetworkReply, QNetworkRequest

from backend.interface.api_types import Done, Refusal, decode
from backend.interface.protocol import TOKEN_HEADER, ProtocolError
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


def let_go_of_nothing() -> None:
    """End a request that is over already."""


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

    def follow(
        self,
        path: str,
        kind: type[T],
        take: Callable[[T], object],
        *,
        refused: Callable[[Refusal], object],
        cut: Callable[[], object],
    ) -> Callable[[], None]:
        """Fetch values as they come, one a line; return what lets go of them.

        Ends with `refused`, or `cut` when no more come or one cannot be read. After it
        was let go of, nothing is called any more.
        """
        request = self._request(path)
        if request is None:
            cut()
            return let_go_of_nothing
        lines = _Lines(self._network.get(request), kind, take, refused, cut)
        return lines.let_go

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


class _Lines(Generic[T]):
    """Reads the values of one reply."""

    def __init__(
        self,
        reply: QNetworkReply,
        kind: type[T],
        take: Callable[[T], object],
        refused: Callable[[Refusal], object],
        cut: Callable[[], object],
    ) -> None:
        self._reply: QNetworkReply | None = reply
        self._kind, self._take, self._refused, self._cut = kind, take, refused, cut
        reply.readyRead.connect(self._read)
        reply.finished.connect(self._finish)

    def let_go(self) -> None:
        """Read no more."""
        reply, self._reply = self._reply, None
        if reply is not None:
            reply.abort()
            reply.deleteLater()

    def _read(self) -> None:
        # What takes a value may let go.
        while (reply := self._reply) and not _refusal_of(reply) and reply.canReadLine():
            line = bytes(reply.readLine().data()).strip()
            try:
                if line:  # else it only says that it is still there
                    self._take(decode(self._kind, line))
            except ProtocolError as exc:
                log.warning("a line could not be read: %s", exc)
                self.let_go()
                self._cut()

    def _finish(self) -> None:
        self._read()
        if (reply := self._reply) is None:
            return
        status, body = _refusal_of(reply), bytes(reply.readAll().data())
        self.let_go()
        if status:
            self._refused(read_answer(Refusal, status, body))
        else:
            self._cut()


def _refusal_of(reply: QNetworkReply) -> int:
    """Return the status of a refusal; 0 while or when it is none."""
    status = reply.attribute(QNetworkRequest.Attribute.HttpStatusCodeAttribute)
    return status if isinstance(status, int) and status >= _REFUSED else 0


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
