"""The window that lists every key: those of the menus, and those of the page."""

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QHeaderView,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

Row = tuple[str, str]
"""What a key does, and the key as QKeySequence writes it; " / " between several."""

_SIZE: Final = QSize(560, 600)
_WRITING: Final = (
    ("Send", "Return"),
    ("Start a new line", "Shift+Return"),
    ("Stop the answer", "Esc"),
    ("Edit the last question (if the message is empty)", "Up"),
    ("Save an edited question and ask again", "Ctrl+Return"),
    ("Cancel an edit or a new name", "Esc"),
)
_MOVING: Final = (
    ("Move to the notice, or between page and list", "F6"),
    ("Move through a list", "Up / Down / Home / End"),
    ("Move to the buttons of an entry, and back", "Right / Left"),
    ("Rename the conversation in the list", "F2"),
    ("Delete the entry in the list", "Del"),
    ("Pin, archive or move the conversation in the list", "P / A / M"),
    ("Select the conversation in the list", "Space / Ctrl+A"),
    ("Select several", "Shift+Up / Shift+Down"),
    ("Scroll the conversation", "PgUp / PgDown / Home / End"),
    ("Move through a menu", "Up / Down / Home / End"),
    ("Close a menu, a notice or the list", "Esc"),
)
_SEARCHING: Final = (
    ("Move through the results", "Up / Down"),
    ("Open the result", "Return"),
    ("Leave the search", "Esc"),
)
_ORDERING: Final = (("Move a quick action", "Alt+Up / Alt+Down"),)
_ASKS: Final = "Open Quick Ask"
_SHOOTS: Final = "Attach a screenshot to a new question"
_NO_KEYS: Final = "none chosen"


def every_key(
    menus: Sequence[Row], quick_ask: str, screenshot: str
) -> dict[str, Sequence[Row]]:
    """Return all keys by what they are for.

    Args:
        menus: The names and keys of the actions.
        quick_ask: The global shortcut that opens it, "" for none.
        screenshot: The one that attaches a screenshot, "" for none.
    """
    return {
        "In every program": ((_ASKS, quick_ask), (_SHOOTS, screenshot)),
        "Writing": _WRITING,
        "Moving around": _MOVING,
        "Search": _SEARCHING,
        "Quick actions": _ORDERING,
        "Menus": menus,
    }


def shown_keys(keys: str) -> str:
    """Return keys as this platform writes them."""
    native = QKeySequence.SequenceFormat.NativeText
    each = (QKeySequence(key).toString(native) for key in keys.split(" / ") if key)
    return "  ".join(each) or _NO_KEYS


class ShortcutList(QDialog):
    """Every key of Hearth, read and left by keyboard."""

    def __init__(self, sections: dict[str, Sequence[Row]], window: QWidget) -> None:
        super().__init__(window)
        self.setObjectName("shortcuts")
        self.setWindowTitle("Keyboard Shortcuts")
        self.resize(_SIZE)
        self.keys = QTreeWidget()
        self.keys.setAccessibleName("Keyboard shortcuts")
        self.keys.setHeaderLabels(["What it does", "Keys"])
        self.keys.setRootIsDecorated(False)
        self.keys.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        for name, rows in sections.items():
            self._add(name, rows)
        header = self.keys.header()
        header.setStretchLastSection(False)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.addWidget(self.keys)
        column.addWidget(buttons)
        self.keys.setCurrentIndex(self.keys.model().index(0, 0))

    def _add(self, name: str, rows: Sequence[Row]) -> None:
        section = QTreeWidgetItem(self.keys, [name])
        font = section.font(0)
        font.setBold(True)
        section.setFont(0, font)
        section.setFirstColumnSpanned(True)
        section.setExpanded(True)
        for what, keys in rows:
            row = QTreeWidgetItem(section, [what, shown_keys(keys)])
            row.setToolTip(0, what)
