"""How to start the sidecar: the command and the clean environment it gets."""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from backend import protocol

_DROPPED: Final = ("ROBYN_", "PYTHON", "LD_", "DYLD_", "QTWEBENGINE_")
"""Prefixes by which an outsider could steer the interpreter, Robyn or Chromium."""

# -I keeps the working directory and the user's site folder off the path, so the
# folder that holds the package is named outright.
_BOOT: Final = (
    "import runpy, sys; sys.path.insert(0, sys.argv.pop()); "
    "runpy.run_module('backend', run_name='__main__', alter_sys=True)"
)


@dataclass(frozen=True, slots=True)
class Launch:
    """A program and its arguments."""

    program: str
    arguments: tuple[str, ...]


def sidecar_launch() -> Launch:
    """Return the command for this installation, from source or from a wheel."""
    home = Path(protocol.__file__).resolve().parent.parent
    return Launch(sys.executable, ("-I", "-u", "-c", _BOOT, str(home)))


def clean_environment(outside: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the environment without what could change how the sidecar runs."""
    given = os.environ if outside is None else outside
    return {
        name: value
        for name, value in given.items()
        if not name.upper().startswith(_DROPPED)
    }
