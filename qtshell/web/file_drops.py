"""Takes files that are dropped on a page: Chromium gives a page no paths."""

from typing import Final

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QDropEvent

from qtshell.web.view import WebView

_DRAGS: Final = (QEvent.Type.DragEnter, QEvent.Type.DragMove, QEvent.Type.Drop)


class FileDrops(QObject):
    """Takes files while one page is shown; anything else goes to the page.

    Signals:
        dropped: The paths of files that were dropped.
    """

    dropped = Signal(list)

    def __init__(self, view: WebView, page: str) -> None:
        """Watch a view for drops on the page with this path."""
        super().__init__(view)
        self._view = view
        self._page = page
        view.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Take what is dragged when it is files of this computer."""
        if event.type() not in _DRAGS or not isinstance(event, QDropEvent):
            return super().eventFilter(watched, event)
        urls = event.mimeData().urls()
        paths = [url.toLocalFile() for url in urls if url.isLocalFile()]
        if not paths or self._view.path.partition("?")[0] != self._page:
            return super().eventFilter(watched, event)
        # A file manager would delete what was moved.
        event.setDropAction(Qt.DropAction.CopyAction)
        event.accept()
        if event.type() is QEvent.Type.Drop:
            self.dropped.emit(paths)
        return True
