"""Draws the icons of Windows and macOS: icons.py FOLDER.

Each size is drawn by itself from the one picture: a large one made small is blurred.
"""

import sys
from io import BytesIO
from pathlib import Path
from typing import Final

from PIL import Image
from PySide6.QtCore import QBuffer

from qtshell.desktop.resources import draw_icon

_SIZES: Final = {
    "ico": (16, 20, 24, 32, 40, 48, 64, 256),
    "icns": (16, 32, 64, 128, 256, 512, 1024),
}


def main() -> None:
    """Draw both into the folder that is named."""
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    write_icons(folder)


def write_icons(folder: Path) -> None:
    """Write `hearth.ico` and `hearth.icns` into a folder."""
    for kind, sizes in _SIZES.items():
        *small, large = map(_drawn, sizes)
        named = [image.size for image in (*small, large)]
        large.save(folder / f"hearth.{kind}", append_images=small, sizes=named)


def _drawn(size: int) -> Image.Image:
    buffer = QBuffer()
    buffer.open(QBuffer.OpenModeFlag.WriteOnly)
    draw_icon(size).save(buffer, "PNG")  # type: ignore[call-overload]  Qt takes str
    return Image.open(BytesIO(buffer.data().data()))


if __name__ == "__main__":
    main()
