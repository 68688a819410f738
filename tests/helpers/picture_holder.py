"""Holds a picture in the clipboard of the desktop: `python -m … WIDTH HEIGHT`.

What is in the clipboard of X11 is given out by whoever put it there, while it runs.
"""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from PySide6.QtGui import QColor, QGuiApplication, QImage

_READY: Final = "ready\n"


@contextmanager
def held_picture(width: int, height: int) -> Iterator[None]:
    """Hold a picture of one colour while the block runs."""
    command = [sys.executable, "-m", __name__, str(width), str(height)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout
        assert holder.stdout.readline() == _READY
        try:
            yield
        finally:
            holder.kill()


def main() -> None:
    """Hold it until this process is killed."""
    app = QGuiApplication(["holder"])
    image = QImage(int(sys.argv[1]), int(sys.argv[2]), QImage.Format.Format_RGB32)
    image.fill(QColor("teal"))
    app.clipboard().setImage(image)
    app.processEvents()
    sys.stdout.write(_READY)
    sys.stdout.flush()
    app.exec()


if __name__ == "__main__":
    main()
