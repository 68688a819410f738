"""Shows the sidecar's page and keeps it through restarts and crashes."""

import json
import logging
from collections.abc import Callable, Mapping
from functools import partial
from typing import Final

from PySide6.QtCore import QElapsedTimer, QTimer, QUrl, Signal
from PySide6.QtGui import QAction, QContextMenuEvent
from PySide6.QtWebEngineCore import (
    QWebEngineContextMenuRequest,
    QWebEngineDownloadRequest,
    QWebEngineLoadingInfo,
    QWebEnginePage,
    QWebEngineScript,
)
from PySide6.QtWebEngineWidgets import QWebEngineView
from PySide6.QtWidgets import QFileDialog, QMenu, QWidget

from qtshell.display.theme import background, is_dark
from qtshell.sidecar.lifecycle import Phase
from qtshell.sidecar.origin import Origin
from qtshell.sidecar.supervisor import Trust
from qtshell.web.hang_monitor import BEAT_MS, PageWatch
from qtshell.web.held_keys import HeldKeys
from qtshell.web.page import ShellPage, TokenInterceptor, private_profile
from qtshell.web.page_state import (
    PageEffect,
    PageEvent,
    PageLife,
    PageState,
    step,
)
from qtshell.web.urls import encoded

log = logging.getLogger("hearth.web")

_PAGE_STATES: Final = {
    Phase.READY: "ready",
    Phase.UNRESPONSIVE: "unresponsive",
    Phase.FAILED: "failed",
}

_SERVING: Final = frozenset({Phase.READY, Phase.UNRESPONSIVE})

_DESCRIBE: Final = "Object.assign(document.documentElement.dataset, FACTS)"
_READ_PLACE: Final = "window.hearthPlace?.read()"
_RESTORE_PLACE: Final = "window.hearthPlace?.restore(PLACE)"

_Action = QWebEnginePage.WebAction

_TAKEN_BACK: Final = {
    _Action.Undo: "window.hearthChanges?.undo() ?? false",
    _Action.Redo: "window.hearthChanges?.redo() ?? false",
}
"""True when the page had a change of its own to take back or to do again."""

# When a document is created its root element may still be missing.
_THEME_SCRIPT: Final = """(() => {
  const paint = () => {
    const root = document.documentElement;
    if (root) root.style.colorScheme = "SCHEME";
    return Boolean(root);
  };
  if (!paint()) {
    new MutationObserver((_, observer) => paint() && observer.disconnect())
      .observe(document, {childList: true});
  }
})()"""


class WebView(QWebEngineView):
    """The one page of Hearth.

    Signals:
        begun: A page of the sidecar has come, and is drawn while it is loaded.
        shown: A page of the sidecar has been loaded.
        command_asked: The user followed a link of ours to a command; its URL.
        outside_asked: The user followed a link that leads out; its URL.
        crashed_for_good: The renderer died more often than reloading can mend.
        word_added: A word that was marked as misspelt is right.
        found: Which match of the words looked for is marked, and how many there are.
    """

    begun = Signal()
    shown = Signal()
    found = Signal(int, int)
    command_asked = Signal(QUrl)
    outside_asked = Signal(QUrl)
    crashed_for_good = Signal()
    word_added = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._profile = private_profile(self)
        self._interceptor = TokenInterceptor(self)
        self._profile.setUrlRequestInterceptor(self._interceptor)
        self._profile.downloadRequested.connect(self._on_download_requested)
        self._page = ShellPage(self._profile, self)
        self._page.command_asked.connect(self.command_asked)
        self._page.outside_asked.connect(self.outside_asked)
        self._page.left.connect(lambda place: self._step(PageEvent.LEFT, place=place))
        self._page.findTextFinished.connect(
            lambda result: self.found.emit(
                result.activeMatch(), result.numberOfMatches()
            )
        )
        self._page.loadingChanged.connect(self._on_page_loading_changed)
        self._page.urlChanged.connect(self._on_page_url_changed)
        self._page.renderProcessTerminated.connect(self._on_renderer_terminated)
        self.setPage(self._page)
        self._keys = HeldKeys(self)
        self._phase = Phase.STOPPED
        self._life = PageLife()
        self._path = "/"
        self._zoom = 1.0
        self._facts = {"sidecar": "reconnecting", "struck": "false"}
        self._uptime = QElapsedTimer()
        self._uptime.start()
        self.follow_theme()

    @property
    def is_loaded(self) -> bool:
        """Whether a page of the sidecar is there."""
        return self._life.is_loaded

    @property
    def path(self) -> str:
        """Which path of the sidecar is shown, with its query."""
        return self._path

    def run(self, script: str) -> None:
        """Run a script in the page, unless it rests."""
        self._run(script)

    def ask(self, script: str, answered: Callable[[object], None]) -> None:
        """Run a script in the page and hand over what it gives."""
        self._page.runJavaScript(script, answered)

    def serve(self, actions: Mapping[str, QAction]) -> None:
        """Let editing actions act on the page, each by Chromium's name for it."""
        for name, action in actions.items():
            edit = QWebEnginePage.WebAction[name]
            script = _TAKEN_BACK.get(edit)
            act = partial(self._take_back, edit, script) if script else None
            action.triggered.connect(act or partial(self._page.triggerAction, edit))
            if edit in (_Action.Back, _Action.Forward):
                _follow(self._page.action(edit), action)

    def check_spelling(self, languages: list[str]) -> None:
        """Underline what is misspelt in these languages; in none, nothing."""
        self._profile.setSpellCheckLanguages(languages)
        self._profile.setSpellCheckEnabled(bool(languages))

    def find_words(self, words: str, *, backwards: bool = False) -> None:
        """Mark the next place where the words are; empty words clear the mark."""
        flag = QWebEnginePage.FindFlag.FindBackward if backwards else _FORWARD
        self._page.findText(words, flag)

    def trust(self, trust: Trust) -> None:
        """Show this sidecar: load it, or go on with the page that is there."""
        moved = self._page.trusted != trust.origin
        self._interceptor.set_trust(trust)
        self._page.trusted = trust.origin
        self._page.command_key = trust.command_key
        self._step(PageEvent.TRUSTED_ELSEWHERE if moved else PageEvent.TRUSTED_HERE)

    def set_aborted(self, *, aborted: bool) -> None:
        """Say in the page, or no longer, that another program disturbs the sidecar."""
        self.describe({"struck": "true" if aborted else "false"})

    def describe(self, facts: Mapping[str, str]) -> None:
        """Tell the page, in its root's data attributes, what it cannot know."""
        self._facts.update(facts)
        self._run(_DESCRIBE.replace("FACTS", json.dumps(self._facts)))

    def set_phase(self, phase: Phase) -> None:
        """Tell the page how the sidecar is, and trust nobody while none serves."""
        self._phase = phase
        if phase not in _SERVING:
            self._interceptor.set_trust(None)
        self.describe({"sidecar": _PAGE_STATES.get(phase, "reconnecting")})

    def open_path(self, path: str) -> None:
        """Load a path of the sidecar; later, when there is none yet."""
        self._path = path
        self._step(PageEvent.OPENED)

    def tell(self, command: str) -> None:
        """Send the page a `hearth:command` event with this detail."""
        self._run(
            "document.dispatchEvent(new CustomEvent('hearth:command', "
            f"{{detail: '{command}'}}))"
        )

    def set_zoom(self, factor: float) -> None:
        """Zoom, and keep it over reloads."""
        self._zoom = factor
        self.setZoomFactor(factor)

    def follow_theme(self) -> None:
        """Show the page light or dark like the windows, from its first moment."""
        self._page.setBackgroundColor(background())
        scheme = "dark" if is_dark() else "light"
        source = _THEME_SCRIPT.replace("SCHEME", scheme)
        script = QWebEngineScript()
        script.setName("theme")
        script.setInjectionPoint(QWebEngineScript.InjectionPoint.DocumentCreation)
        script.setWorldId(QWebEngineScript.ScriptWorldId.ApplicationWorld)
        script.setSourceCode(source)
        self._page.scripts().clear()
        self._page.scripts().insert(script)
        self._run(source)

    def rest(self) -> None:
        """Give the memory of a hidden page back; shown again, it is as it was."""
        shown = self._life.state is PageState.SHOWN
        if shown and self._phase is Phase.READY and not self.isVisible():
            self._page.runJavaScript(_READ_PLACE, self._on_hidden_place_read)

    def reload_after_crash(self) -> None:
        """Forget the crashes and load the page again."""
        self._step(PageEvent.RELOADED)

    def watch(self, beat_ms: int = BEAT_MS) -> None:
        """End the process of a page that hangs; it is loaded as after a crash."""
        PageWatch(self._page, self._must_answer, beat_ms=beat_ms, parent=self)

    def close_down(self) -> None:
        """Let go of page and profile in the order Chromium asks for."""
        self._page.destroyed.connect(self._profile.deleteLater)
        self._page.deleteLater()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Offer what makes sense at this place, and no browser's extras."""
        menu, request = QMenu(self), self.lastContextMenuRequest()
        for word in request.spellCheckerSuggestions():
            replace = partial(self._page.replaceMisspelledWord, word)
            menu.addAction(word.replace("&", "&&")).triggered.connect(
                lambda _=False, act=replace: act()
            )
        if word := request.misspelledWord():
            add = menu.addAction("Add to Dictionary")
            add.triggered.connect(lambda: self.word_added.emit(word))
            menu.addSeparator()
        for action in _menu_actions(request):
            menu.addAction(self._page.action(action))
        if not menu.isEmpty():
            menu.popup(event.globalPos())

    def _take_back(self, edit: _Action, script: str) -> None:
        """Take back what was typed, or the last change where nothing is typed."""

        def go_on(done: object) -> None:
            if not done:
                self._page.triggerAction(edit)

        self._page.runJavaScript(script, go_on)

    def _step(self, event: PageEvent, *, place: object = "") -> None:
        """Let something happen to the page, and do what is decided."""
        before, known = self._life, place if isinstance(place, str) else ""
        now_ms = self._uptime.elapsed()
        self._life, effects = step(before, event, place=known, now_ms=now_ms)
        for effect in effects:
            self._perform(effect, before.place)

    def _perform(self, effect: PageEffect, place: str) -> None:
        match effect:
            case PageEffect.LOAD:
                self._load()
            case PageEffect.HOLD_KEYS:
                self._keys.hold()
            case PageEffect.SHOW:
                self._show(place)
            case PageEffect.RETRY:
                QTimer.singleShot(_LOAD_AGAIN_MS, self, self._on_retry_due)
            case PageEffect.DISCARD:
                self._page.setLifecycleState(_DISCARDED)
            case PageEffect.PAUSE:
                self._step_later(self._life.pause_ms, PageEvent.PAUSE_OVER)
            case PageEffect.GIVE_UP:
                self._keys.drop()
                self.crashed_for_good.emit()

    def _load(self) -> None:
        if self._page.trusted is not None:
            self._page.load(QUrl(f"{self._page.trusted}{self._path}"))

    def _step_later(self, after_ms: int, event: PageEvent) -> None:
        QTimer.singleShot(after_ms, self, lambda: self._step(event))

    def _show(self, place: str) -> None:
        self.setZoomFactor(self._zoom)
        self.describe({})
        restore = _RESTORE_PLACE.replace("PLACE", json.dumps(place)) if place else "0"
        self._page.runJavaScript(restore, lambda _: self._keys.give())
        self.shown.emit()

    def _on_hidden_place_read(self, place: object) -> None:
        # A page that cannot tell what is typed stays.
        if not self.isVisible():
            self._step(PageEvent.HIDDEN, place=place)

    def _must_answer(self) -> bool:
        return self._life.is_loaded and self.isVisible()

    def _run(self, script: str) -> None:
        if self._life.state is not PageState.DISCARDED:
            self._page.runJavaScript(script)

    def _on_page_loading_changed(self, info: QWebEngineLoadingInfo) -> None:
        # Also of a link that was refused or led to a command: the page stays.
        is_wanted = _path_of(info.url()) == self._path
        if info.status() is _STARTED or (info.status() is _STOPPED and not is_wanted):
            return
        arrived = info.status() is _SUCCEEDED or info.errorDomain() is _HTTP_ERROR
        is_ours = arrived and self._is_at_home()
        self._step(PageEvent.ARRIVED if is_ours else PageEvent.FAILED)

    def _on_retry_due(self) -> None:
        if self._phase in _SERVING and not self._page.isLoading():
            self._step(PageEvent.RETRY_DUE)

    def _on_page_url_changed(self, url: QUrl) -> None:
        """Keep the path; Chromium goes to about:blank without asking."""
        if self._page.trusted is None or url.isEmpty():
            return
        if self._is_at_home():
            self._path = _path_of(url)
            self.begun.emit()
        else:
            QTimer.singleShot(0, self, lambda: self.open_path(self._path))

    def _is_at_home(self) -> bool:
        origin = Origin.of(encoded(self._page.url()))
        return origin is not None and origin == self._page.trusted

    def _on_renderer_terminated(
        self, status: QWebEnginePage.RenderProcessTerminationStatus, code: int
    ) -> None:
        if status is _NORMAL_END:
            return
        log.warning("the page's process ended: %s %d", status.name, code)
        self._step(PageEvent.PROCESS_DIED)

    def _on_download_requested(self, download: QWebEngineDownloadRequest) -> None:
        if Origin.of(encoded(download.url())) != self._page.trusted:
            download.cancel()
            return
        suggested = download.suggestedFileName()
        chosen, _ = QFileDialog.getSaveFileName(self, "Save As", suggested)
        if not chosen:
            download.cancel()
            return
        folder, _, name = chosen.rpartition("/")
        download.setDownloadDirectory(folder)
        download.setDownloadFileName(name)
        download.accept()


_DISCARDED: Final = QWebEnginePage.LifecycleState.Discarded
_STARTED: Final = QWebEngineLoadingInfo.LoadStatus.LoadStartedStatus
_STOPPED: Final = QWebEngineLoadingInfo.LoadStatus.LoadStoppedStatus
_SUCCEEDED: Final = QWebEngineLoadingInfo.LoadStatus.LoadSucceededStatus
_HTTP_ERROR: Final = QWebEngineLoadingInfo.ErrorDomain.HttpStatusCodeDomain
_LOAD_AGAIN_MS: Final = 300
_FORWARD: Final = QWebEnginePage.FindFlag(0)
_NORMAL_END: Final = (
    QWebEnginePage.RenderProcessTerminationStatus.NormalTerminationStatus
)


def _follow(shown: QAction, action: QAction) -> None:
    """Let an action be possible as long as the page's own one is."""
    action.setEnabled(shown.isEnabled())
    shown.enabledChanged.connect(action.setEnabled)


def _menu_actions(request: QWebEngineContextMenuRequest) -> list[_Action]:
    if request.isContentEditable():
        edit = [_Action.Undo, _Action.Redo, _Action.Cut, _Action.Copy, _Action.Paste]
        return [*edit, _Action.SelectAll]
    actions = [_Action.Copy] if request.selectedText() else []
    if request.linkUrl().isValid():
        actions.append(_Action.CopyLinkToClipboard)
    return actions


def _path_of(url: QUrl) -> str:
    whole = QUrl.ComponentFormattingOption.FullyEncoded
    path, query = url.path(whole) or "/", url.query(whole)
    return f"{path}?{query}" if query else path
