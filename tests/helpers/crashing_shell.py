"""Starts a misbehaving sidecar, brings it into a state, and waits to be killed.

Run as `python -m tests.helpers.crashing_shell DATA_DIR STATE [MODULE]`;
prints the pid of the process it started.
"""

import contextlib
import os
import signal
import sys
import threading
import time
from pathlib import Path

from tests.helpers.sidecar import Sidecar


def main(
    data_dir: str, state: str, module: str = "tests.helpers.misbehaving_sidecar"
) -> None:
    """Hold a sidecar that is `running`, `stopped`, or in an odd route."""
    sidecar = Sidecar.start(Path(data_dir), module=module)

    def ask() -> None:
        with contextlib.suppress(OSError):
            sidecar.request("GET", f"/odd/{state}", timeout=60)

    if state == "stopped":
        os.kill(sidecar.pid, signal.SIGSTOP)
    elif state != "running":
        threading.Thread(target=ask, daemon=True).start()
        while "reached" not in sidecar.log:
            time.sleep(0.01)
    sys.stdout.write(f"{sidecar.pid}\n")
    sys.stdout.flush()
    signal.pause()


if __name__ == "__main__":
    main(*sys.argv[1:])
