"""Command line of Hearth: read the options, see that there is a display, run."""

import os
import sys

from qtshell.display import display_problem
from qtshell.options import read_options

_NO_DISPLAY = 2


def main() -> int:
    """Run Hearth and return its exit code."""
    os.umask(0o077)
    options = read_options(sys.argv[1:])
    problem = display_problem()
    if problem:
        sys.stderr.write(problem + "\n")
        return _NO_DISPLAY
    # Qt is imported only now, so that --help and a missing display answer at once.
    from qtshell.app import run  # noqa: PLC0415

    return run(options)


if __name__ == "__main__":
    sys.exit(main())
