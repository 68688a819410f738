"""The faults that are measured, what each may cost, and the table of what it did."""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from tests.helpers import hostile_clients
from tests.helpers.fault_injection import Trial, Trials

KILL_P95_S: Final = 1.5
HANG_P95_S: Final = 9.0
CROWDED_P95_S: Final = 10.0
LEFT_ALONE_S: Final = 5.0
TEXT_LOST_MS: Final = 250.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One way in which a process fails.

    Attributes:
        runs: How often it is tried in the long form.
        few: How often in the short one; 0 where a test has a smaller form.
        limit_s: Within which 95 of 100 recoveries must lie.
        with_engine: Whether the built-in engine answers.
    """

    name: str
    inject: Callable[[Trials], Trial]
    runs: int
    few: int
    limit_s: float = KILL_P95_S
    with_engine: bool = False


FAULTS: Final = (
    Fault(
        name="sidecar killed, idle",
        inject=Trials.kill_idle_sidecar,
        runs=100,
        few=3,
    ),
    Fault(
        name="sidecar killed, storing rows",
        inject=Trials.kill_committing_sidecar,
        runs=30,
        few=2,
    ),
    Fault(
        name="sidecar killed, in an answer",
        inject=Trials.kill_answering_sidecar,
        runs=100,
        few=3,
    ),
    Fault(
        name="sidecar stopped (SIGSTOP)",
        inject=Trials.stop_sidecar,
        runs=30,
        few=1,
        limit_s=HANG_P95_S,
    ),
    Fault(
        name="malformed request, in an answer",
        inject=hostile_clients.strike_answering_sidecar,
        runs=30,
        few=2,
    ),
    Fault(
        name="body without end (from the sidecar's death)",
        inject=hostile_clients.flood_sidecar,
        runs=5,
        few=0,
    ),
    Fault(
        name="all connections taken and kept",
        inject=hostile_clients.crowd_out_sidecar,
        runs=10,
        few=1,
        limit_s=CROWDED_P95_S,
    ),
    Fault(
        name="page's process killed",
        inject=Trials.kill_renderer,
        runs=30,
        few=2,
    ),
    Fault(
        name="shell killed, in an answer (until all is gone)",
        inject=Trials.kill_shell,
        runs=30,
        few=1,
        limit_s=LEFT_ALONE_S,
    ),
    Fault(
        name="all killed, in an answer (the next start)",
        inject=Trials.kill_everything,
        runs=30,
        few=1,
        limit_s=LEFT_ALONE_S,
    ),
    Fault(
        name="engine killed, in an answer (until the next one)",
        inject=Trials.kill_engine,
        runs=30,
        few=2,
        with_engine=True,
    ),
)


@dataclass(frozen=True, slots=True)
class Series:
    """The trials of one fault.

    Attributes:
        left_at_end: How many children were left when the program had quit.
    """

    fault: Fault
    trials: Sequence[Trial]
    left_at_end: int

    @property
    def children_left(self) -> int:
        """How many children were left in all."""
        return self.left_at_end + sum(trial.children_left for trial in self.trials)

    def problems(self) -> list[str]:
        """Return what cost more than it may."""
        name, trials = self.fault.name, self.trials
        limit_s = self.fault.limit_s
        found = {
            f"{name}: {self.recovery_s(95):.2f} s, more than {limit_s} s": (
                self.recovery_s(95) > limit_s
            ),
            f"{name}: rows were lost": any(t.rows_lost for t in trials),
            f"{name}: children are left": self.children_left > 0,
            f"{name}: more than {TEXT_LOST_MS} ms of text were lost": any(
                t.text_lost_ms > TEXT_LOST_MS for t in trials
            ),
        }
        return [sentence for sentence, is_so in found.items() if is_so]

    def recovery_s(self, percent: int) -> float:
        """Return the time within which so many of a hundred recovered."""
        times = sorted(trial.recovery_s for trial in self.trials)
        return times[math.ceil(len(times) * percent / 100) - 1]

    def row(self) -> str:
        """Return the line of the table."""
        cells = (
            self.fault.name,
            len(self.trials),
            f"{self.recovery_s(50):.2f} s",
            f"{self.recovery_s(95):.2f} s",
            sum(trial.rows_lost for trial in self.trials),
            f"{max(trial.text_lost_ms for trial in self.trials):.0f}",
            self.children_left,
        )
        return f"| {' | '.join(str(cell) for cell in cells)} |"


class Row(Protocol):
    """The trials of one fault, of whatever kind."""

    def row(self) -> str:
        """Return the line of the table."""
        ...

    def problems(self) -> list[str]:
        """Return what cost more than it may."""
        ...


def to_markdown(series: Iterable[Row]) -> str:
    """Return the table."""
    head = (
        "| fault | runs | recovery p50 | p95 | rows lost | text lost, at most (ms) "
        "| children left |",
        "|---|--:|--:|--:|--:|--:|--:|",
    )
    return "\n".join((*head, *(one.row() for one in series)))
