"""The person's computers: which exchange data, how far they are, how one joins.

Nothing happens until a person chooses a folder or a server. The exchange runs in a
thread of its own, beside everything: a folder that hangs holds up nobody.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from backend.errors import ConflictError
from backend.ids import now_ms
from backend.interface.api_types import SyncSummary
from backend.keys.api_keys import KeyStore
from backend.services.sync.beginning import new_state, telling_all, with_others
from backend.services.sync.joining import Pairing
from backend.services.sync.overview import (
    DeviceOverview,
    SyncPhase,
    overview_of,
    phase_of,
    summary_of,
)
from backend.services.sync.pace import PAIRING_EVERY_S, Pace
from backend.services.sync.pairing_moment import OpenServer, SyncMoment
from backend.services.sync.places import SyncPlace, SyncTokens
from backend.services.sync.rounds import SyncRounds
from backend.services.sync.shell_report import ShellReport
from backend.sync.group import OwnKeys, SyncGroup
from backend.sync.pairing import read_full_code
from backend.sync.transport import Transport

if TYPE_CHECKING:
    from backend.services.notices import NoticeSink
    from backend.store.sync.state import SyncState
    from backend.store.sync.sync import SyncStore

NOUN: Final = "devices"
_MOST_ROUNDS: Final = 8
_NO_PLACE: Final = "Choose a folder or a server first."


class DeviceService:
    """Exchanges changes with the person's other computers, if that is wanted."""

    def __init__(
        self,
        store: "SyncStore",
        notices: "NoticeSink",
        name: str,
        keys: KeyStore,
        forget: Callable[[Sequence[tuple[str, str]]], object],
        clock: Callable[[], float] = time.monotonic,
        *,
        take_back: "Callable[[SyncState], object]",
        report: ShellReport | None = None,
    ) -> None:
        """Exchange what a store has.

        Args:
            store: What there is to tell, and how far it was told.
            notices: Hear what changes.
            name: Of this computer.
            keys: Keep the token of a server.
            forget: Deletes rows for good, as another computer has.
            clock: Tells seconds.
            take_back: Takes back some of what came since this computer joined.
            report: What the shell says; nothing, when None.
        """
        self._store = store
        self._go_back = take_back
        self._notices = notices
        self._name = name
        self._tokens = SyncTokens(keys)
        self._now = SyncMoment(report=report or ShellReport())
        self._pairing = Pairing(store, self._tokens, self._now, name, clock)
        self._rounds = SyncRounds(store, self._carrier, forget)
        self._pace = Pace(self.step, self._now, lambda: notices.changed(NOUN))

    def overview(self) -> DeviceOverview:
        """Return what the page shows; reads the store."""
        offer = self._pairing.valid_offer()
        seen = overview_of(self._store, self._now, offer, self._name)
        if not seen.code or not (state := self._store.state()):
            return seen
        return seen.with_full_code(self._tokens.full_code(state, seen.code))

    def summary(self) -> SyncSummary:
        """Return how it is in a few words; reads the store."""
        return summary_of(self.overview())

    def choose_folder(self, typed: str) -> None:
        """Exchange through a folder that a person has synced, or another one.

        Raises:
            InvalidInputError: There is none.
        """
        place = SyncPlace.of_folder(typed)
        with self._changing():
            self._choose(place)

    def choose_server(self, typed: str, token: str) -> None:
        """Exchange through a libSQL server, or another one, or with another token.

        Where others could listen on the way, a person is asked first.

        Raises:
            InvalidInputError: It is no address, or no token.
            TransportError: It does not answer, or not to this token.
        """
        place = SyncPlace.of_server(typed, token)
        with self._changing():
            if place.is_open:
                self._now.open_server = OpenServer(place)
            else:
                self._choose(place)

    def agree_to_open_server(self) -> None:
        """Use a server to which others on the way can listen.

        Raises:
            ConflictError: None was asked about.
            TransportError: It does not answer.
        """
        with self._changing():
            asked, self._now.open_server = self._now.open_server, None
            if asked is None:
                raise ConflictError(_NO_PLACE)
            self._enter(asked)

    def begin(self) -> None:
        """Let this be the first computer that exchanges there.

        Raises:
            ConflictError: It exchanges already, or no place was chosen.
            TransportError: The place cannot be written.
        """
        with self._changing():
            place, own = self._chosen(), OwnKeys.make()
            group = SyncGroup.found(own.as_member(self._name), self._store.reading())
            with closing(place.transport(group.id)) as transport:
                transport.begin()
            name = self._store.device_id
            state = new_state(place.folder, group, own, name)
            state = telling_all(self._store, with_others(self._store, state))
            self._keep(self._tokens.moved(state, place))

    def join(self, typed: str) -> None:
        """Ask the computer that shows this code to be let in.

        Raises:
            ConflictError: It exchanges already, or no place was chosen.
            InvalidInputError: It is no code.
            TransportError: The place cannot be written.
        """
        secret, server, token = read_full_code(typed)
        with self._changing():
            if server and not self._store.state():
                place = SyncPlace.of_server(server, token)
                asked = OpenServer(place, secret)
                if place.is_open:
                    self._now.open_server = asked
                else:
                    self._enter(asked)
            else:
                self._pairing.ask(secret, self._chosen())

    def confirm(self) -> None:
        """Join what is here with what the others have.

        Raises:
            ConflictError: This computer was not let in, or joined already.
        """
        with self._changing():
            self._keep(self._pairing.confirm())

    def take_back(self) -> None:
        """Take back that this computer joined; what came goes to the trash here.

        Raises:
            ConflictError: It did not join, or exchanges nothing.
        """
        with self._changing():
            state = self._state()
            if state.joined < 0:
                raise ConflictError("This was the first of your computers.")
            self._keep(replace(state, going_back=self._store.reading()))

    def offer_code(self) -> None:
        """Show a code for another computer, for ten minutes and one use.

        Raises:
            ConflictError: This computer exchanges nothing.
        """
        with self._changing():
            self._state()
            self._pairing.offer()

    def accept(self) -> None:
        """Let in the computer that asks.

        Raises:
            ConflictError: None asks, or no longer.
            TransportError: The place cannot be written.
        """
        with self._changing():
            state = self._state()
            self._pairing.accept(state, self._carrier(state))
            self._look_again()

    def cancel(self) -> None:
        """Let nobody in, and ask no longer to be let in."""
        with self._changing():
            self._pairing.cancel()
            if self._store.state() is None:
                self._now.chosen = None
            self._now.problem = ""

    def pause(self, *, is_paused: bool) -> None:
        """Exchange nothing for now, or go on."""
        with self._changing():
            self._keep(replace(self._state(), is_paused=is_paused))
            self._now.problem = ""

    def connection_changed(self) -> None:
        """Go by what the shell says of the connection now."""
        self._changed()

    def use_metered(self, *, is_on_metered: bool) -> None:
        """Exchange over a server on metered connections too, or wait there."""
        with self._changing():
            self._keep(replace(self._state(), is_on_metered=is_on_metered))

    def remove(self, device_id: str) -> None:
        """Let a computer have nothing that is written from now on.

        Raises:
            NotFoundError: There is no such computer.
        """
        with self._changing():
            self._keep(self._pairing.remove(self._state(), device_id))

    def leave(self) -> None:
        """Exchange nothing from now on; what is here stays here."""
        with self._changing():
            if state := self._store.state():
                self._tokens.forget(state)
            self._store.forget()
            self._forget_moment()

    def _forget_moment(self) -> None:
        self.close()
        self._now.offer = self._now.chosen = self._now.open_server = None
        self._now.problem = ""

    def _take_back_some(self, state: "SyncState") -> float:
        self._go_back(state)
        if self._store.state() is None:
            self._tokens.forget(state)
            self._forget_moment()
            self._notices.changed(NOUN)
        return 0.0

    def look_again(self) -> None:
        """Exchange now, once also where it would wait."""
        self._now.is_wanted = True
        self._rounds.look_again()
        self._rounds.tell_again()
        self._pace.hurry()

    def soon(self) -> None:
        """Exchange at once: something was just stored, or somebody looks again."""
        self._pace.soon()

    def conflicts(self) -> Sequence[tuple[str, str]]:
        """Return what was changed on two computers: table and id of each."""
        return self._store.conflicts()

    def looked_at(self, table: str, row_id: str) -> None:
        """Take note that a person has compared both versions."""
        self._store.looked_at(table, row_id)
        self._notices.changed(NOUN)

    def take_note(self) -> None:
        """Take note that a person has read what was found out and put right."""
        with self._now.alone():
            self._store.take_note(self._state())
        self._notices.changed(NOUN)

    async def keep_exchanging(self) -> None:
        """Exchange for as long as this runs and somebody wants it."""
        try:
            await self._pace.keep()
        finally:
            self.close()

    def close(self) -> None:
        """Let go of the connection to a server."""
        if self._now.transport:
            self._now.transport.close()
            self._now.transport = None
        if self._now.joining:
            self._now.joining.transport.close()

    def step(self) -> float | None:
        """Exchange what there is; return when to look again, None when called.

        Raises:
            TransportError: The folder or server cannot be reached or used.
            StoreError: The database failed.
        """
        with self._now.lock:
            is_pairing = self._pair()
            state = self._store.state()
            if state and state.going_back:
                return self._take_back_some(state)
            if phase_of(state, self._now) is not SyncPhase.ON:
                return PAIRING_EVERY_S if is_pairing else None
            rounds = 1
            while (has_moved := self._rounds.round()) and rounds < _MOST_ROUNDS:
                if self._now.is_awaited:
                    break
                rounds += 1
            self._now.last_ok = now_ms()
            was_wanted = self._now.is_wanted
            self._now.is_wanted = was_wanted and has_moved
        if rounds > 1 or was_wanted:
            self._notices.changed(NOUN)
        pause_s = self._pace.pause_s(is_quiet=rounds == 1)
        return 0.0 if has_moved else (PAIRING_EVERY_S if is_pairing else pause_s)

    def _pair(self) -> bool:
        """Look for who asks, and for an answer; return whether to do it again."""
        asked = self._now.asked
        self._pairing.resume()
        is_awaited = self._pairing.look_for_hello(self._carrier)
        if not is_awaited and (joining := self._now.joining) and not joining.welcome:
            is_awaited = True
            if state := self._pairing.look_for_welcome():
                self._keep(state)
        if self._now.asked != asked:
            self._notices.changed(NOUN)
        return is_awaited

    def _choose(self, place: SyncPlace) -> None:
        """Use a place that can be used."""
        place.check()
        self._now.open_server = None
        if (state := self._store.state()) is None:
            self._now.chosen = place
            return
        group = SyncGroup.from_json(state.group).id
        with closing(place.transport(group)) as transport:
            transport.begin()
        self._keep(self._tokens.moved(state, place))
        self._now.problem = ""

    def _enter(self, asked: OpenServer) -> None:
        """Use a server, or ask there to be let in."""
        self._choose(asked.place)
        if asked.secret:
            self._pairing.ask(asked.secret, asked.place)

    def _carrier(self, state: "SyncState") -> Transport:
        if self._now.transport is None:
            group = SyncGroup.from_json(state.group)
            place = self._tokens.place_of(state)
            self._now.transport = place.transport(group.id)
        return self._now.transport

    def _chosen(self) -> SyncPlace:
        if self._store.state() or self._now.chosen is None:
            raise ConflictError(_NO_PLACE)
        return self._now.chosen

    def _state(self) -> "SyncState":
        if state := self._store.state():
            return state
        raise ConflictError(f"This computer exchanges nothing. {_NO_PLACE}")

    def _keep(self, state: "SyncState") -> None:
        self._store.keep(state)
        self._look_again()

    def _look_again(self) -> None:
        self.close()
        self._rounds.look_again()

    @contextmanager
    def _changing(self) -> Iterator[None]:
        """Let nothing be exchanged meanwhile; then go on at once, and say so."""
        with self._now.alone():
            yield
        self._changed()

    def _changed(self) -> None:
        self._notices.changed(NOUN)
        self._pace.hurry()
