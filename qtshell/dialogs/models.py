"""Lets the user choose a model file and tells the sidecar its path."""

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
