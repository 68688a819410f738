"""The page and its guards: one origin, one token, nothing else."""

import logging
from typing import Final

from PySide6.QtCore import QObject, QUrl, Signal
from PySide6.QtWebEngineCore import (
    QWebEngineLoadingInfo,
    QWebEngineNewWindowRequest,
    QWebEnginePage,
    QWebEnginePermission,
    QWebEngineProfile,
    QWebEngineSettings,
    QWebEngineUrlRequestInfo,
    QWebEngineUrlRequestInterceptor,
)

from backend.interface.protocol import TOKEN_HEADER
from qtshell.sidecar.origin import Origin
from qtshell.sidecar.supervisor import Trust
from qtshell.web.navigation import Verdict, classify_navigation
from qtshell.web.urls import encoded

log = logging.getLogger("hearth.web")

_Attribute = QWebEngineSettings.WebAttribute
_SETTINGS: Final[dict[QWebEngineSettings.WebAttribute, bool]] = {
    _Attribute.JavascriptCanAccessClipboard: True,
    _Attribute.JavascriptCanPaste: False,
    _Attribute.JavascriptCanOpenWindows: False,
    _Attribute.LocalContentCanAccessFileUrls: False,
    _Attribute.LocalContentCanAccessRemoteUrls: False,
    _Attribute.AllowRunningInsecureContent: False,
    _Attribute.AllowGeolocationOnInsecureOrigins: False,
    _Attribute.AllowWindowActivationFromJavaScript: False,
    _Attribute.AutoLoadIconsForPage: False,
    _Attribute.DnsPrefetchEnabled: False,
    _Attribute.ErrorPageEnabled: False,
    _Attribute.FullScreenSupportEnabled: False,
    _Attribute.HyperlinkAuditingEnabled: False,
    _Attribute.NavigateOnDropEnabled: False,
    _Attribute.PdfViewerEnabled: False,
    _Attribute.PluginsEnabled: False,
    _Attribute.ScreenCaptureEnabled: False,
    _Attribute.WebGLEnabled: False,
    _Attribute.WebRTCPublicInterfacesOnly: True,
    _Attribute.ScrollAnimatorEnabled: True,
}

_CONSOLE_LEVELS: Final = {
    QWebEnginePage.JavaScriptConsoleMessageLevel.InfoMessageLevel: logging.DEBUG,
    QWebEnginePage.JavaScriptConsoleMessageLevel.WarningMessageLevel: logging.INFO,
    QWebEnginePage.JavaScriptConsoleMessageLevel.ErrorMessageLevel: logging.WARNING,
}

_LEAVES: Final = "hearth place: "
"""How `place.js` begins what it tells."""

_IMAGES: Final = frozenset(
    {
        QWebEngineUrlRequestInfo.ResourceType.ResourceTypeImage,
        QWebEngineUrlRequestInfo.ResourceType.ResourceTypeFavicon,
    }
)

_CHOSEN_BY_USER: Final = frozenset(
    {
        QWebEnginePage.NavigationType.NavigationTypeLinkClicked,
        QWebEnginePage.NavigationType.NavigationTypeFormSubmitted,
    }
)


class TokenInterceptor(QWebEngineUrlRequestInterceptor):
    """Adds the token for exactly the trusted origin and blocks everything else."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._trust: Trust | None = None

    def set_trust(self, trust: Trust | None) -> None:
        """Trust this sidecar from the next request on, or nobody."""
        self._trust = trust

    def interceptRequest(self, info: QWebEngineUrlRequestInfo) -> None:
        """Let a request pass with its token, or not at all."""
        url = info.requestUrl()
        origin = Origin.of(encoded(url))
        if self._trust is not None and origin == self._trust.origin:
            info.setHttpHeader(TOKEN_HEADER.encode(), self._trust.token.encode())
        elif not (url.scheme() == "data" and info.resourceType() in _IMAGES):
            log.info("blocked a request to %s", url.scheme() + "://" + url.host())
            info.block(True)  # noqa: FBT003 Qt's own signature


class ShellPage(QWebEnginePage):
    """A page that stays at the trusted origin and hands everything else over.

    Signals:
        command_asked: The user followed a link of ours to a command; its URL.
        outside_asked: The user followed a link that leads out; its URL.
        left: A document of ours goes; what was typed into it, and where.
    """

    command_asked = Signal(QUrl)
    outside_asked = Signal(QUrl)
    left = Signal(str)

    def __init__(self, profile: QWebEngineProfile, parent: QObject) -> None:
        super().__init__(profile, parent)
        self.trusted: Origin | None = None
        self.command_key = ""
        self._commands: list[QUrl] = []
        self.loadingChanged.connect(self._on_loading_changed)
        for attribute, value in _SETTINGS.items():
            self.settings().setAttribute(attribute, value)
        # Else a click on smb: or ms-settings: empties the page, and only our refusal
        # of the navigation keeps Qt from handing the address to the desktop.
        self.settings().setUnknownUrlSchemePolicy(
            QWebEngineSettings.UnknownUrlSchemePolicy.DisallowUnknownUrlSchemes
        )
        self.permissionRequested.connect(_deny)
        self.newWindowRequested.connect(self._on_new_window_requested)
        self.fileSystemAccessRequested.connect(lambda request: request.reject())
        self.registerProtocolHandlerRequested.connect(lambda request: request.reject())
        self.desktopMediaRequested.connect(lambda request: request.cancel())

    def acceptNavigationRequest(
        self,
        url: QUrl | str,
        kind: QWebEnginePage.NavigationType,
        is_main: bool,  # noqa: FBT001 Qt's own signature
    ) -> bool:
        """Let the page go only where it belongs."""
        return self._judge(QUrl(url), by_user=kind in _CHOSEN_BY_USER and is_main)

    def javaScriptConsoleMessage(
        self,
        level: QWebEnginePage.JavaScriptConsoleMessageLevel,
        message: str,
        line: int,
        source: str,
    ) -> None:
        """Log what the page says, and hear where it was when it goes."""
        if message.startswith(_LEAVES):
            self.left.emit(message.removeprefix(_LEAVES))
            return
        place = QUrl(source).path()
        log.log(_CONSOLE_LEVELS[level], "%s:%d %s", place, line, message)

    def _on_new_window_requested(self, request: QWebEngineNewWindowRequest) -> None:
        url = request.requestedUrl()
        if self._judge(url, by_user=request.isUserInitiated()):
            self.load(url)
        self._ask_for_command(url)

    def _on_loading_changed(self, info: QWebEngineLoadingInfo) -> None:
        # Not before the refused load is over: Qt 6.12 loses a zoom that is set in it.
        if info.status() is QWebEngineLoadingInfo.LoadStatus.LoadStoppedStatus:
            self._ask_for_command(info.url())

    def _ask_for_command(self, url: QUrl) -> None:
        if url in self._commands:
            self._commands.remove(url)
            self.command_asked.emit(url)

    def _judge(self, url: QUrl, *, by_user: bool) -> bool:
        match classify_navigation(encoded(url), self.trusted, self.command_key):
            case Verdict.IN_VIEW:
                return True
            case Verdict.COMMAND if by_user:
                self._commands.append(url)
            case Verdict.EXTERNAL if by_user:
                self.outside_asked.emit(url)
            case _:
                log.warning("blocked a navigation to %s", url.scheme())
        return False


def _deny(permission: QWebEnginePermission) -> None:
    log.info("denied %s", permission.permissionType().name)
    permission.deny()


def private_profile(parent: QObject) -> QWebEngineProfile:
    """Return a profile that writes nothing to disk and takes no cookie."""
    profile = QWebEngineProfile(parent)
    profile.setHttpCacheType(QWebEngineProfile.HttpCacheType.MemoryHttpCache)
    profile.setPersistentCookiesPolicy(
        QWebEngineProfile.PersistentCookiesPolicy.NoPersistentCookies
    )
    profile.setPersistentPermissionsPolicy(
        QWebEngineProfile.PersistentPermissionsPolicy.AskEveryTime
    )
    profile.setSpellCheckEnabled(False)
    profile.cookieStore().setCookieFilter(lambda _: False)
    return profile
