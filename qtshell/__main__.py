"""Command line of Hearth: do what a command asks, or be the one instance."""

import os
import sys

from qtshell import cli
from qtshell.display import display_problem
from qtshell.options import read_options


def main() -> int:
    """Run Hearth and return its exit code."""
    os.umask(0o077)
    options = read_options(sys.argv[1:])
    claimed = cli.run(options)
    if isinstance(claimed, int):
        return claimed
    if problem := display_problem():
        return cli.fail(problem, cli.Exit.USAGE)
    # Qt is imported only now, so that everything before answers at once.
    from qtshell.start import run  # noqa: PLC0415

    try:
        return run(options, claimed)
    finally:
        claimed.release()


if __name__ == "__main__":
    sys.exit(main())
