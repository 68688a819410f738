"""The start-up order, step by step.

First the application, because a process started earlier never leaves "Starting". Then
the sidecar, at once, because its boot is the longest wait; all else of the shell is
imported meanwhile. Then the window with its splash, and only when that is drawn
Chromium, whose start takes longer than all before.
"""

import os
import subprocess
import sys

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtWidgets import QApplication

from backend.installation import creation_flags
from qtshell.icons import icon
from qtshell.identity import APP_ID
from qtshell.ipc.instance import Instance
from qtshell.options import Options
from qtshell.process.compat import keep_constants
from qtshell.process.logs import open_logs, watch_for_bugs
from qtshell.settings import ShellSettings
from qtshell.sidecar.launch import sidecar_launch
from qtshell.sidecar.supervisor import SidecarSupervisor
from qtshell.web.chromium import has_gpu, is_root, prepare_environment
from qtshell.web.dictionaries import gather


def run(options: Options, instance: Instance) -> int:
    """Run the one instance until the user quits and return the exit code."""
    keep_constants()
    open_logs(options.log_dir, dev=options.dev)
    crash_file = watch_for_bugs(options.log_dir)
    software = ShellSettings(options.data_dir).software_rendering or not has_gpu()
    prepare_environment(
        os.environ,
        dev=options.dev,
        software=software,
        as_root=is_root(),
        dictionaries=gather(options.data_dir),
    )
    application = _build_application(has_opengl=not software)
    supervisor = SidecarSupervisor(sidecar_launch(), options.data_dir, dev=options.dev)
    supervisor.start()
    from qtshell.app import Shell  # noqa: PLC0415 Qt is slow
    from qtshell.process.signals import SignalWatch  # noqa: PLC0415 Qt is slow

    shell = Shell(options, supervisor, instance)
    # Unlike quit(), no window is asked: ours answers a request to close by hiding.
    shell.left.connect(lambda: QCoreApplication.exit(0))
    # Queued: until its signal has been heard, the screen is still counted.
    queued = Qt.ConnectionType.QueuedConnection
    application.screenRemoved.connect(shell.come_within_reach, queued)
    watch = SignalWatch(shell.quit, shell)
    shell.begin()
    code = application.exec()
    watch.deleteLater()
    crash_file.close()
    if shell.next_launch:
        instance.release()
        # Not by QProcess: it would hand on what this process has open.
        subprocess.Popen(  # noqa: S603 our own
            shell.next_launch, start_new_session=True, creationflags=creation_flags()
        )
    return code


def _build_application(*, has_opengl: bool) -> QApplication:
    shared = Qt.ApplicationAttribute.AA_ShareOpenGLContexts
    QCoreApplication.setAttribute(shared, has_opengl)
    QApplication.setApplicationName(APP_ID)
    QApplication.setApplicationDisplayName("Hearth")
    QApplication.setDesktopFileName(APP_ID)
    application = QApplication(sys.argv[:1])
    application.setWindowIcon(icon())
    application.setQuitOnLastWindowClosed(False)
    return application
