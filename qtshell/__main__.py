"""Command line of Hearth: do what a command asks, or be the one instance."""

import os
import sys
from pathlib import Path

from qtshell import cli
from qtshell.display.server import display_problem
from qtshell.options import read_options
from qtshell.process.own_files import NotOwnError


def main() -> int:
    """Run Hearth and return its exit code."""
    os.umask(0o077)
    _open_streams()
    options = read_options(sys.argv[1:])
    claimed = cli.run(options)
    if isinstance(claimed, int):
        return claimed
    if problem := display_problem():
        return cli.fail(problem, cli.Exit.USAGE)
    # Qt is imported only now, so that everything before answers at once.
    from qtshell.start import run  # noqa: PLC0415 Qt is slow

    try:
        return run(options, claimed)
    except NotOwnError as exc:
        return cli.fail(str(exc))
    finally:
        claimed.release()


def _open_streams() -> None:
    """Give words that nobody reads a place to go: a window has no terminal."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            # In this order each gets its own number back.
            stream = Path(os.devnull).open(mode, encoding="utf-8")  # noqa: SIM115 kept
            setattr(sys, name, stream)


if __name__ == "__main__":
    sys.exit(main())
