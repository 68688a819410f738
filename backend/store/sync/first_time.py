"""How much of what others tell for the first time has come: a person watches it."""

import json
from collections.abc import Mapping
from typing import Final, NamedTuple

from sqlmodel import Session

from backend.store.change_log import StoreSession

_KEYS: Final = (
    "select key, value from sync_state where key > 'first:' and key < 'first;'"
)
_KEEP: Final = "insert or replace into sync_state(key, value) values (?, ?)"
_DROP: Final = "delete from sync_state where key = ?"


class FirstTime(NamedTuple):
    """How far a stream is with what was there before it began.

    Attributes:
        total: How many changes these are.
        came: How many of them are over; about, where new ones come among them.
    """

    total: int
    came: int = 0

    @property
    def is_over(self) -> bool:
        """Whether nothing more is waited for."""
        return self.total <= 0

    @property
    def words(self) -> str:
        """How much has come of how much there is."""
        return f"{self.came:,} of {self.total:,}"

    def with_more(self, count: int) -> "FirstTime":
        """Return it after some more have come."""
        return self._replace(came=min(self.came + count, self.total))


def first_times(session: Session) -> dict[str, FirstTime]:
    """Return the streams that tell what was before them."""
    found = session.connection().exec_driver_sql(_KEYS).all()
    return {key.split(":")[1]: FirstTime(*json.loads(value)) for key, value in found}


def keep_first_times(session: StoreSession, found: Mapping[str, FirstTime]) -> None:
    """Keep how far some streams are; what is over is forgotten."""
    for stream, one in found.items():
        if one.is_over:
            session.run(_DROP, (f"first:{stream}",))
        else:
            session.run(_KEEP, (f"first:{stream}", json.dumps(one)))
