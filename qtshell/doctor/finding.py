"""What a check finds."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from qtshell.options import Options


class Health(Enum):
    """How something is."""

    FINE = "ok"
    NOTE = "note"
    FAULT = "fault"


Repair = Callable[[], object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """How one thing is, and what to do about it.

    Attributes:
        cause: What was found, as a sentence.
        remedy: What the user can do; "" when there is nothing to do.
        repair: Does it, as far as a program can; None when it cannot.
    """

    cause: str
    health: Health = Health.FINE
    remedy: str = ""
    repair: Repair | None = None


Check = Callable[[Options], Finding]


def note(cause: str, remedy: str = "", repair: Repair | None = None) -> Finding:
    """Return something to know, with which Hearth works."""
    return Finding(cause=cause, health=Health.NOTE, remedy=remedy, repair=repair)


def fault(cause: str, remedy: str, repair: Repair | None = None) -> Finding:
    """Return something that keeps Hearth from working."""
    return Finding(cause=cause, health=Health.FAULT, remedy=remedy, repair=repair)
