"""Where a frozen Hearth begins: as the program, or as the child it starts itself."""

import os
import runpy
import sys

from backend.installation import asked_module


def main() -> None:
    """Be what the arguments ask for."""
    # PyInstaller points it at its own libraries, which no other program is to load.
    before = os.environ.pop("LD_LIBRARY_PATH_ORIG", None)
    os.environ.pop("LD_LIBRARY_PATH", None)
    if before is not None:
        os.environ["LD_LIBRARY_PATH"] = before
    if module := asked_module(sys.argv[1:]):
        del sys.argv[1:]
        runpy.run_module(module, run_name="__main__", alter_sys=True)
        return
    from qtshell.__main__ import main as start  # noqa: PLC0415 a child needs no shell

    sys.exit(start())


if __name__ == "__main__":
    main()
