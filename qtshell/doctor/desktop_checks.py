"""Checks of the desktop around Hearth."""

import sys
from pathlib import Path
from typing import Final

from qtshell.desktop.integration import this_desktop
from qtshell.display.server import display_problem
from qtshell.doctor.finding import Finding, fault, note
from qtshell.options import Options, Verb
from qtshell.web.dictionaries import hunspell_pairs, known_languages, own_folder
from qtshell.web.hunspell_library import load_library

SYSTEM: Final = Path("/proc/sys")
_PORTAL: Final = "org.freedesktop.portal.Desktop"
_SANDBOX_OFF: Final = {
    "kernel/unprivileged_userns_clone": "0",
    "user/max_user_namespaces": "0",
    "kernel/apparmor_restrict_unprivileged_userns": "1",
}
"""Where Linux says that Chromium may not shut its pages in, and by which value."""


def check_display(_: Options) -> Finding:
    """Look whether a window can be opened."""
    if problem := display_problem():
        return fault(problem, "Log in to a desktop, or set DISPLAY or WAYLAND_DISPLAY.")
    return Finding(cause="The display answers.")


def check_tray(_: Options) -> Finding:
    """Look whether the desktop shows icons in a tray."""
    if display_problem():
        return note("The tray was not looked for: there is no display.")
    from PySide6.QtWidgets import QApplication, QSystemTrayIcon  # noqa: PLC0415 slow

    application = QApplication.instance() or QApplication(sys.argv[:1])
    is_there = QSystemTrayIcon.isSystemTrayAvailable()
    del application
    if is_there:
        return Finding(cause="The desktop shows tray icons.")
    return note(
        "The desktop shows no tray icons.",
        "Hearth keeps its window instead. On GNOME, the AppIndicator extension adds a "
        "tray.",
    )


def check_portal(_: Options) -> Finding:
    """Look whether the desktop offers portals, for shortcuts and files."""
    if not sys.platform.startswith("linux"):
        return Finding(cause="This system needs no portals.")
    from PySide6.QtDBus import QDBusConnection  # noqa: PLC0415 slow

    bus = QDBusConnection.sessionBus()
    if not bus.isConnected():
        return note(
            "There is no session bus: the keyring, the tray and portals need one.",
            "Start Hearth from a desktop session.",
        )
    names = bus.interface().call("ListActivatableNames").arguments()
    if _PORTAL in (names[0] if names else ()):
        return Finding(cause="The desktop offers portals.")
    return note(
        "The desktop offers no portals.",
        "Global shortcuts on Wayland need xdg-desktop-portal.",
    )


def check_sandbox(_: Options) -> Finding:
    """Look whether Chromium may shut its pages in."""
    if not sys.platform.startswith("linux"):
        return Finding(cause="The page runs in a sandbox.")
    from qtshell.web.chromium import is_root  # noqa: PLC0415 seldom needed

    if is_root():
        return note(
            "Hearth runs as root: the page has no sandbox.",
            "Start Hearth as an ordinary user.",
        )
    for name, value in _SANDBOX_OFF.items():
        path = SYSTEM / name
        if path.exists() and path.read_text(encoding="ascii").strip() == value:
            return note(
                f"This system may deny the page its sandbox ({name} is {value}).",
                "If Hearth shows no page, allow user namespaces for it.",
            )
    return Finding(cause="The page runs in a sandbox.")


def check_spelling(options: Options) -> Finding:
    """Look whether words can be checked, in the page and in quick ask."""
    if not sys.platform.startswith("linux"):
        return Finding(cause="Spelling is checked in the page.")
    pairs = hunspell_pairs()
    if not pairs and not known_languages(own_folder(options.data_dir)):
        return note(
            "There are no dictionaries: spelling is not checked.",
            "Install one, for example the package hunspell-de-de, and restart Hearth.",
        )
    if not pairs or load_library() is None:
        return note(
            "Spelling is checked in the page, but not in quick ask.",
            "That needs libhunspell (the package libhunspell-1.7-0) and a dictionary "
            "of Hunspell, for example hunspell-de-de.",
        )
    return Finding(cause="Spelling is checked.")


def check_menu(options: Options) -> Finding:
    """Look whether the start menu and the log-in start a Hearth that is there."""
    desktop = this_desktop(options)
    if options.instance_arguments or not desktop.is_dead:
        return Finding(
            cause="The start menu and the log-in start nothing that is gone."
        )
    return fault(
        "The start menu, or the log-in, starts a Hearth that was moved or deleted.",
        f"Start Hearth once, or run: hearth --{Verb.INSTALL_DESKTOP.value}",
        desktop.mend,
    )
