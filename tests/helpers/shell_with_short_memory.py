"""The real program with a short memory, so that many faults can follow one another.

Run as `python -m tests.helpers.shell_with_short_memory`, with the program's own
options. A moment of health forgives a failure instead of ten minutes, so that each
fault is met like the first one; a killed sidecar is killed again very soon.
"""

import sys
from typing import Final

from qtshell.__main__ import main
from qtshell.sidecar import lifecycle
from qtshell.web import crash_policy

_RESET_AFTER_MS: Final = 10
_CRASHES_WITHIN_MS: Final = 500


def forgive_soon() -> None:
    """Shorten how long failures are remembered."""
    vars(lifecycle).update(RESET_AFTER_MS=_RESET_AFTER_MS)
    vars(crash_policy).update(WITHIN_MS=_CRASHES_WITHIN_MS)


if __name__ == "__main__":
    forgive_soon()
    sys.exit(main())
