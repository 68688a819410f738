"""Measures the package beside the source: launch, memory, and a sidecar that dies."""

import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tests.benchmarks import launch
from tests.benchmarks.tables import MB, MS, Line, Series, Table
from tests.helpers.tray import screen_of
from tests.helpers.window import ROOT, Window

RUNS: Final = 7
LAUNCH: Final = "launch to interactive"
MEMORY: Final = "memory (PSS of all processes)"
HEAL: Final = "sidecar killed until the page is answered"
UNITS: Final = {LAUNCH: MS, MEMORY: MB, HEAL: MS}
_SETTLE_S: Final = 2.0
_USABLE: Final = """document.documentElement.dataset.sidecar === 'ready'
  && fetch('/drafts/new', {signal: AbortSignal.timeout(1000)})
    .then((answer) => answer.ok, () => false)"""


def measure(runs: int) -> Table:
    """Start both in turn, several times.

    Raises:
        SystemExit: There is no package to measure.
    """
    found = {
        name: {what: Series(name) for what in UNITS} for name in ("package", "source")
    }
    with _unpacked() as program, screen_of(1440, 900), launch.window_manager():
        for run in range(runs + 1):
            for name, series in found.items():
                sys.stderr.write(f"package: {name}, {run} of {runs}\n")
                values = _measured(program if name == "package" else None)
                # The first start of each fills the system's cache.
                if run:
                    for what, value in values.items():
                        series[what].values.append(value)
    lines = [
        Line(
            what=what,
            unit=unit,
            hearth=found["package"][what],
            peer=found["source"][what],
        )
        for what, unit in UNITS.items()
    ]
    return Table("The package (Hearth) beside the source", lines)


def _measured(program: Path | None) -> dict[str, float]:
    def packaged(folder: Path, address: str) -> tuple[Sequence[str], dict[str, str]]:
        _, data = launch.hearth(folder, address)
        return [str(program), "--dev", "--data-dir", str(folder)], data

    took, used = launch.start(packaged if program else launch.hearth)
    return {LAUNCH: took, MEMORY: used, HEAL: _healed(program)}


def _healed(program: Path | None) -> float:
    """Kill the sidecar of a Hearth at rest, once: a second time it would wait first."""
    before = os.environ.pop("HEARTH_PROGRAM", None)
    if program:
        os.environ["HEARTH_PROGRAM"] = str(program)
    try:
        with (
            tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder,
            Window.start(Path(folder)) as window,
        ):
            window.wait_for(_USABLE)
            threading.Event().wait(_SETTLE_S)
            sidecar = window.sidecar
            begun = time.perf_counter()
            sidecar.kill()
            sidecar.wait()
            window.wait_for(_USABLE)
            return (time.perf_counter() - begun) * 1000
    finally:
        os.environ.pop("HEARTH_PROGRAM", None)
        if before is not None:
            os.environ["HEARTH_PROGRAM"] = before


@contextmanager
def _unpacked() -> Iterator[Path]:
    archives = [*(ROOT / "dist").glob("hearth-*.tar.xz")]
    if len(archives) != 1:
        raise SystemExit("There is no package in dist/: run make package first.")
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["tar", "-xf", archives[0], "-C", folder], check=True)
        yield next(Path(folder).iterdir()) / "hearth"
