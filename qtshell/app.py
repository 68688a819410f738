"""Builds the shell around its sidecar and joins its parts."""

from functools import partial
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, QTimer, Signal

from backend.installation import installed_files
from qtshell.desktop.integration import Desktop, mend, this_desktop
from qtshell.desktop_link import DesktopLink
from qtshell.dialogs.attachments import AttachmentPicker
from qtshell.dialogs.backups import BackupFolderPicker, open_backups
from qtshell.dialogs.devices import SyncFolderPicker
from qtshell.dialogs.import_export import ExportSaver, ImportPicker
from qtshell.dialogs.models import ModelFolderPicker, ModelPicker, add_models
from qtshell.dialogs.page_commands import Commands, LinkOpener, tell
from qtshell.dialogs.quick_actions import ActionImporter, AssistantImporter
from qtshell.dialogs.screenshots import ScreenshotTaker
from qtshell.display.theme import apply_theme
from qtshell.hotkeys.registry import Hotkeys
from qtshell.ipc.instance import Instance
from qtshell.options import Options, Verb
from qtshell.process.garbage import GarbageCollector
from qtshell.process.logs import redact
from qtshell.quick.controller import QuickAccess
from qtshell.settings import ShellSettings
from qtshell.sidecar.client import SidecarClient
from qtshell.sidecar.lifecycle import Phase, Reason
from qtshell.sidecar.supervisor import Failure, SidecarSupervisor, Trust
from qtshell.updates import UpdateWatch
from qtshell.web.discard import PageDiscarder
from qtshell.window.action_handlers import ActionHandlers
from qtshell.window.actions import Actions
from qtshell.window.desktop_settings import DesktopSettings
from qtshell.window.draft_saver import DraftSaver, keep_page
from qtshell.window.main_window import MainWindow
from qtshell.window.page_settings import PageSettings
from qtshell.window.spelling import Spelling
from qtshell.window.tray import TrayIcon

if TYPE_CHECKING:
    from qtshell.web.view import WebView

_QUIT_WITHIN_MS: Final = 8_000
_TRAY_WITHIN_MS: Final = 10_000
"""At the start of a session the tray may come after us."""
_NO_TRAY: Final = "This desktop shows no tray icons."
_MINIMISED: Final = (
    "Hearth keeps its window instead: closing it minimises it. Quit with Ctrl+Q."
)
_ABORT_SHOWN_MS: Final = 60_000
_SAFE: Final = "Your conversations are kept on this computer."
_RETRY: Final = "Retry, or start in safe mode, without models and background work."
_CLOSE_OTHERS: Final = (
    "Close programs you do not know, or restart the computer, then retry."
)
_PAGE_CRASHED: Final = "The page crashed several times in a row."
_NEXT_START: Final = "At its next start, Hearth will not use the graphics card."


class Shell(QObject):
    """Everything of one running Hearth.

    Signals:
        left: It was asked to quit, and nothing of it runs any more.

    Attributes:
        next_launch: The command that starts Hearth again once this one has ended.
    """

    left = Signal()

    def __init__(
        self, options: Options, supervisor: SidecarSupervisor, instance: Instance
    ) -> None:
        super().__init__()
        self._options = options
        self._settings = ShellSettings(options.data_dir)
        self.supervisor = supervisor
        supervisor.setParent(self)
        desktop = this_desktop(options)
        desktop.introduce()
        mend(options)
        apply_theme(self._settings.theme)
        self.actions = Actions(self)
        self.window = MainWindow(self.actions, self._settings)
        self.tray = TrayIcon(self.actions, self)
        self.view: WebView | None = None
        self.commands = Commands()
        self._links = LinkOpener(self.window)
        self._client = SidecarClient(lambda: self.supervisor.trust, self)
        self._action_handlers = ActionHandlers(
            self.actions, self.window, self.supervisor, self._settings, options
        )
        self.desktop_link = self._desktop_link(instance)
        self.hotkeys = Hotkeys(self)
        self.spelling = Spelling(self._settings, options.data_dir, self.window)
        self.quick = self._quick_access()
        self.desktop_link.handlers[Verb.QUICK_ASK] = self.quick.open_quick_ask
        self.screenshots = ScreenshotTaker(self._client, self.window)
        self.desktop_settings = self._desktop_settings(desktop)
        self.page_settings = PageSettings(
            self.actions, self.commands, self._settings, self
        )
        self.actions.spelling.triggered.connect(self.spelling.choose)
        self.commands.register("spelling", lambda _: self.spelling.choose())
        self.rest = PageDiscarder(self.window)
        self.updates = UpdateWatch(installed_files, self)
        GarbageCollector(self)
        self.next_launch: tuple[str, ...] = ()
        self._restarts = False
        self._page_failed = False
        self._strikes = QTimer(self, singleShot=True, interval=_ABORT_SHOWN_MS)
        self._quitting = QTimer(self, singleShot=True, interval=_QUIT_WITHIN_MS)
        self._join()

    def begin(self) -> None:
        """Show what is to be seen and go on in the event loop."""
        # Without a tray this shows the icon as soon as there is one.
        self.tray.show()
        if self._options.hidden:
            QTimer.singleShot(_TRAY_WITHIN_MS, self, self._keep_window)
        else:
            self.window.show()
        QTimer.singleShot(0, self, self._build_view)
        self.quick.begin()
        self.desktop_settings.begin()
        self.desktop_link.begin()

    def come_within_reach(self) -> None:
        """Keep the windows where a screen is."""
        self.window.come_within_reach()
        self.quick.come_within_reach()

    def quit(self) -> None:
        """Hide at once, let all save, then leave; asked again, go on with that."""
        if self._quitting.isActive():
            return
        self._quitting.start()
        self.desktop_link.close()
        self.hotkeys.release()
        self.window.save_geometry()
        self._settings.save()
        self.window.hide()
        self.tray.hide()
        drafts = DraftSaver(self)
        drafts.kept.connect(self._stop)
        served = self.view and self.view.is_loaded and self.supervisor.trust
        page = (partial(keep_page, self.view),) if self.view and served else ()
        drafts.keep(self.quick.close, *page)

    def _stop(self) -> None:
        self.supervisor.phase_changed.connect(self._leave_when_stopped)
        self.supervisor.stop()
        self._leave_when_stopped(self.supervisor.phase)

    def _desktop_link(self, instance: Instance) -> DesktopLink:
        return DesktopLink(
            instance=instance,
            options=self._options,
            supervisor=self.supervisor,
            client=self._client,
            actions=self.actions,
            window=self.window,
            tray=self.tray,
            action_handlers=self._action_handlers,
            leave=self.quit,
        )

    def _quick_access(self) -> QuickAccess:
        return QuickAccess(
            client=self._client,
            supervisor=self.supervisor,
            activity=self.desktop_link.activity,
            actions=self.actions,
            tray=self.tray,
            window=self.window,
            hotkeys=self.hotkeys,
            open_path=self._action_handlers.go,
            spelling=self.spelling,
        )

    def _desktop_settings(self, desktop: Desktop) -> DesktopSettings:
        return DesktopSettings(
            actions=self.actions,
            window=self.window,
            tray=self.tray,
            settings=self._settings,
            desktop=desktop,
            hotkeys=self.hotkeys,
            quick_ask=self.quick.open_quick_ask,
            screenshot=self.screenshots.take_for_new_question,
        )

    def _join(self) -> None:
        self.supervisor.phase_changed.connect(self._on_supervisor_phase_changed)
        self.supervisor.ready.connect(self._on_supervisor_ready)
        self.supervisor.failed.connect(self._on_supervisor_failed)
        self._strikes.timeout.connect(self._show_strikes)
        self._quitting.timeout.connect(self.left)
        self.updates.updated.connect(lambda: self._show_update("installed"))
        self.desktop_link.activity.growing_changed.connect(self._restart_when_idle)
        self.commands.register("restart", self._on_restart_asked)
        self.actions.quit.triggered.connect(self.quit)
        self.tray.toggled.connect(self._action_handlers.toggle_window)
        self.window.left.connect(self._on_window_left)
        recovery = self.window.recovery
        recovery.retry_asked.connect(self._on_retry_asked)
        recovery.safe_mode_asked.connect(self._on_safe_mode_asked)
        recovery.folder_asked.connect(self._action_handlers.open_logs)
        self._register_commands()

    def _register_commands(self) -> None:
        for command in (
            AttachmentPicker,
            ModelPicker,
            ModelFolderPicker,
            ActionImporter,
            AssistantImporter,
            ImportPicker,
            BackupFolderPicker,
            SyncFolderPicker,
        ):
            self.commands.register(command.name, command(self._client, self.window))
        screenshots = self.screenshots
        self.commands.register(screenshots.name, screenshots)
        screenshots.question_begun.connect(lambda: self._action_handlers.go("/"))
        exporter = ExportSaver(self._client, self.window)
        self.commands.register(exporter.name, exporter)
        everything = {"what": "all", "name": "Hearth"}
        self.actions.export_all.triggered.connect(lambda _: exporter(everything))
        data_dir = self._options.data_dir
        self.commands.register(
            "open-backups", lambda _: open_backups(self._client, data_dir)
        )
        self.commands.register("open-logs", lambda _: self._action_handlers.open_logs())
        self.commands.register("open-data", lambda _: self._action_handlers.open_data())

    def _build_view(self) -> None:
        from qtshell.web.file_drops import FileDrops  # noqa: PLC0415 as below
        from qtshell.web.view import WebView  # noqa: PLC0415 Chromium loads slowly

        self.view = view = WebView()
        view.begun.connect(self._on_view_begun)
        view.shown.connect(self._on_view_shown)
        view.command_asked.connect(self.commands.run)
        view.outside_asked.connect(self._links.ask)
        drops = FileDrops(view, "/models")
        drops.dropped.connect(
            lambda paths: add_models(self._client, self.window, paths)
        )
        view.crashed_for_good.connect(self._on_view_crashed_for_good)
        self.window.set_view(view, self._client)
        self._action_handlers.set_view(view)
        self.page_settings.set_view(view)
        self.spelling.set_view(view)
        self.rest.set_view(view)
        if not self._options.dev:  # A page that waits in a debugger does not hang.
            view.watch()
        if path := self._settings.take_reopened():
            view.open_path(path)
        view.set_phase(self.supervisor.phase)
        if self.supervisor.trust:
            view.trust(self.supervisor.trust)

    def _on_supervisor_phase_changed(self, phase: Phase) -> None:
        self.tray.set_phase(phase)
        if self.view:
            self.view.set_phase(phase)
        reason = self.supervisor.reason
        if phase is Phase.WAITING and reason is Reason.BAD_REQUEST_ABORT:
            self._strikes.start()
            self._show_strikes()
        if phase is Phase.WAITING and reason:
            self.window.splash.say(f"{reason.value} Trying again…")

    def _show_update(self, state: str) -> None:
        if self.view:
            self.view.describe({"update": state})

    def _on_restart_asked(self, _: object) -> None:
        self._restarts = True
        self._restart_when_idle(self.desktop_link.activity.growing)

    def _restart_when_idle(self, growing: int) -> None:
        if not self._restarts:
            return
        if growing:
            self._show_update("awaited")
            return
        self._restarts = False
        self._settings.reopen(self.view.path if self.view else "/")
        self.next_launch = (
            *self._options.launch_command,
            *(() if self.window.isVisible() else ("--hidden",)),
            *(("--dev",) if self._options.dev else ()),
        )
        self.quit()

    def _show_strikes(self) -> None:
        if self.view:
            self.view.set_aborted(aborted=self._strikes.isActive())

    def _on_supervisor_ready(self, trust: Trust) -> None:
        self.updates.look()
        if self.view:
            self.view.trust(trust)
        if self.view and self.view.is_loaded:
            self.window.show_page()

    def _on_supervisor_failed(self, failure: Failure) -> None:
        lines = tuple(redact(line) for line in failure.last_lines)
        aborted = failure.reason is Reason.BAD_REQUEST_ABORT
        next_step = f"{_SAFE} {_CLOSE_OTHERS if aborted else _RETRY}"
        self.window.show_recovery(failure.reason.value, next_step, lines)

    def _on_view_begun(self) -> None:
        # Chromium draws nothing that is hidden: its first frame would come later.
        if self.supervisor.phase is not Phase.FAILED:
            self.window.show_page()

    def _on_view_shown(self) -> None:
        self._page_failed = False
        self._on_view_begun()

    def _on_view_crashed_for_good(self) -> None:
        self._page_failed = True
        self._settings.software_rendering = True
        self._settings.save()
        self.window.show_recovery(_PAGE_CRASHED, f"{_SAFE} {_NEXT_START}", ())

    def _on_retry_asked(self) -> None:
        self.window.show_splash("Starting…")
        if self._page_failed and self.view:
            self.view.reload_after_crash()
        else:
            self.supervisor.restart()

    def _on_safe_mode_asked(self) -> None:
        self.window.show_splash("Starting in safe mode…")
        self.supervisor.restart(safe_mode=True)
        if self._page_failed and self.view:
            self.view.reload_after_crash()

    def _on_window_left(self) -> None:
        if not self.tray.is_there:
            self._keep_window()
        elif not self._settings.tray_hint_shown:
            self._settings.tray_hint_shown = True
            self.tray.say_still_here()

    def _keep_window(self) -> None:
        """Leave a window to come back by where no tray shows an icon."""
        if self.tray.is_there or self.window.isVisible():
            return
        if self._settings.no_tray_hint_shown:
            self.window.showMinimized()
        else:
            self._settings.no_tray_hint_shown = True
            self.window.show()
            tell(self.window, _NO_TRAY, _MINIMISED)

    def _leave_when_stopped(self, phase: Phase) -> None:
        if phase is not Phase.STOPPED:
            return
        if self.view:
            self.view.close_down()
        self.left.emit()
