"""Puts Hearth into the start menu and takes it out again, on every platform."""

import logging
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, Protocol

from qtshell.options import Options, Verb

log = logging.getLogger("hearth.shell")

_DATA_DIRS: Final = "/usr/local/share:/usr/share"


class Desktop(Protocol):
    """The start menu and the log-in of one platform."""

    def introduce(self) -> None:
        """Say, before the first window, which entry this process belongs to."""

    def install(self) -> None:
        """Write the menu entry and its icons; a second time renews them."""

    @property
    def is_dead(self) -> bool:
        """Whether the menu or the log-in starts a Hearth that is gone."""

    def mend(self) -> None:
        """Start this Hearth where an entry starts one that is gone."""

    def uninstall(self) -> None:
        """Remove exactly that, and the start at log-in."""

    @property
    def starts_at_login(self) -> bool:
        """Whether Hearth starts in the tray when the user logs in."""

    def start_at_login(self, *, on: bool) -> None:
        """Start Hearth in the tray when the user logs in, or not."""


def this_desktop(options: Options) -> Desktop:
    """Return the desktop of this platform, for this very installation."""
    command, home = options.launch_command, Path.home()
    return desktop_of(sys.platform, command, home, os.environ)


def desktop_of(
    platform: str, command: Sequence[str], home: Path, environment: "os._Environ[str]"
) -> Desktop:
    """Return a platform's desktop for a command, below a home folder."""
    match platform:
        case "win32":
            from qtshell.desktop.windows import WindowsDesktop  # noqa: PLC0415 one of three

            roaming = environment.get("APPDATA", "") or home / "AppData" / "Roaming"
            return WindowsDesktop(command, Path(roaming))
        case "darwin":
            from qtshell.desktop.mac import MacDesktop  # noqa: PLC0415 one of three

            return MacDesktop(command, home)
        case _:
            from qtshell.desktop.linux import LinuxDesktop  # noqa: PLC0415 one of three

            data = environment.get("XDG_DATA_HOME", "") or home / ".local" / "share"
            config = environment.get("XDG_CONFIG_HOME", "") or home / ".config"
            shared = environment.get("XDG_DATA_DIRS", "") or _DATA_DIRS
            system = [Path(folder) for folder in shared.split(":")]
            return LinuxDesktop(command, Path(data), Path(config), system)


def mend(options: Options) -> None:
    """Mend the entries of the user, unless this is a Hearth of a folder of its own."""
    if options.instance_arguments:
        return
    try:
        this_desktop(options).mend()
    except OSError as exc:
        log.warning("the start-menu entry could not be mended: %s", exc)


def run(options: Options, quit_running: Callable[[Options], object]) -> int:
    """Do what the command line asked of the desktop and return the exit code.

    Args:
        options: The parsed command line.
        quit_running: Ends a Hearth that runs, before its entry goes.
    """
    desktop = this_desktop(options)
    try:
        sys.stdout.write(_do(desktop, options, quit_running) + "\n")
    except OSError as exc:
        sys.stderr.write(f"{exc.filename or 'A file'} could not be written: {exc}\n")
        return 1
    return 0


def _do(
    desktop: Desktop, options: Options, quit_running: Callable[[Options], object]
) -> str:
    match options.verb:
        case Verb.INSTALL_DESKTOP:
            desktop.install()
            if desktop.starts_at_login:
                # It may still start a folder that has moved since.
                desktop.start_at_login(on=True)
            return "Hearth was added to the start menu."
        case Verb.UNINSTALL_DESKTOP:
            quit_running(options)
            desktop.uninstall()
            kept = f"Your data stays in {options.data_dir}."
            return f"Hearth was removed from the start menu. {kept}"
        case _:
            desktop.start_at_login(on=options.name == "on")
            return f"Start at log-in is {options.name}."
