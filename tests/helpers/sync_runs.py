"""Lets random things happen to three computers, often, and says what came of each run.

`python -m tests.helpers.sync_runs 1000` does half of the runs over a folder and half
over a server; half of each damages what is shared, half sets a computer back. In every
fifth what is shared is told again in few records all the time.
"""

import argparse
import random
import sys
import tempfile
import time
import traceback
from pathlib import Path

import pytest

from backend.services.sync import compaction
from tests.helpers.sqld import Sqld
from tests.helpers.three_computers import random_steps, run

_SOON_EVERY = 5


def main() -> int:
    """Do the runs; return how many failed, at most 1."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("runs", type=int)
    parser.add_argument("--first", type=int, default=1, help="seed of the first run")
    options = parser.parse_args()
    changes, failed = 0, 0
    with tempfile.TemporaryDirectory() as folder, Sqld(Path(folder)) as server:
        for seed in range(options.first, options.first + options.runs):
            begun = time.monotonic()
            try:
                came = one_run(seed, server)
                said = f"{came} changes"
                changes += came
            except Exception:  # noqa: BLE001 it is counted, and the others go on
                failed += 1
                said = f"FAILED\n{traceback.format_exc()}"
            spent = time.monotonic() - begun
            sys.stdout.write(f"seed {seed}: {spent:.1f} s, {said}\n")
            sys.stdout.flush()
    sys.stdout.write(f"{options.runs} runs, {changes} changes, {failed} failures\n")
    return min(failed, 1)


def one_run(seed: int, server: Sqld) -> int:
    """Do one run; return how many changes there were in the end."""
    place = server if seed % 2 else None
    damage = "folder" if seed // 2 % 2 else "computer"
    with pytest.MonkeyPatch.context() as patch:
        if seed % _SOON_EVERY == 0:
            patch.setattr(compaction, "MANY_RECORDS", 3)
            patch.setattr(compaction, "KEPT_MS", -1)
        return run(random_steps(random.Random(seed)), seed, damage, place)


if __name__ == "__main__":
    sys.exit(main())
