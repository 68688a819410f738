"""Starts the sidecar: a clean process, the hello, then everything else."""

import os
import sys


def main() -> None:
    """Run until the leash ends; exit 2 when nobody holds it."""
    os.umask(0o077)
    sys.argv[1:] = []
    # Late, because imports read the environment.
    from backend.process import clean_environment  # noqa: PLC0415

    kept = clean_environment(os.environ)
    os.environ.clear()
    os.environ.update(kept)
    from backend.sidecar import run  # noqa: PLC0415 as above

    sys.exit(run())


if __name__ == "__main__":
    main()
