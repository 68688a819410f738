"""Measured values beside those of a peer, and the Markdown tables they make."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

MS: Final = "ms"
MB: Final = "MB"
PERCENT: Final = "%"
COUNT: Final = ""


@dataclass(slots=True)
class Series:
    """What one program needed, measured several times."""

    name: str
    values: list[float] = field(default_factory=list)

    def percentile(self, percent: int) -> float:
        """Return the value below which so many of a hundred lie."""
        ordered = sorted(self.values)
        return ordered[max(math.ceil(len(ordered) * percent / 100) - 1, 0)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One measure of Hearth beside that of its peer.

    Attributes:
        aim: The most p95 may be, in the unit; None when there is no aim.
        ratio_aim: The most the ratio of the medians may be.
    """

    what: str
    unit: str
    hearth: Series
    peer: Series
    aim: float | None = None
    ratio_aim: float | None = None

    @property
    def ratio(self) -> float:
        """How many times the peer's median Hearth needs."""
        return self.hearth.percentile(50) / max(self.peer.percentile(50), 1e-9)

    def problems(self) -> list[str]:
        """Return the aims that were missed."""
        found = []
        p95 = self.hearth.percentile(95)
        if self.aim is not None and p95 > self.aim:
            found.append(f"{self.what}: {_number(p95)} {self.unit}, aim {self.aim:g}")
        if self.ratio_aim is not None and self.ratio > self.ratio_aim:
            found.append(
                f"{self.what}: {self.ratio:.2f} x {self.peer.name}, "
                f"aim {self.ratio_aim:g} x"
            )
        return found

    def row(self) -> str:
        """Return the line of the table."""
        aims = [f"{self.aim:g} {self.unit}"] if self.aim is not None else []
        aims += [f"{self.ratio_aim:g} x"] if self.ratio_aim is not None else []
        cells = (
            self.what,
            len(self.hearth.values),
            f"{_number(self.hearth.percentile(50))} {self.unit}",
            f"{_number(self.hearth.percentile(95))} {self.unit}",
            self.peer.name,
            f"{_number(self.peer.percentile(50))} {self.unit}",
            f"{_number(self.peer.percentile(95))} {self.unit}",
            f"{self.ratio:.2f} x" if self.peer.percentile(50) else "none",
            " and ".join(f"≤ {aim}" for aim in aims) or "none",
        )
        return f"| {' | '.join(str(cell).strip() for cell in cells)} |"


@dataclass(frozen=True, slots=True)
class Table:
    """The lines of one group of measures."""

    title: str
    lines: Sequence[Line]

    def to_markdown(self) -> str:
        """Return the table under its title."""
        head = (
            f"**{self.title}**",
            "",
            "| measure | n | Hearth p50 | p95 | beside | p50 | p95 | ratio | aim |",
            "|---|--:|--:|--:|---|--:|--:|--:|---|",
        )
        return "\n".join((*head, *(line.row() for line in self.lines)))


def missed(tables: Iterable[Table]) -> list[str]:
    """Return every aim that was missed."""
    lines = (line for table in tables for line in table.lines)
    return [problem for line in lines for problem in line.problems()]


def _number(value: float) -> str:
    if value >= 100:
        return f"{value:.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"
