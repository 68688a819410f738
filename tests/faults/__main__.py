"""Does every fault many times, to the program and its files, and prints what it cost.

The table goes to stdout as Markdown, the progress to stderr. Exit code 1 says that a
fault cost more than it may.
"""

import argparse
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from pyvirtualdisplay.display import Display

from tests.benchmarks.machine import load, machine
from tests.helpers import store_fault_report, sync_kills, three_windows
from tests.helpers.fault_injection import Trial, running
from tests.helpers.fault_table import FAULTS, Fault, Row, Series, to_markdown
from tests.helpers.measurements import record
from tests.helpers.networks import can_make_networks
from tests.helpers.scripted_model import write_scripted_model
from tests.helpers.store_fault_report import STORE_FAULTS

_SYNC_KILLS = 100
_CUTS = 30


def measure(fault: Fault, runs: int, model: Path) -> Series:
    """Do one fault so often to one program."""
    trials: list[Trial] = []
    with tempfile.TemporaryDirectory() as folder, running(Path(folder)) as program:
        if fault.with_engine:
            program.use_model_file(model)
        else:
            program.use_ticking_server()
        for number in range(1, runs + 1):
            trial = fault.inject(program)
            trials.append(trial)
            sys.stderr.write(f"{fault.name} {number}/{runs}: {trial}\n")
        left = program.end()
    return Series(fault, trials, left)


def measure_program(only: str, runs: int | None) -> Iterator[Row]:
    """Do the faults of the running program, one after the other."""
    chosen = [fault for fault in FAULTS if only in fault.name]
    if not chosen:
        return
    with tempfile.TemporaryDirectory() as folder, Display(size=(1440, 1000)):
        model = write_scripted_model(Path(folder) / "scripted.gguf")
        for fault in chosen:
            yield measure(fault, runs or fault.runs, model)


def measure_store(only: str, runs: int | None) -> Iterator[Row]:
    """Do the faults of the store's files, two at a time."""
    chosen = [fault for fault in STORE_FAULTS if only in fault.name]
    with ThreadPoolExecutor(2) as pool:
        for series in pool.map(
            lambda fault: store_fault_report.measure(fault, runs or fault.runs), chosen
        ):
            sys.stderr.write(f"{series.row()}\n")
            yield series


def measure_sync(only: str, runs: int | None) -> Iterator[Row]:
    """Kill computers that exchange, over what they share."""
    for name in ("folder", "server"):
        if only in name:
            yield sync_kills.measure(name, runs or _SYNC_KILLS)
    if not can_make_networks():
        sys.stderr.write("three windows: networks need root and veth\n")
        return
    with Display(size=(1440, 1000)):
        for name in ("folder", "server"):
            if only in f"windows-{name}":
                yield three_windows.measure(name, runs or _CUTS)


def main() -> int:
    """Measure what is asked for and return the exit code."""
    parser = argparse.ArgumentParser(prog="make faults", description=__doc__)
    parts = {
        "program": measure_program,
        "store": measure_store,
        "sync": measure_sync,
    }
    parser.add_argument("part", nargs="?", choices=parts, help="only these")
    parser.add_argument("--runs", type=int, help="of each fault, instead of its own")
    parser.add_argument("--only", default="", help="faults with this in their name")
    parser.add_argument("--record", action="store_true", help="in MEASUREMENTS.md")
    options = parser.parse_args()
    series: list[Row] = []
    for part in [options.part] if options.part else parts:
        before, measured = load(), list[Row]()
        try:
            measured.extend(parts[part](options.only, options.runs))
        finally:
            sys.stdout.write(to_markdown(measured) + "\n")
        if options.record and not options.only:
            busy = f"Load: {before} before, {load()} after. {machine()}."
            record(f"faults:{part}", f"{to_markdown(measured)}\n\n{busy}")
        series.extend(measured)
    problems = [problem for one in series for problem in one.problems()]
    sys.stderr.writelines(f"{problem}\n" for problem in problems)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
