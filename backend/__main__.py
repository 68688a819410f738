"""Starts the sidecar: a clean process, the hello, then everything else."""

import gc
import os
import sys

from backend.installation import clean_environment


def main() -> None:
    """Run until the leash ends; exit 2 when nobody holds it."""
    begin_clean()
    from backend.sidecar import run  # noqa: PLC0415 imports read the environment

    sys.exit(run())


def begin_clean() -> None:
    """Keep out of this process what could change how it runs; before other imports."""
    # Collecting while the imports build their classes costs a quarter of the boot;
    # `app` turns it on again when the store is open.
    gc.disable()
    os.umask(0o077)
    sys.argv[1:] = []
    kept = clean_environment(os.environ)
    os.environ.clear()
    os.environ.update(kept)


if __name__ == "__main__":
    main()
