"""The start menu of a freedesktop: entry, icons, metainfo, completions, autostart."""

import contextlib
import os
import re
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
TryExec={program}
Icon={icon}
Terminal=false
X-GNOME-Autostart-enabled=true
"""


class LinuxDesktop:
    """Files below XDG_DATA_HOME, and one below XDG_CONFIG_HOME for the log-in."""

    def __init__(
        self,
        command: Sequence[str],
        data: Path,
        config: Path,
        system: Sequence[Path] = (),
    ) -> None:
        """Take the command of this installation and the user's folders.

        Args:
            command: What starts it.
            data: XDG_DATA_HOME.
            config: XDG_CONFIG_HOME.
            system: XDG_DATA_DIRS, where a package has its entry.
        """
        self._command = command
        self._data = data
        self._system = system
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
        """Remove what `install` wrote, and folders that are empty now.

        What starts another Hearth of this user is its own to remove.
        """
        if not self._is_of_another(self._entry):
            self._remove()
        if not self._is_of_another(self._autostart):
            self._autostart.unlink(missing_ok=True)

    @property
    def is_dead(self) -> bool:
        """Whether the entry or the autostart starts a Hearth that is gone."""
        return any(map(self._starts_nothing, (self._entry, self._autostart)))

    def mend(self) -> None:
        """Make what starts a Hearth that was moved or deleted start this one.

        A menu says nothing of an entry whose program is gone: it hides it, and a
        package's behind it.
        """
        if self._starts_nothing(self._entry):
            if self._has_system_entry():
                self._remove()
            else:
                self.install()
        if self._starts_nothing(self._autostart):
            self.start_at_login(on=True)

    def _remove(self) -> None:
        for path in self._installed():
            path.unlink(missing_ok=True)
            for folder in path.parents:
                if folder == self._data or not folder.is_relative_to(self._data):
                    break
                with contextlib.suppress(OSError):
                    folder.rmdir()
        self._tell_icon_caches()

    def _is_of_another(self, entry: Path) -> bool:
        program = _program_of(entry)
        if program is None or program == Path(self._command[0]):
            return False
        return program.is_file()

    @staticmethod
    def _starts_nothing(entry: Path) -> bool:
        program = _program_of(entry)
        return program is not None and not program.is_file()

    def _has_system_entry(self) -> bool:
        entries = (data / self._entry.relative_to(self._data) for data in self._system)
        return any(map(Path.is_file, entries))

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
        program = _escaped(self._command[0])
        text = _AUTOSTART.format(
            name=APP_NAME, command=command, program=program, icon=APP_ID
        )
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


def _program_of(entry: Path) -> Path | None:
    """Return what an entry starts, by its TryExec or else the first word of Exec."""
    try:
        text = entry.read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        return None
    for key in ("TryExec", "Exec"):
        if found := re.search(rf"^{key}=(.+)$", text, re.MULTILINE):
            value = _unescaped(found[1])
            word = value if key == "TryExec" else _first_word(value)
            return Path(word) if Path(word).is_absolute() else None
    return None


def _first_word(line: str) -> str:
    quoted = re.match(r'"((?:\\.|[^"\\])*)"', line)
    word = re.sub(r"\\(.)", r"\1", quoted[1]) if quoted else line.split(" ", 1)[0]
    return word.replace("%%", "%")


def _unescaped(text: str) -> str:
    plain = {"n": "\n", "t": "\t", "s": " ", "r": "\r"}
    return re.sub(r"\\(.)", lambda found: plain.get(found[1], found[1]), text)


def _quoted(word: str) -> str:
    word = word.replace("%", "%%")
    if word and not set(word) & set(" \t\n\"'\\><~|&;$*?#()`"):
        return word
    for char in '\\"`$':
        word = word.replace(char, f"\\{char}")
    return f'"{word}"'


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\n", "\\n").replace("\t", "\\t")
