"""Finds the templates of what is installed, and draws the icon in any size."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from backend.installation import installed_version, resource_path
from qtshell.identity import APP_ID

if TYPE_CHECKING:
    from PySide6.QtGui import QImage

_NO_VERSION: Final = "0.0.0"


def filled_template(name: str, **values: str) -> str:
    """Return a template of `resources/packaging` with its @NAMES@ filled in."""
    text = _template(name).read_text("utf-8")
    for key, value in values.items():
        text = text.replace(f"@{key}@", value)
    return text


def _template(name: str) -> Path:
    folder = resource_path("qtshell", "resources", "packaging")
    return folder / f"{APP_ID}.{name}.in"


def metainfo() -> str:
    """Return what software centres show of Hearth."""
    version = installed_version()
    # A module of a frozen program is no file.
    built = datetime.fromtimestamp(_template("metainfo.xml").stat().st_mtime, UTC)
    known = version if version[0].isdigit() else _NO_VERSION
    return filled_template("metainfo.xml", VERSION=known, DATE=f"{built:%Y-%m-%d}")


def icon_file() -> Path:
    """Return the icon as drawn."""
    return resource_path("qtshell", "resources", "icons") / "hearth.svg"


def draw_icon(size: int) -> "QImage":
    """Return the icon in one size."""
    # Qt is imported late: most launches draw nothing.
    from PySide6.QtCore import Qt  # noqa: PLC0415 Qt is slow
    from PySide6.QtGui import QImage, QPainter  # noqa: PLC0415 Qt is slow
    from PySide6.QtSvg import QSvgRenderer  # noqa: PLC0415 Qt is slow

    image = QImage(size, size, QImage.Format.Format_ARGB32)
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    QSvgRenderer(str(icon_file())).render(painter)
    painter.end()
    return image
