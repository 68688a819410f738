"""Runs the benchmarks and prints their tables: python -m tests.benchmarks [GROUP …]."""

import argparse
import sys
from functools import partial
from typing import Final

from tests.benchmarks import (
    desktop,
    first_words,
    launch,
    package,
    page,
    picker,
    soak,
    stalls,
    store,
    streaming,
    sync,
)
from tests.benchmarks.machine import load, machine
from tests.benchmarks.tables import missed
from tests.helpers.measurements import record

GROUPS: Final = {
    "launch": launch.measure,
    "desktop": desktop.measure,
    "page": page.measure,
    "picker": picker.measure,
    "store": store.measure,
    "answers": stalls.measure,
    "first_words": first_words.measure,
    "streaming": streaming.measure,
    "sync": sync.measure,
}
SOAK: Final = "soak"
PACKAGE: Final = "package"
ASKED: Final = (SOAK, PACKAGE)
"""Only when they are asked for by name: one takes long, the other needs a package."""


def main() -> None:
    """Measure the groups asked for, or all; exit 1 when an aim was missed."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks")
    parser.add_argument("groups", nargs="*", choices=[*GROUPS, *ASKED, []], default=[])
    parser.add_argument(
        "--minutes", type=int, default=soak.MINUTES, help="how long the soak takes"
    )
    parser.add_argument(
        "--messages", type=int, default=sync.MESSAGES, help="that sync exchanges"
    )
    parser.add_argument("--record", action="store_true", help="in MEASUREMENTS.md")
    options = parser.parse_args()
    chosen = options.groups or list(GROUPS)
    tables = []
    for name in chosen:
        before = load()
        asked = {
            SOAK: partial(soak.measure, options.minutes),
            PACKAGE: partial(package.measure, package.RUNS),
            "sync": partial(sync.measure, options.messages),
        }
        table = (GROUPS | asked)[name]()
        tables.append(table)
        said = f"{table.to_markdown()}\n\nLoad: {before} before, {load()} after.\n\n"
        sys.stdout.write(said)
        if options.record:
            record(f"bench:{name}", f"{said}{machine()}.")
    sys.stdout.write(f"{machine()}\n")
    for problem in missed(tables):
        sys.stdout.write(f"Missed: {problem}\n")
    sys.exit(bool(missed(tables)))


if __name__ == "__main__":
    main()
