"""Lets random things happen to three computers, often, and counts.

`python -m tests.helpers.sync_runs 1000` does half of the runs over a folder and half
over a server; half of each damages what is shared, half sets a computer back.
"""

import argparse
import random
import sys
import tempfile
import traceback
from pathlib import Path

from tests.helpers.sqld import Sqld
from tests.helpers.three_computers import random_steps, run


def main() -> int:
    """Do the runs; return how many failed, at most 1."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("runs", type=int)
    parser.add_argument("--first", type=int, default=1, help="seed of the first run")
    options = parser.parse_args()
    changes, failed, done = 0, 0, 0
    with tempfile.TemporaryDirectory() as folder, Sqld(Path(folder)) as server:
        for seed in range(options.first, options.first + options.runs):
            place = server if seed % 2 else None
            damage = "folder" if seed // 2 % 2 else "computer"
            try:
                steps = random_steps(random.Random(seed))
                changes += run(steps, seed, damage, place)
            except Exception:  # noqa: BLE001 it is counted, and the others go on
                failed += 1
                sys.stdout.write(f"seed {seed}:\n{traceback.format_exc()}\n")
            done += 1
            if done % 20 == 0 or done == options.runs:
                said = f"{done} runs, {changes} changes, {failed} failures\n"
                sys.stdout.write(said)
                sys.stdout.flush()
    return min(failed, 1)


if __name__ == "__main__":
    sys.exit(main())
