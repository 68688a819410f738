"""A hybrid logical clock: sorts changes by time, and never runs backwards."""

import threading
from typing import Final

from backend.ids import ids, now_ms
from backend.sqlite import dbapi

_COUNTER_BITS: Final = 16


class HybridClock:
    """Gives readings that sort as text: 12 hex digits of ms, 4 of a counter, device."""

    def __init__(self, device_id: str, latest: str = "") -> None:
        """Go on after the latest reading that is stored."""
        self.device_id = device_id
        self._lock = threading.Lock()
        try:
            self._last = int(latest[:16], 16)
        except ValueError:
            # There is none yet, or it was damaged.
            self._last = 0

    def read(self) -> str:
        """Return a reading after every earlier one."""
        with self._lock:
            self._last = max(now_ms() << _COUNTER_BITS, self._last + 1)
            return f"{self._last:016x}-{self.device_id}"

    def not_before(self, reading: str) -> None:
        """Let every further reading come after one of another device."""
        with self._lock:
            self._last = max(self._last, int(reading[:16], 16))


def continue_after(connection: dbapi.Connection) -> str:
    """Let ids rise also when the clock was set back; return the latest reading."""
    for table in ("conversation", "message", "note"):
        row = connection.execute(f"select max(id) from {table}").fetchone()  # noqa: S608 names of our own
        if row and row[0]:
            ids.not_before(row[0])
    # What was deleted for good had readings too, which others know.
    row = connection.execute(
        "select max(hlc) from (select max(hlc) as hlc from change union all"
        " select value from sync_state where key = 'latest')"
    ).fetchone()
    return str(row[0]) if row and row[0] else ""
