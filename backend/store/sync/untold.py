"""Changes of this computer that no other one hears of, until it joins again."""

from typing import Final

from backend.store.change_log import StoreSession
from backend.store.clock import HybridClock
from backend.store.sync.inbox import refold

_NAME: Final = "-untold"
_ROWS: Final = """
    select distinct table_name, row_id from change where device_id like '%-untold'
"""
_FORGET: Final = "delete from change where device_id like '%-untold'"


class UntoldClock(HybridClock):
    """Reads another clock, under a name that is never told."""

    def __init__(self, clock: HybridClock) -> None:
        super().__init__(f"{clock.device_id}{_NAME}")
        self._clock = clock

    def read(self) -> str:
        """Return a reading after every earlier one."""
        reading, _, _ = self._clock.read().partition("-")
        return f"{reading}-{self.device_id}"


def forget_untold(session: StoreSession) -> None:
    """Let what was changed so be as if it had not been: as the others have it."""
    rows: dict[str, list[str]] = {}
    for table, row_id in session.run(_ROWS, ()).all():
        rows.setdefault(table, []).append(row_id)
    session.run(_FORGET, ())
    refold(session, rows)
