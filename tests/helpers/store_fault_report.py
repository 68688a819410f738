"""The faults of the store's files: how often each is done, and what it cost."""

import statistics
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from tests.helpers.sidecar import ROOT

OPEN_P95_S: Final = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreFault:
    """One way in which the files fail.

    Attributes:
        key: What `tests.helpers.store_kill_runner` calls it.
        runs: How often it is tried in the long form.
        few: How often in the short one.
    """

    name: str
    key: str
    runs: int
    few: int


STORE_FAULTS: Final = (
    StoreFault(name="killed in commits", key="commit", runs=500, few=8),
    StoreFault(name="killed in a migration", key="migration", runs=200, few=6),
    StoreFault(name="killed in a backup", key="backup", runs=100, few=4),
    StoreFault(name="killed in a restore", key="restore", runs=100, few=4),
    StoreFault(name="killed in a change of the key", key="rekey", runs=100, few=4),
    StoreFault(name="killed in an import", key="import", runs=100, few=4),
    StoreFault(name="killed on another branch", key="versions", runs=100, few=4),
    StoreFault(name="killed in work on files", key="attach", runs=100, few=4),
    StoreFault(name="file damaged at random", key="damage", runs=1_000, few=24),
)


@dataclass(frozen=True, slots=True)
class StoreSeries:
    """The trials of one fault.

    Attributes:
        costs_s: What each took until the store was open again.
        problem: What was lost or did not open, and ended the trials; "" for nothing.
    """

    fault: StoreFault
    costs_s: Sequence[float]
    problem: str

    def problems(self) -> list[str]:
        """Return what cost more than it may."""
        slow = f"{self.fault.name}: {self._percent(95):.2f} s, more than {OPEN_P95_S} s"
        text = f"{self.fault.name}: {self.problem}"
        both = (text, bool(self.problem)), (slow, self._percent(95) > OPEN_P95_S)
        return [sentence for sentence, is_so in both if is_so]

    def row(self) -> str:
        """Return the line of the table."""
        lost = "see below" if self.problem else "0"
        spent = f"{self._percent(50):.2f} s | {self._percent(95):.2f} s"
        return f"| {self.fault.name} | {len(self.costs_s)} | {spent} | {lost} | 0 | 0 |"

    def _percent(self, percent: int) -> float:
        if len(self.costs_s) < 2:
            return sum(self.costs_s)
        return statistics.quantiles(self.costs_s, n=100, method="inclusive")[
            percent - 1
        ]


def measure(fault: StoreFault, runs: int) -> StoreSeries:
    """Do one fault so often, in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.helpers.store_kill_runner", fault.key, str(runs)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    costs_s = [float(line) for line in done.stdout.splitlines()]
    return StoreSeries(fault, costs_s, done.stderr[-2000:] if done.returncode else "")
