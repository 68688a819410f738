"""No way out of the real page: links, windows, permissions, files and packets."""

from typing import Self

import pytest
from PySide6.QtCore import QObject, QUrl, Slot
from PySide6.QtGui import QDesktopServices
from PySide6.QtWebEngineCore import QWebEngineLoadingInfo
from PySide6.QtWidgets import QMessageBox
from pytestqt.qtbot import QtBot

from qtshell.dialogs.page_commands import LinkOpener
from tests.helpers.canary import Canary
from tests.helpers.page import Parrot, RealPage
from tests.helpers.payloads import FORBIDDEN_LINKS

pytestmark = [pytest.mark.sidecar, pytest.mark.gui]


def test_webrtc_sends_no_packet(page: RealPage, canary: Canary) -> None:
    page.open("/")
    page.run(
        "(async () => { window.gathered = false;"
        f"const urls = 'stun:127.0.0.1:{canary.udp_port}';"
        "const peer = new RTCPeerConnection({iceServers: [{urls}]});"
        "peer.onicegatheringstatechange = () => {"
        "  if (peer.iceGatheringState === 'complete') window.gathered = true; };"
        "peer.createDataChannel('x');"
        "await peer.setLocalDescription(await peer.createOffer()); })(); 0"
    )
    page.wait_for("window.gathered")
    assert canary.heard == []


class Desktop(QObject):
    """Takes what would be handed to the desktop."""

    def __init__(self) -> None:
        super().__init__()
        self.opened: list[str] = []
        schemes = {link.strip().partition(":")[0].lower() for link in FORBIDDEN_LINKS}
        self.schemes = {scheme for scheme in schemes if scheme.isascii()}

    @Slot(QUrl)
    def take(self, url: QUrl) -> None:
        """Remember an address."""
        self.opened.append(url.toString())

    def __enter__(self) -> Self:
        for scheme in self.schemes:
            QDesktopServices.setUrlHandler(
                scheme,
                self,
                "take",  # type: ignore[arg-type]  # the stub says bytes, Qt wants str
            )
        return self

    def __exit__(self, *_: object) -> None:
        for scheme in self.schemes:
            QDesktopServices.unsetUrlHandler(scheme)


def test_of_sixty_forbidden_links_none_is_opened(page: RealPage) -> None:
    assert len(FORBIDDEN_LINKS) >= 60
    asked: list[str] = []
    links = LinkOpener(page.view)
    page.view.outside_asked.connect(links.ask)
    page.view.outside_asked.connect(lambda url: asked.append(url.toString()))
    page.open("/")
    here = page.view.url()
    with Desktop() as desktop:
        for link in FORBIDDEN_LINKS:
            for target in ("_self", "_blank"):
                page.run(
                    "(() => { const link = document.createElement('a');"
                    f"link.href = '{link}'; link.target = '{target}';"
                    "document.body.append(link); link.click(); })()"
                )
                page.settle()
                # Chromium asks nobody before it goes to about:blank; the shell
                # comes back.
                page.wait_until(lambda: page.view.url() == here)
                page.wait_for("document.readyState", "complete")
        assert page.run("typeof window.owned") == "undefined"
        assert asked == []
        page.open("/")
        page.run(
            "document.body.insertAdjacentHTML('beforeend',"
            "'<a id=out href=https://example.com/>x</a>');"
            "document.getElementById('out').click()"
        )
        page.wait_until(lambda: asked == ["https://example.com/"])
        assert desktop.opened == []
    box = page.view.findChild(QMessageBox)
    assert box is not None
    assert box.informativeText() == "https://example.com/"
    box.close()


@pytest.mark.parametrize("link", ["https://example.com/", "/shell/{key}/zoom?step=in"])
def test_a_link_that_leaves_the_page_open_does_not_load_it_again(
    page: RealPage, qtbot: QtBot, link: str
) -> None:
    page.open("/settings")
    stopped = QWebEngineLoadingInfo.LoadStatus.LoadStoppedStatus
    href = link.format(key=page.trust.command_key)
    with qtbot.waitSignal(
        page.view.page().loadingChanged,
        check_params_cb=lambda info: info.status() is stopped,
    ):
        page.run(
            "document.body.insertAdjacentHTML('beforeend',"
            f"'<a id=out href={href}>x</a>');"
            "document.getElementById('out').click()"
        )
    assert page.view.is_loaded


RELATIVE = (
    "http:/shell/pick-model",
    "http:/shell/open-data",
    "HTTP:/settings",
    "http:x",
    "http:?q",
    "http:#main",
    "http:\\\\shell\\\\open-logs",
    "http:/\\\\events",
    "http:&#9;/events",
    "http&colon;/api/v1/status",
    "/shell/pick-model",
    "//shell/pick-model",
    "?q",
    "#main",
)


def test_a_link_in_a_text_never_leads_to_hearth_itself(
    page: RealPage, parrot: Parrot, qtbot: QtBot
) -> None:
    links = [f"[x]({address}) <{address}> {address}" for address in RELATIVE]
    labels = [f"[x][{n}]\n\n[{n}]: {address}" for n, address in enumerate(RELATIVE)]
    parrot.texts["relative"] = "\n\n".join([*links, *labels])
    page.open("/")
    page.ask("relative")
    before = page.view.url()
    own = "[...document.querySelectorAll('.prose a[href]')].filter(one => one.host"
    assert page.run(f"{own} === location.host).length") == 0
    with qtbot.assertNotEmitted(page.view.command_asked):
        page.run("document.querySelectorAll('.prose a').forEach(one => one.click()); 0")
        page.settle()
        # Were one there after all, the shell would still not know it.
        page.run(
            "document.querySelector('.prose').insertAdjacentHTML('beforeend',"
            "'<a id=forged href=http:/shell/pick-model>x</a>');"
            "document.getElementById('forged').click(); 0"
        )
        page.settle()
    assert page.view.url() == before


def test_windows_permissions_and_files_are_denied(page: RealPage) -> None:
    page.open("/")
    asks = {
        "microphone": "navigator.mediaDevices.getUserMedia({audio: true})",
        "camera": "navigator.mediaDevices.getUserMedia({video: true})",
        "clipboard": "navigator.clipboard.readText()",
        "notifications": "Notification.requestPermission()"
        ".then((said) => said === 'granted' || Promise.reject())",
        "file": "fetch('file:///etc/passwd')",
    }
    for name, ask in asks.items():
        page.run(
            f"window.said = ''; {ask}.then(() => said = 'yes', () => said = 'no'); 0"
        )
        page.wait_for("window.said", "no")
        assert page.run("window.said") == "no", name
    assert page.run("window.open('/') === null") is True
    assert page.run("window.open('https://example.com/') === null") is True
    page.run("location.href = 'file:///etc/passwd'; 0")
    page.settle()
    assert page.view.url().toString() == f"{page.trust.origin}/"
