"""Tells the sidecar which model files, or which folder for them, somebody chose."""

import json
from collections.abc import Sequence
from functools import partial
from urllib.parse import quote

from PySide6.QtWidgets import QWidget

from qtshell.dialogs.file_dialog import (
    Chosen,
    FileDialogCommand,
    SidecarTask,
    have_done,
)
from qtshell.dialogs.page_commands import tell
from qtshell.sidecar.client import SidecarClient


class ModelPicker(FileDialogCommand):
    """For a new engine, or for the `engine` whose file is elsewhere now."""

    title = "Choose a Model"
    name = "pick-model"
    failure = "This model could not be opened."
    filters = ("Model files (*.gguf)", "All files (*)")

    def _task(self, chosen: Chosen) -> SidecarTask:
        target = "/engines/builtin"
        if engine_id := chosen.query.get("engine", ""):
            target = f"/engines/{quote(engine_id, safe='')}/file"
        return SidecarTask(target, {"path": chosen.path})


class ModelFolderPicker(FileDialogCommand):
    """Asks for a folder and has the sidecar keep new models in it."""

    title = "Choose a Folder for Models"
    name = "pick-models-folder"
    failure = "Models cannot be kept there."
    is_for_folder = True

    def _task(self, chosen: Chosen) -> SidecarTask:
        return SidecarTask("/models/folder", {"path": chosen.path})


def add_models(client: SidecarClient, window: QWidget, paths: Sequence[str]) -> None:
    """Have the sidecar use files; the page says of each what came of it."""
    task = SidecarTask("/models/files", {"paths": json.dumps(paths)})
    have_done(client, task, partial(tell, window, ModelPicker.failure))
