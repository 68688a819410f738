"""What the desktop knows Hearth by."""

from typing import Final

APP_NAME: Final = "Hearth"
APP_ID: Final = "org.hearth.Hearth"
"""Names the desktop entry, the icons, the window's class and the D-Bus caller."""
