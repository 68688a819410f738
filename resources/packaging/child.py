"""What a frozen Hearth does first: be the child that it started itself, if it is one.

In a child PyInstaller's hook for Qt must not run, which comes after this: it loads Qt,
whose support for Python then looks into each module that is imported. That failed now
and then while the sidecar imports in several threads.
"""

import os
import runpy
import sys
from pathlib import Path
from typing import Final

from backend.installation import asked_module

_OWN_PROGRAM: Final = Path("/proc/self/exe")
"""What runs, also when another file has its name."""


def main() -> None:
    """Be what the arguments ask for, and end with it; else leave it to the shell."""
    # PyInstaller points it at its own libraries, which no other program is to load.
    before = os.environ.pop("LD_LIBRARY_PATH_ORIG", None)
    os.environ.pop("LD_LIBRARY_PATH", None)
    if before is not None:
        os.environ["LD_LIBRARY_PATH"] = before
    _keep_own_modules()
    if module := asked_module(sys.argv[1:]):
        del sys.argv[1:]
        runpy.run_module(module, run_name="__main__", alter_sys=True)
        sys.exit()


def _keep_own_modules() -> None:
    """Go on with this version's modules after an update has replaced the program.

    PyInstaller 6 opens the file by its name for each module, and would read from the
    middle of another one. Windows replaces no program that runs.
    """
    if _OWN_PROGRAM.exists():
        import pyimod02_importers as importers  # noqa: PLC0415 frozen programs have it

        importers.pyz_archive._filename = str(_OWN_PROGRAM)  # noqa: SLF001 no other way


if __name__ == "__main__":
    main()
