"""Lets the user choose a model file, or a folder for models, and tells the sidecar."""

from urllib.parse import quote

from qtshell.dialogs.file_dialog import Chosen, FileDialogCommand, SidecarTask


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
