"""The start menu of a freedesktop: entry, icons, metainfo, completions, autostart."""

import contextlib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from qtshell.desktop.completion import completion
from qtshell.desktop.resources import draw_icon, filled_template, icon_file, metainfo
from qtshell.identity import APP_ID, APP_NAME

ICON_SIZES: Final = (16, 22, 24, 32, 48, 64, 96, 128, 256, 512)

_COMPLETIONS: Final = {
    "bash": "bash-completion/completions/hearth",
    "zsh": "zsh/site-functions/_hearth",
    "fish": "fish/vendor_completions.d/hearth.fish",
}
_AUTOSTART: Final = """\
[Desktop Entry]
Type=Application
Name={name}
Comment=Keeps Hearth in the tray
Exec={command} --hidden
Icon={icon}
Terminal=false
X-GNOME-Autostart-enabled=true
"""


class LinuxDesktop:
    """Files below XDG_DATA_HOME, and one below XDG_CONFIG_HOME for the log-in."""

    def __init__(self, command: Sequence[str], data: Path, config: Path) -> None:
        self._command = command
        self._data = data
        self._autostart = config / "autostart" / f"{APP_ID}.desktop"

    def introduce(self) -> None:
        """Do nothing: Qt says it by the entry's name, which the windows carry."""

    def install(self) -> None:
        """Write everything a menu and a software centre look for."""
        for size in ICON_SIZES:
            path = self._icon(f"{size}x{size}", "png")
            path.parent.mkdir(parents=True, exist_ok=True)
            draw_icon(size).save(str(path))
        self._write(self._icon("scalable", "svg"), icon_file().read_text("utf-8"))
        self._write(self._metainfo, metainfo())
        for shell, path in self._completions.items():
            self._write(path, completion(shell))
        # Last, because menus look again when it changes.
        self._write(self._entry, self._entry_text())
        self._tell_icon_caches()

    def uninstall(self) -> None:
        """Remove what `install` wrote, and folders that are empty now."""
        for path in self._installed():
            path.unlink(missing_ok=True)
            for folder in path.parents:
                if folder == self._data or not folder.is_relative_to(self._data):
                    break
                with contextlib.suppress(OSError):
                    folder.rmdir()
        self._tell_icon_caches()
        self._autostart.unlink(missing_ok=True)

    @property
    def starts_at_login(self) -> bool:
        """Whether the autostart entry is there."""
        return self._autostart.exists()

    def start_at_login(self, *, on: bool) -> None:
        """Write the autostart entry, or remove it."""
        if not on:
            self._autostart.unlink(missing_ok=True)
            return
        command = exec_line(self._command)
        text = _AUTOSTART.format(name=APP_NAME, command=command, icon=APP_ID)
        self._write(self._autostart, text)

    def _entry_text(self) -> str:
        return filled_template(
            "desktop",
            EXEC=exec_line(self._command),
            PROGRAM=_escaped(self._command[0]),
        )

    @property
    def _entry(self) -> Path:
        return self._data / "applications" / f"{APP_ID}.desktop"

    @property
    def _metainfo(self) -> Path:
        return self._data / "metainfo" / f"{APP_ID}.metainfo.xml"

    @property
    def _completions(self) -> dict[str, Path]:
        return {shell: self._data / path for shell, path in _COMPLETIONS.items()}

    def _icon(self, folder: str, kind: str) -> Path:
        return self._data / "icons" / "hicolor" / folder / "apps" / f"{APP_ID}.{kind}"

    def _installed(self) -> list[Path]:
        icons = [self._icon(f"{size}x{size}", "png") for size in ICON_SIZES]
        rest = [self._icon("scalable", "svg"), self._metainfo, self._entry]
        return [*icons, *rest, *self._completions.values()]

    def _tell_icon_caches(self) -> None:
        """Change the theme folder's time, by which caches notice what is new."""
        with contextlib.suppress(FileNotFoundError):
            os.utime(self._data / "icons" / "hicolor")

    @staticmethod
    def _write(path: Path, text: str) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        half = path.with_name(f".{path.name}.new")
        half.write_text(text, "utf-8")
        half.chmod(0o644)
        half.replace(path)


def exec_line(command: Sequence[str]) -> str:
    """Return a command as a desktop entry's Exec spells it.

    Quoted for the Exec key first, and then escaped as any string of the file.
    """
    return _escaped(" ".join(_quoted(word) for word in command))


def _quoted(word: str) -> str:
    word = word.replace("%", "%%")
    if word and not set(word) & set(" \t\n\"'\\><~|&;$*?#()`"):
        return word
    for char in '\\"`$':
        word = word.replace(char, f"\\{char}")
    return f'"{word}"'


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\n", "\\n").replace("\t", "\\t")
