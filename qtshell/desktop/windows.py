"""The Start menu of Windows: a shortcut with its icon, its tasks, and the log-in."""

import ctypes
import logging
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

from backend.installation import creation_flags
from qtshell.desktop.resources import draw_icon
from qtshell.desktop.shell_link import ShellLink
from qtshell.identity import APP_ID, APP_NAME

log = logging.getLogger("hearth.shell")

TASKS: Final = {
    "New Conversation": "--new-chat",
    "Quick Ask": "--quick-ask",
    "New Note from Clipboard": "--note-from-clipboard",
}
"""What the jump list offers."""

_ICON_SIZE: Final = 256
_DESCRIPTION: Final = "A private assistant that lives on your desktop"

# The documented door to a jump list that needs no compiler: WPF's own class. The id
# comes first, because the list belongs to whoever has it when it is applied.
_JUMP_LIST: Final = """\
$ErrorActionPreference = 'Stop'
Add-Type -AssemblyName PresentationFramework
Add-Type -Namespace Hearth -Name Shell -MemberDefinition @'
[DllImport("shell32.dll", CharSet = CharSet.Unicode, PreserveSig = false)]
public static extern void SetCurrentProcessExplicitAppUserModelID(string id);
'@
[Hearth.Shell]::SetCurrentProcessExplicitAppUserModelID({app_id})
$list = New-Object System.Windows.Shell.JumpList
{tasks}
$list.Apply()
"""
_TASK: Final = """\
$task = New-Object System.Windows.Shell.JumpTask
$task.Title = {title}
$task.ApplicationPath = {program}
$task.Arguments = {arguments}
$task.IconResourcePath = {icon}
$list.JumpItems.Add($task)"""


class WindowsDesktop:
    """Files below the roaming application data."""

    def __init__(
        self,
        command: Sequence[str],
        roaming: Path,
        load: Callable[[str], Any] = ctypes.CDLL,
    ) -> None:
        self._load = load
        self._program, *self._arguments = command
        programs = roaming / "Microsoft" / "Windows" / "Start Menu" / "Programs"
        self._entry = programs / f"{APP_NAME}.lnk"
        self._startup = programs / "Startup" / f"{APP_NAME}.lnk"
        self._icon = roaming / APP_NAME / "hearth.ico"

    def introduce(self) -> None:
        """Take the shortcut's id, or the taskbar shows the windows as Python's."""
        say = self._load("shell32").SetCurrentProcessExplicitAppUserModelID
        say.argtypes = (ctypes.c_wchar_p,)
        if code := say(APP_ID):
            log.warning("the taskbar does not know us: %#x", code & 0xFFFFFFFF)

    def install(self) -> None:
        """Write the shortcut and fill its jump list."""
        self._icon.parent.mkdir(parents=True, exist_ok=True)
        draw_icon(_ICON_SIZE).save(str(self._icon))
        self._write(self._entry)
        if sys.platform == "win32":
            self._run(self.jump_list_script(TASKS))

    @property
    def is_dead(self) -> bool:
        """Whether a shortcut starts a Hearth that is gone: Windows itself looks."""
        return False

    def mend(self) -> None:
        """Do nothing: a shortcut follows a program that moves by itself."""

    def uninstall(self) -> None:
        """Remove the shortcuts, the icon and the tasks."""
        if sys.platform == "win32":
            self._run(self.jump_list_script({}))
        for path in (self._entry, self._startup, self._icon):
            path.unlink(missing_ok=True)
        if self._icon.parent.is_dir() and not any(self._icon.parent.iterdir()):
            self._icon.parent.rmdir()

    @property
    def starts_at_login(self) -> bool:
        """Whether the shortcut is in the Startup folder."""
        return self._startup.exists()

    def start_at_login(self, *, on: bool) -> None:
        """Put a shortcut into the Startup folder, or remove it."""
        if on:
            self._write(self._startup, "--hidden")
        else:
            self._startup.unlink(missing_ok=True)

    def jump_list_script(self, tasks: dict[str, str]) -> str:
        """Return the PowerShell that makes these tasks the jump list."""
        lines = [
            _TASK.format(
                title=_quoted(title),
                program=_quoted(self._program),
                arguments=_quoted(subprocess.list2cmdline([*self._arguments, flag])),
                icon=_quoted(str(self._icon)),
            )
            for title, flag in tasks.items()
        ]
        return _JUMP_LIST.format(app_id=_quoted(APP_ID), tasks="\n".join(lines))

    def _write(self, path: Path, *more: str) -> None:
        link = ShellLink(
            target=self._program,
            arguments=subprocess.list2cmdline([*self._arguments, *more]),
            working_dir=str(Path(self._program).parent),
            icon=str(self._icon),
            description=_DESCRIPTION,
            app_id=APP_ID,
        )
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(link.to_bytes())

    @staticmethod
    def _run(script: str) -> None:
        command = ["powershell", "-NoProfile", "-NonInteractive", "-Command", "-"]
        subprocess.run(  # noqa: S603 fixed words
            command,
            input=script,
            text=True,
            check=False,
            timeout=60,
            creationflags=creation_flags(),
        )


def _quoted(text: str) -> str:
    """Return a PowerShell string in which nothing is expanded."""
    return "'" + text.replace("'", "''") + "'"
