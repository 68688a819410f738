"""Finds Hearth's own icons, from source and from an installed wheel."""

from functools import cache
from pathlib import Path

from PySide6.QtGui import QIcon

from backend.installation import resource_path
from qtshell.sidecar.lifecycle import Phase


@cache
def icon_folder() -> Path:
    """Return the folder with the icons."""
    return resource_path("qtshell", "resources", "icons")


def icon(name: str = "hearth") -> QIcon:
    """Return an icon by its file's name."""
    return QIcon(str(icon_folder() / f"{name}.svg"))


def phase_icon_name(phase: Phase) -> str:
    """Return the icon whose shape tells the phase."""
    match phase:
        case Phase.READY:
            return "hearth"
        case Phase.FAILED:
            return "hearth-failed"
        case Phase.STOPPED | Phase.STOPPING | Phase.UNRESPONSIVE:
            return "hearth-offline"
        case Phase.LAUNCHING | Phase.PROBING | Phase.ENDING | Phase.WAITING:
            return "hearth-working"
