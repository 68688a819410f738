"""Asks for a file or a folder in a native dialog, and has the sidecar work on it."""

import logging
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import ClassVar, Final, NamedTuple

from PySide6.QtWidgets import QFileDialog, QWidget

from backend.interface.api_types import Done
from qtshell.dialogs.page_commands import tell
from qtshell.sidecar.client import SidecarClient

log = logging.getLogger("hearth.shell")

_AWAY: Final = "Hearth is starting. Try again in a moment."


class Chosen(NamedTuple):
    """What was chosen in a dialog, and what the link that opened it said."""

    dialog: QFileDialog
    query: Mapping[str, str]
    path: str


class SidecarTask(NamedTuple):
    """What the sidecar is asked to do with what was chosen."""

    path: str
    form: Mapping[str, str]


class FileDialogCommand:
    """Answers a link of the page with a dialog, and says why its choice is refused.

    Attributes:
        title: Of the dialog.
        name: Of the command, and of the dialog as an object.
        failure: Said above the reason when nothing came of it.
        filters: Which files are shown; none for all.
        is_for_folder: Whether a folder is asked for.
    """

    title: ClassVar[str]
    name: ClassVar[str]
    failure: ClassVar[str]
    filters: ClassVar[Sequence[str]] = ()
    is_for_folder: ClassVar[bool] = False

    def __init__(self, client: SidecarClient, window: QWidget) -> None:
        self._client = client
        self._window = window

    def __call__(self, query: Mapping[str, str]) -> None:
        """Open the dialog."""
        dialog = QFileDialog(self._window, self.title, str(Path.home()))
        dialog.setObjectName(self.name)
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        if self.is_for_folder:
            choose_folders(dialog)
        if self.filters:
            dialog.setNameFilters(list(self.filters))
        self._prepare(dialog, query)

        def choose(paths: Sequence[str]) -> None:
            for path in paths:
                self._choose(Chosen(dialog, query, path))

        dialog.filesSelected.connect(choose)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _prepare(self, dialog: QFileDialog, query: Mapping[str, str]) -> None:
        """Change the dialog before it opens."""

    def _task(self, chosen: Chosen) -> SidecarTask:
        """Return what is to be done with a path.

        Raises:
            ValueError: Its text says why it cannot be used.
        """
        raise NotImplementedError

    def _choose(self, chosen: Chosen) -> None:
        try:
            task = self._task(chosen)
        except ValueError as exc:
            self._complain(str(exc))
            return
        have_done(self._client, task, self._complain)

    def _complain(self, sentence: str) -> None:
        log.warning("what was chosen for %s was refused", self.name)
        tell(self._window, self.failure, sentence)


def have_done(
    client: SidecarClient, task: SidecarTask, complain: Callable[[str], object]
) -> None:
    """Have the sidecar do a task, and complain in a sentence when it does not."""
    client.post(
        task.path,
        task.form,
        Done,
        refused=lambda refusal: complain(refusal.error),
        unreachable=lambda: complain(_AWAY),
    )


def choose_folders(dialog: QFileDialog) -> None:
    """Let a dialog ask for a folder."""
    dialog.setFileMode(QFileDialog.FileMode.Directory)
    dialog.setOption(QFileDialog.Option.ShowDirsOnly)
