"""Says how much of quick ask can be seen through, on the platform it runs on.

`python -m tests.helpers.quick_pixels`: the widget's own pixels, before any compositor.
"""

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication, QImage
from PySide6.QtWidgets import QApplication

from qtshell.quick.window import QuickWindow


def main() -> None:
    """Show the window, take its picture, and count."""
    app = QApplication([])
    window = QuickWindow()
    window.show()
    app.processEvents()
    ratio = window.devicePixelRatio()
    picture = QImage(window.size() * ratio, QImage.Format.Format_ARGB32)
    picture.setDevicePixelRatio(ratio)
    picture.fill(Qt.GlobalColor.transparent)
    window.render(picture)
    alpha = bytes(picture.constBits())[3::4]
    clear = 100 * (1 - alpha.count(255) / len(alpha))
    name = QGuiApplication.platformName()
    print(f"{name} {ratio:g} {clear:.2f}")  # noqa: T201 its answer


if __name__ == "__main__":
    main()
