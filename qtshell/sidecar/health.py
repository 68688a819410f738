"""Asks the health route who is there, and believes only a right proof."""

import hmac
import json
import secrets

from PySide6.QtCore import QObject, QTimer, QUrl, QUrlQuery, Signal
from PySide6.QtNetwork import (
    QHttp1Configuration,
    QNetworkAccessManager,
    QNetworkProxy,
    QNetworkReply,
    QNetworkRequest,
)

from backend.interface.protocol import HEALTH_PATH, prove
from qtshell.sidecar.origin import Origin

_RETRY_MS = 50
_CONNECTIONS = 100
_MAX_ANSWER_BYTES = 16 * 1024


class Prober(QObject):
    """Proves and re-proves one sidecar over HTTP, as a TCP connect proves nothing.

    One route is enough: every answer needs the GIL, for the guard, and this one the
    handlers' loop too, so whatever blocks either is found.

    Signals:
        proved: The asked one knows the token.
        disproved: Somebody answered who does not.
    """

    proved = Signal()
    disproved = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._network = local_network(self)
        self._target: tuple[Origin, str] | None = None
        self._open: dict[QNetworkReply, str] = {}
        self._again = QTimer(self, singleShot=True, interval=_RETRY_MS)
        self._again.timeout.connect(self.beat)

    def probe(self, origin: Origin, token: str) -> None:
        """Ask until there is an answer or `cancel_probes` is called."""
        self.cancel_probes()
        self._target = (origin, token)
        self.beat()

    def beat(self) -> None:
        """Ask once more."""
        if self._target is None:
            return
        nonce = secrets.token_hex(16)
        url = QUrl(str(self._target[0]) + HEALTH_PATH)
        query = QUrlQuery()
        query.addQueryItem("nonce", nonce)
        url.setQuery(query)
        request = local_request(url)
        # Over a connection of its own: one that is kept open goes on answering when
        # the sidecar takes no new ones, as the page needs them.
        request.setRawHeader(b"Connection", b"close")
        reply = self._network.get(request)
        self._open[reply] = nonce
        reply.finished.connect(lambda: self._on_reply_finished(reply))

    def cancel_probes(self) -> None:
        """Forget the sidecar and whatever it may still answer."""
        self._target = None
        self._again.stop()
        waiting, self._open = self._open, {}
        for reply in waiting:
            reply.abort()
            reply.deleteLater()

    def _on_reply_finished(self, reply: QNetworkReply) -> None:
        nonce = self._open.pop(reply, None)
        if nonce is None or self._target is None:
            return
        reply.deleteLater()
        answer = bytes(reply.read(_MAX_ANSWER_BYTES).data())
        if not answer:
            self._again.start()
            return
        right = hmac.compare_digest(_proof_in(answer), prove(self._target[1], nonce))
        (self.proved if right else self.disproved).emit()


def local_network(parent: QObject) -> QNetworkAccessManager:
    """Return a network that reaches this machine without any proxy."""
    network = QNetworkAccessManager(parent)
    network.setProxy(QNetworkProxy(QNetworkProxy.ProxyType.NoProxy))
    network.setAutoDeleteReplies(False)
    return network


def local_request(url: QUrl) -> QNetworkRequest:
    """Return a request that follows no redirect and keeps no cookie or copy."""
    request = QNetworkRequest(url)
    attribute = QNetworkRequest.Attribute
    manual = QNetworkRequest.LoadControl.Manual
    request.setAttribute(
        attribute.RedirectPolicyAttribute,
        QNetworkRequest.RedirectPolicy.ManualRedirectPolicy,
    )
    request.setAttribute(attribute.CookieLoadControlAttribute, manual)
    request.setAttribute(attribute.CookieSaveControlAttribute, manual)
    # Each answer that is followed holds one, and other requests must not wait for it.
    connections = QHttp1Configuration()
    connections.setNumberOfConnectionsPerHost(_CONNECTIONS)
    request.setHttp1Configuration(connections)
    request.setAttribute(
        attribute.CacheLoadControlAttribute,
        QNetworkRequest.CacheLoadControl.AlwaysNetwork,
    )
    return request


def _proof_in(answer: bytes) -> str:
    try:
        data = json.loads(answer)
    except (ValueError, RecursionError):
        return ""
    proof = data.get("proof") if isinstance(data, dict) else None
    return proof if isinstance(proof, str) and proof.isascii() else ""
