"""The real sidecar on a machine whose clock is wrong.

Run as `python -m tests.helpers.sidecar_with_clock_skew`;
HEARTH_SHIFT_S says by how much.
"""

import os
import sys
import time

SHIFT = "HEARTH_SHIFT_S"


def shift_the_clock(seconds: int) -> None:
    """Let the wall clock, and nothing else, go wrong."""
    now, now_ns = time.time, time.time_ns
    time.time = lambda: now() + seconds
    time.time_ns = lambda: now_ns() + seconds * 1_000_000_000


if __name__ == "__main__":
    shift_the_clock(int(os.environ[SHIFT]))
    # Late, because imports may keep the clock's functions.
    from backend.sidecar import run

    sys.exit(run())
