"""The person's computers: which exchange data, how far they are, how one joins.

Nothing happens until a person chooses a folder. The exchange runs in a thread of its
own, beside everything: a folder that hangs holds up nobody.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from backend.errors import ConflictError, HearthError, InvalidInputError, NotFoundError
from backend.ids import now_ms
from backend.runtime.side_threads import SideThreads
from backend.services.sync.joining import (
    PairingOffer,
    PairingRequest,
    SyncMoment,
    hello_file,
    welcome_file,
)
from backend.services.sync.overview import DeviceOverview, SyncPhase, devices_of
from backend.services.sync.rounds import (
    SyncRounds,
    new_state,
    own_keys,
)
from backend.sync.folder import FolderTransport
from backend.sync.group import OwnKeys, SyncGroup
from backend.sync.pairing import (
    VALID_S,
    new_code,
    open_hello,
    open_welcome,
    read_code,
    seal_hello,
    seal_welcome,
    shown_number,
)
from backend.sync.records import RecordKind
from backend.sync.transport import TransportError

if TYPE_CHECKING:
    from backend.services.notices import NoticeSink
    from backend.store.sync.sync import Peer, SyncState, SyncStore

log = logging.getLogger("hearth.sync")

NOUN: Final = "devices"
EVERY_S: Final = 3.0
_PAIRING_EVERY_S: Final = 0.5
_HANGS_AFTER_S: Final = 60.0
_PATIENCE_S: Final = 5.0
_MOST_ROUNDS: Final = 8
_HANGS: Final = (
    "The folder does not answer. Check its drive or the network; Hearth goes on by "
    "itself."
)


class DeviceService:
    """Exchanges changes with the person's other computers, if that is wanted."""

    def __init__(
        self,
        store: "SyncStore",
        notices: "NoticeSink",
        name: str,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Call this computer by a name."""
        self._store = store
        self._notices = notices
        self._name = name
        self._clock = clock
        self._now = SyncMoment()
        self._rounds = SyncRounds(store, self._carrier)
        self._side = SideThreads(1)
        self._wake: Callable[[], object] = lambda: None

    def overview(self) -> DeviceOverview:
        """Return what the page shows; reads the store."""
        state, now = self._store.state(), self._now
        if state is None:
            joining = now.joining
            return DeviceOverview(
                phase=_phase(state, now),
                name=self._name,
                folder=str(now.chosen or ""),
                problem=now.problem,
                number=shown_number(joining.secret, joining.me) if joining else "",
            )
        peers = self._peers()
        offer = self._valid_offer()
        asks = offer.asks if offer else None
        return DeviceOverview(
            phase=_phase(state, now),
            name=self._name,
            folder=state.folder,
            devices=devices_of(state, peers),
            waiting=self._store.rest(state),
            last_ok=max(state.last_ok, now.last_ok),
            problem=now.problem,
            code=offer.code if offer else "",
            asks=asks.name if asks else "",
            number=shown_number(offer.secret, asks) if offer and asks else "",
            strangers=sum(not peer.member for peer in peers),
        )

    def choose_folder(self, typed: str) -> None:
        """Exchange through a folder that a person has synced, or another one.

        Raises:
            InvalidInputError: There is none.
        """
        folder = Path(typed)
        if not folder.is_absolute() or not folder.is_dir():
            raise InvalidInputError("Choose a folder that is there.")
        with self._alone():
            self._now.chosen = folder
            if state := self._store.state():
                FolderTransport(folder, SyncGroup.from_json(state.group).id).begin()
                self._keep(replace(state, folder=str(folder)))
        self._changed()

    def begin(self) -> None:
        """Let this be the first computer that uses the folder.

        Raises:
            ConflictError: It exchanges already, or no folder was chosen.
            TransportError: The folder cannot be written.
        """
        with self._alone():
            folder = self._chosen()
            own = OwnKeys.make()
            group = SyncGroup.found(own.as_member(self._name), self._store.reading())
            FolderTransport(folder, group.id).begin()
            self._keep(new_state(str(folder), group, own, self._store.device_id))
        self._changed()

    def join(self, typed: str) -> None:
        """Ask the computer that shows this code to be let in.

        Raises:
            ConflictError: It exchanges already, or no folder was chosen.
            InvalidInputError: It is no code.
            TransportError: The folder cannot be written.
        """
        secret = read_code(typed)
        with self._alone():
            folder, own = self._chosen(), OwnKeys.make()
            me = own.as_member(self._name)
            hello = seal_hello(secret, me)
            FolderTransport(folder, "").leave(hello_file(secret), hello)
            until = self._clock() + VALID_S
            self._now.joining = PairingRequest(folder, secret, own, me, until)
            self._now.problem = ""
        self._changed()

    def offer_code(self) -> None:
        """Show a code for another computer, for ten minutes and one use.

        Raises:
            ConflictError: This computer exchanges nothing.
        """
        with self._alone():
            self._state()
            code = new_code()
            secret = read_code(code)
            self._now.offer = PairingOffer(code, secret, self._clock() + VALID_S)
        self._changed()

    def accept(self) -> None:
        """Let in the computer that asks.

        Raises:
            ConflictError: None asks, or no longer.
            TransportError: The folder cannot be written.
        """
        with self._alone():
            state, offer = self._state(), self._valid_offer()
            if offer is None or offer.asks is None:
                raise ConflictError("This code is no longer valid. Make a new one.")
            group = SyncGroup.from_json(state.group).with_member(offer.asks)
            me = own_keys(state).as_member(self._name)
            control = (RecordKind.CONTROL, group.members_payload())
            controls = [*state.controls, control]
            self._keep(replace(state, group=group.to_json(), controls=controls))
            welcome = seal_welcome(offer.secret, group, me, offer.asks)
            transport = self._carrier(state)
            transport.leave(welcome_file(offer.secret), welcome)
            transport.drop(hello_file(offer.secret))
            self._now.offer = None
        self._changed()

    def cancel(self) -> None:
        """Let nobody in, and ask no longer to be let in."""
        with self._alone():
            if joining := self._now.joining:
                FolderTransport(joining.folder, "").drop(hello_file(joining.secret))
            self._now.offer = self._now.joining = None
            if self._store.state() is None:
                self._now.chosen = None
            self._now.problem = ""
        self._changed()

    def pause(self, *, is_paused: bool) -> None:
        """Exchange nothing for now, or go on."""
        with self._alone():
            self._keep(replace(self._state(), is_paused=is_paused))
            self._now.problem = ""
        self._changed()

    def remove(self, device_id: str) -> None:
        """Let a computer have nothing that is written from now on.

        Raises:
            NotFoundError: There is no such computer.
        """
        with self._alone():
            state = self._state()
            group, me = SyncGroup.from_json(state.group), own_keys(state).as_member("")
            if device_id not in group.present or device_id == me.id:
                raise NotFoundError("This computer is no longer in the list.")
            counts = {p.stream: p.n for p in self._peers() if p.member == device_id}
            group = group.without(device_id, counts, self._store.reading())
            controls = [*state.controls, (RecordKind.KEYS, group.keys_payload())]
            self._keep(replace(state, group=group.to_json(), controls=controls))
        self._changed()

    def leave(self) -> None:
        """Exchange nothing from now on; what is here stays here."""
        with self._alone():
            self._store.forget()
            self._now.offer = self._now.transport = self._now.chosen = None
            self._now.problem = ""
        self._changed()

    def look_again(self) -> None:
        """Exchange now."""
        self._rounds.look_again()
        self._wake()

    def conflicts(self) -> Sequence[tuple[str, str]]:
        """Return what was changed on two computers: table and id of each."""
        return self._store.conflicts()

    def looked_at(self, table: str, row_id: str) -> None:
        """Take note that a person has compared both versions."""
        self._store.looked_at(table, row_id)
        self._notices.changed(NOUN)

    async def keep_exchanging(self) -> None:
        """Exchange for as long as this runs and somebody wants it."""
        woken, loop = asyncio.Event(), asyncio.get_running_loop()
        self._wake = lambda: loop.call_soon_threadsafe(woken.set)
        while True:
            woken.clear()
            pause_s = await self._step_beside()
            try:
                async with asyncio.timeout(pause_s):
                    await woken.wait()
            except TimeoutError:
                continue

    async def _step_beside(self) -> float | None:
        """Do a step in a thread; return how long to wait then, None for a call."""
        before = self._now.problem
        try:
            pause_s = await self._side.run(NOUN, self.step, _HANGS_AFTER_S)
            self._now.problem = ""
        except TimeoutError:
            self._now.problem, pause_s = _HANGS, EVERY_S
        except HearthError as exc:
            log.info("nothing was exchanged: %s", exc)
            self._now.problem, pause_s = str(exc), EVERY_S
        if self._now.problem != before:
            self._notices.changed(NOUN)
        return pause_s

    def step(self) -> float | None:
        """Exchange what there is; return when to look again, None when called.

        Raises:
            TransportError: The folder cannot be reached or used.
            StoreError: The database failed.
        """
        with self._now.lock:
            is_pairing = self._look_for_hello() or self._look_for_welcome()
            state = self._store.state()
            if _phase(state, self._now) is not SyncPhase.ON:
                return _PAIRING_EVERY_S if is_pairing else None
            rounds = 1
            while (has_moved := self._rounds.round()) and rounds < _MOST_ROUNDS:
                rounds += 1
            self._now.last_ok = now_ms()
        if rounds > 1:
            self._notices.changed(NOUN)
        pause_s = _PAIRING_EVERY_S if is_pairing else EVERY_S
        return 0.0 if has_moved else pause_s

    def _look_for_hello(self) -> bool:
        offer, state = self._valid_offer(), self._store.state()
        if offer is None or state is None or offer.asks:
            return False
        found = self._carrier(state).take(hello_file(offer.secret))
        if found and (asks := open_hello(offer.secret, found)):
            offer.asks = asks
            self._notices.changed(NOUN)
        return True

    def _look_for_welcome(self) -> bool:
        joining = self._now.joining
        if joining is None:
            return False
        if self._clock() > joining.until:
            self._now.joining = None
            raise TransportError(
                "The other computer did not answer. Make a new code there, and enter "
                "it here."
            )
        place = FolderTransport(joining.folder, "")
        found = place.take(welcome_file(joining.secret))
        if not found:
            return True
        group = open_welcome(joining.secret, found, joining.own)
        if group is None or joining.me.id not in group.present:
            raise TransportError(
                "What the other computer answered cannot be read. Make a new code "
                "there, and enter it here."
            )
        folder, device_id = str(joining.folder), self._store.device_id
        self._keep(new_state(folder, group, joining.own, device_id))
        place.drop(welcome_file(joining.secret))
        self._now.joining = None
        self._notices.changed(NOUN)
        return True

    def _valid_offer(self) -> PairingOffer | None:
        offer = self._now.offer
        return offer if offer and self._clock() < offer.until else None

    def _peers(self) -> "Sequence[Peer]":
        look = self._store.look()
        return list(look.peers.values()) if look else ()

    def _carrier(self, state: "SyncState") -> FolderTransport:
        if self._now.transport is None:
            group = SyncGroup.from_json(state.group)
            self._now.transport = FolderTransport(Path(state.folder), group.id)
        return self._now.transport

    def _chosen(self) -> Path:
        if self._store.state() or self._now.chosen is None:
            raise ConflictError("Choose a folder first.")
        return self._now.chosen

    def _state(self) -> "SyncState":
        if state := self._store.state():
            return state
        raise ConflictError("This computer exchanges nothing. Choose a folder first.")

    def _keep(self, state: "SyncState") -> None:
        self._store.keep(state)
        self._now.transport = None
        self._rounds.look_again()

    def _changed(self) -> None:
        self._notices.changed(NOUN)
        self._wake()

    @contextmanager
    def _alone(self) -> Iterator[None]:
        if not self._now.lock.acquire(timeout=_PATIENCE_S):
            raise ConflictError("Hearth is busy with the folder. Try again soon.")
        try:
            yield
        finally:
            self._now.lock.release()


def _phase(state: "SyncState | None", now: SyncMoment) -> SyncPhase:
    if state is None:
        if now.joining:
            return SyncPhase.JOINING
        return SyncPhase.CHOSEN if now.chosen else SyncPhase.OFF
    if state.is_removed:
        return SyncPhase.REMOVED
    return SyncPhase.PAUSED if state.is_paused else SyncPhase.ON
