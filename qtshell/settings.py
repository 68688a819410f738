"""What the shell remembers for itself, per data folder."""

import re
from pathlib import Path
from typing import Final

from PySide6.QtCore import QByteArray, QSettings

from qtshell.display.theme import Theme

QUICK_ASK: Final = "quick-ask"
SCREENSHOT: Final = "screenshot"
_HOTKEYS: Final = {QUICK_ASK: "hotkey", SCREENSHOT: "screenshot_hotkey"}
_MIN_ZOOM: Final = 0.5
_MAX_ZOOM: Final = 3.0
_WIDTH: Final = re.compile("[1-9][0-9]{2}")


class ShellSettings:
    """Typed access to one ini file; a damaged value falls back to its default."""

    def __init__(self, data_dir: Path) -> None:
        self._store = QSettings(str(data_dir / "shell.ini"), QSettings.Format.IniFormat)

    @property
    def geometry(self) -> QByteArray:
        """Where the window was, in Qt's own words."""
        value = self._store.value("window/geometry")
        return value if isinstance(value, QByteArray) else QByteArray()

    @geometry.setter
    def geometry(self, value: QByteArray) -> None:
        self._store.setValue("window/geometry", value)

    @property
    def theme(self) -> Theme:
        """Light, dark or as the system."""
        value = self._store.value("view/theme")
        known = {theme.value: theme for theme in Theme}
        return known.get(str(value), Theme.SYSTEM)

    @theme.setter
    def theme(self, value: Theme) -> None:
        self._store.setValue("view/theme", value.value)

    @property
    def zoom(self) -> float:
        """The page's zoom factor."""
        try:
            zoom = float(str(self._store.value("view/zoom", "1")))
        except ValueError:
            return 1.0
        return min(max(zoom, _MIN_ZOOM), _MAX_ZOOM)

    @zoom.setter
    def zoom(self, value: float) -> None:
        self._store.setValue("view/zoom", str(min(max(value, _MIN_ZOOM), _MAX_ZOOM)))

    @property
    def list_width(self) -> str:
        """How wide the list of conversations is, in CSS pixels; "" as designed."""
        value = str(self._store.value("view/list_width", ""))
        return value if _WIDTH.fullmatch(value) else ""

    @list_width.setter
    def list_width(self, value: str) -> None:
        self._store.setValue("view/list_width", value)

    @property
    def wraps_code(self) -> bool:
        """Whether long lines of code are wrapped."""
        return self._flag("view/code_wrap")

    @wraps_code.setter
    def wraps_code(self, value: bool) -> None:
        self._set_flag("view/code_wrap", is_on=value)

    @property
    def numbers_code(self) -> bool:
        """Whether the lines of code are numbered."""
        return self._flag("view/code_numbers")

    @numbers_code.setter
    def numbers_code(self, value: bool) -> None:
        self._set_flag("view/code_numbers", is_on=value)

    @property
    def spelling(self) -> str | None:
        """The languages checked, separated by spaces; None when none were chosen."""
        value = self._store.value("view/spelling")
        return value if isinstance(value, str) else None

    @spelling.setter
    def spelling(self, value: str) -> None:
        self._store.setValue("view/spelling", value)

    @property
    def own_words(self) -> list[str]:
        """The words that are no mistakes."""
        value = self._store.value("view/own_words", "")
        return str(value).split()

    @own_words.setter
    def own_words(self, value: list[str]) -> None:
        self._store.setValue("view/own_words", " ".join(value))

    def take_reopened(self) -> str:
        """Return, once, what was shown when Hearth restarted itself; "" for nothing."""
        path = str(self._store.value("window/reopened", ""))
        self._store.remove("window/reopened")
        return path

    def reopen(self, path: str) -> None:
        """Show this page at the next start."""
        self._store.setValue("window/reopened", path)

    @property
    def software_rendering(self) -> bool:
        """Whether the next start does without the graphics card."""
        return self._flag("view/software_rendering")

    @software_rendering.setter
    def software_rendering(self, value: bool) -> None:
        self._set_flag("view/software_rendering", is_on=value)

    def hotkey(self, name: str = QUICK_ASK) -> str | None:
        """Return a global shortcut, "" for none; None when nothing was chosen yet."""
        value = self._store.value(f"desktop/{_HOTKEYS[name]}")
        return value if isinstance(value, str) else None

    def set_hotkey(self, name: str, keys: str) -> None:
        """Keep a global shortcut; what is wrong with it may be said again."""
        self._store.setValue(f"desktop/{_HOTKEYS[name]}", keys)
        self.set_hotkey_hint_shown(name, shown=False)

    def is_hotkey_hint_shown(self, name: str) -> bool:
        """Whether the user knows that a global shortcut cannot be had."""
        return self._flag(f"told/{_HOTKEYS[name]}")

    def set_hotkey_hint_shown(self, name: str, *, shown: bool) -> None:
        """Remember whether that was said."""
        self._set_flag(f"told/{_HOTKEYS[name]}", is_on=shown)

    @property
    def tray_hint_shown(self) -> bool:
        """Whether the user knows that closing the window keeps Hearth running."""
        return self._flag("told/tray")

    @tray_hint_shown.setter
    def tray_hint_shown(self, value: bool) -> None:
        self._set_flag("told/tray", is_on=value)

    @property
    def no_tray_hint_shown(self) -> bool:
        """Whether the user knows that this desktop has no tray."""
        return self._flag("told/without_tray")

    @no_tray_hint_shown.setter
    def no_tray_hint_shown(self, value: bool) -> None:
        self._set_flag("told/without_tray", is_on=value)

    def save(self) -> None:
        """Write what changed."""
        self._store.sync()

    def _set_flag(self, name: str, *, is_on: bool) -> None:
        self._store.setValue(name, "yes" if is_on else "no")

    def _flag(self, name: str) -> bool:
        return str(self._store.value(name)) == "yes"
