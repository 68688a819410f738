"""Keeps the log of others' place small: many short records are told again in few.

Another stream begins and tells all that this computer wrote; who has it passes over it,
and who was away finds it there. The old stream stays for a month: a computer may be
removed meanwhile, of which then counts what others have read. Only what this computer
wrote itself is ever dropped.
"""

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from backend.ids import now_ms
from backend.services.sync.beginning import leaving_stream, own_keys, telling_all
from backend.store.sync.state import Peer, SyncState
from backend.sync.transport import Transport, TransportError

if TYPE_CHECKING:
    from backend.store.sync.sync import SyncStore

MANY_RECORDS: Final = 2_000
"""As long may a stream be that is not looked at."""
SPARSE: Final = 20
"""With fewer changes in each record it is worth it: there is room for 500."""
KEPT_MS: Final = 30 * 24 * 3600 * 1000


class Compaction:
    """What is done at rest, when all is told."""

    def __init__(self, store: "SyncStore") -> None:
        self._store = store
        self._next = 0

    def step(self, transport: Transport) -> bool:
        """Begin another stream, or drop an old one; return whether there is more to do.

        Raises:
            StoreError: The database failed.
        """
        look = self._store.look()
        if look is None or look.out or look.state.back:
            return False
        if not self._is_due(look.state) or self._store.rest(look.state):
            return False
        if look.state.retired:
            return self._drop(look.state, transport)
        return self._begin(look.state)

    def _is_due(self, state: SyncState) -> bool:
        if state.retired:
            return now_ms() - state.retired_at >= KEPT_MS
        return state.n >= max(self._next, state.compact_at, MANY_RECORDS)

    def _begin(self, state: SyncState) -> bool:
        self._next = 2 * state.n
        if self._store.written(state) >= state.n * SPARSE:
            return False
        me = own_keys(state).as_member("").id
        old = Peer(state.stream, me, state.n, state.prev, now_ms())
        fresh = replace(
            leaving_stream(state), retired=state.stream, retired_at=now_ms()
        )
        fresh = telling_all(self._store, fresh)
        # Others have it: nobody watches how far it is.
        fresh = replace(fresh, back_total=0, back_left=0)
        self._store.begin_stream(fresh, old)
        self._next = 0
        return True

    def _drop(self, state: SyncState, transport: Transport) -> bool:
        try:
            transport.drop_stream(state.retired)
        except TransportError:
            # Nothing depends on it: a token may allow to add alone.
            self._store.keep(replace(state, retired_at=now_ms()))
        else:
            # Long texts fill records that are not worth telling once more.
            self._store.dropped(state, 2 * state.n + MANY_RECORDS)
        return False
