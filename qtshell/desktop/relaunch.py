"""How to start this very installation again."""

import sys
from pathlib import Path


def own_command() -> tuple[str, ...]:
    """Return the program, and arguments that come before Hearth's own."""
    if getattr(sys, "frozen", False):
        return (sys.executable,)
    # Not resolved: in a virtual environment the interpreter is a link out of it.
    name = "hearthw.exe" if sys.platform == "win32" else "hearth"
    script = Path(sys.executable).parent / name
    if script.is_file():
        return (str(script.absolute()),)
    return (sys.executable, "-m", "qtshell")
