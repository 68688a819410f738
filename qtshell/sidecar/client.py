"""The shell's own requests to the sidecar, with the token of this run."""

from collections.abc import Callable, Mapping
from urllib.parse import urlencode

from PySide6.QtCore import QByteArray, QObject, QUrl
from PySide6.QtNetwork import QNetworkReply, QNetworkRequest

from backend.protocol import TOKEN_HEADER
from qtshell.sidecar.health import local_network, local_request
from qtshell.sidecar.supervisor import Trust

_TIMEOUT_MS = 40_000
"""More than a request that waits for news may take."""
_MAX_ANSWER_BYTES = 1024 * 1024

OnReply = Callable[[int, bytes], None]
"""Called with the HTTP status and the body; status 0 when nobody answered."""


class SidecarClient(QObject):
    """Asks the proved sidecar; it answers like any route of the page."""

    def __init__(
        self, trust: Callable[[], Trust | None], parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._trust = trust
        self._network = local_network(self)

    def post(self, path: str, form: Mapping[str, str], answered: OnReply) -> None:
        """Send a form and hand over the answer."""
        request = self._request(path)
        if request is None:
            answered(0, b"")
            return
        kind = "application/x-www-form-urlencoded"
        request.setHeader(QNetworkRequest.KnownHeaders.ContentTypeHeader, kind)
        reply = self._network.post(request, QByteArray(urlencode(form).encode()))
        reply.finished.connect(lambda: _finish(reply, answered))

    def get(self, path: str, answered: OnReply) -> None:
        """Fetch a path and hand over the answer."""
        request = self._request(path)
        if request is None:
            answered(0, b"")
            return
        reply = self._network.get(request)
        reply.finished.connect(lambda: _finish(reply, answered))

    def _request(self, path: str) -> QNetworkRequest | None:
        trust = self._trust()
        if trust is None:
            return None
        request = local_request(QUrl(f"{trust.origin}{path}"))
        request.setTransferTimeout(_TIMEOUT_MS)
        headers = {
            TOKEN_HEADER: trust.token,
            "Origin": str(trust.origin),
            "Sec-Fetch-Site": "same-origin",
        }
        for name, value in headers.items():
            request.setRawHeader(QByteArray(name.encode()), QByteArray(value.encode()))
        return request


def _finish(reply: QNetworkReply, answered: OnReply) -> None:
    status = reply.attribute(QNetworkRequest.Attribute.HttpStatusCodeAttribute)
    body = bytes(reply.read(_MAX_ANSWER_BYTES).data())
    reply.deleteLater()
    answered(status if isinstance(status, int) else 0, body)
