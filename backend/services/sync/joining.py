"""One computer lets another one in: a code is shown here and entered there."""

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from backend.errors import ConflictError, NotFoundError
from backend.services.sync.beginning import (
    new_state,
    own_keys,
    telling_all,
    with_others,
)
from backend.services.sync.kept_pairing import KeptPairing
from backend.services.sync.pairing_moment import (
    PairingOffer,
    PairingRequest,
    SyncMoment,
)
from backend.services.sync.places import SyncPlace, SyncTokens
from backend.sync.group import OwnKeys, SyncGroup
from backend.sync.pairing import (
    VALID_S,
    PairingAnswer,
    hello_name,
    new_code,
    open_hello,
    open_welcome,
    read_code,
    seal_hello,
    seal_welcome,
)
from backend.sync.records import RecordKind
from backend.sync.transport import Transport, TransportError

if TYPE_CHECKING:
    from backend.store.sync.state import SyncState
    from backend.store.sync.sync import SyncStore

_NOT_ANSWERED: Final = (
    "The other computer did not answer. Make a new code there, and enter it here."
)
_NOT_ASKED: Final = "This computer was not let in. Make a new code on the other one."
_NOT_READ: Final = (
    "What the other computer answered cannot be read. Make a new code there, and enter "
    "it here."
)


class Pairing:
    """Lets other computers in, and asks to be let in."""

    def __init__(
        self,
        store: "SyncStore",
        tokens: SyncTokens,
        moment: SyncMoment,
        name: str,
        clock: Callable[[], float],
    ) -> None:
        """Call this computer by a name."""
        self._store = store
        self._tokens = tokens
        self._now = moment
        self._name = name
        self._clock = clock
        self._kept = KeptPairing(store, tokens, clock)
        self._is_resumed = False

    def resume(self) -> None:
        """Go on with what an earlier run had under way.

        Raises:
            TransportError: The keyring does not say the token now.
        """
        if self._is_resumed:
            return
        match self._kept.found():
            case PairingOffer() as offer:
                self._now.offer = offer
            case PairingRequest() as joining if self._store.state() is None:
                self._now.joining = joining
        self._is_resumed = True

    def _keep(self) -> None:
        self._is_resumed = True
        self._kept.keep(self._now.offer, self._now.joining)

    def valid_offer(self) -> PairingOffer | None:
        """Return the code that is shown, while it can be used."""
        offer = self._now.offer
        return offer if offer and self._clock() < offer.until else None

    def offer(self) -> None:
        """Show a code, for ten minutes and one use."""
        code = new_code()
        self._now.offer = PairingOffer(code, read_code(code), self._clock() + VALID_S)
        self._keep()

    def ask(self, secret: str, place: SyncPlace) -> None:
        """Ask whoever shows a code to be let in.

        Raises:
            TransportError: The place cannot be used.
        """
        own = OwnKeys.make()
        me = own.as_member(self._name)
        transport = place.transport("")
        until = self._clock() + VALID_S
        joining = PairingRequest(place, transport, secret, own, me, until)
        # Who asks is answered also when it is killed right after that.
        self._is_resumed = True
        self._kept.keep(None, joining)
        transport.leave(hello_file(secret), seal_hello(secret, me))
        self._now.joining = joining
        self._now.problem = ""

    def accept(self, state: "SyncState", transport: Transport) -> "SyncState":
        """Let in who asks; return the state with it, which is kept.

        Raises:
            ConflictError: None asks, or no longer.
            TransportError: The place cannot be used.
        """
        offer = self.valid_offer()
        if offer is None or offer.asks is None:
            raise ConflictError("This code is no longer valid. Make a new one.")
        group = SyncGroup.from_json(state.group).with_member(offer.asks)
        me = own_keys(state).as_member(self._name)
        controls = [*state.controls, (RecordKind.CONTROL, group.members_payload())]
        state = replace(state, group=group.to_json(), controls=controls)
        self._store.keep(state)
        names = self._store.heads.names()
        answer = PairingAnswer(group, self._store.counts(), names)
        welcome = seal_welcome(offer.secret, answer, me, offer.asks)
        transport.leave(welcome_file(offer.secret), welcome)
        transport.drop(hello_file(offer.secret))
        self._now.offer = None
        self._keep()
        return state

    def remove(self, state: "SyncState", device_id: str) -> "SyncState":
        """Return the state in which a computer has nothing that is written from now on.

        Raises:
            NotFoundError: There is no such computer.
        """
        group, me = SyncGroup.from_json(state.group), own_keys(state).as_member("")
        if device_id not in group.present or device_id == me.id:
            raise NotFoundError("This computer is no longer in the list.")
        look = self._store.look()
        peers = look.peers.values() if look else ()
        counts = {p.stream: p.n for p in peers if p.member == device_id}
        group = group.without(device_id, counts, self._store.reading())
        controls = [*state.controls, (RecordKind.KEYS, group.keys_payload())]
        return replace(state, group=group.to_json(), controls=controls)

    def cancel(self) -> None:
        """Let nobody in, and ask no longer to be let in."""
        if joining := self._now.joining:
            joining.transport.drop(hello_file(joining.secret))
            joining.transport.close()
            self._tokens.drop_request(joining.me.id, joining.place)
        self._now.offer = self._now.joining = self._now.open_server = None
        self._keep()

    def look_for_hello(self, transport: Callable[["SyncState"], Transport]) -> bool:
        """Look whether somebody asks; return whether that is to be done again."""
        offer, state = self.valid_offer(), self._store.state()
        if offer is None or state is None or offer.asks:
            return False
        found = transport(state).take(hello_file(offer.secret))
        offer.asks = open_hello(offer.secret, found) if found else None
        if offer.asks:
            self._keep()
        return True

    def look_for_welcome(self) -> "SyncState | None":
        """Look whether we are let in; return where we are when we joined.

        Who has something of its own is asked first; see `confirm`.

        Raises:
            TransportError: Nobody answered in time, or nothing that can be read.
        """
        joining = self._now.joining
        if joining is None or joining.welcome:
            return None
        if self._clock() > joining.until:
            joining.transport.close()
            self._tokens.drop_request(joining.me.id, joining.place)
            self._now.joining = None
            self._keep()
            raise TransportError(_NOT_ANSWERED)
        found = joining.transport.take(welcome_file(joining.secret))
        if not found:
            return None
        welcome = open_welcome(joining.secret, found, joining.own)
        if welcome is None or joining.me.id not in welcome.group.present:
            raise TransportError(_NOT_READ)
        joining.welcome = welcome
        return None if any(self._store.counts()) else self.confirm()

    def confirm(self) -> "SyncState":
        """Join what is here with what the others have; return the state, which is kept.

        Raises:
            ConflictError: This computer was not let in, or joined already.
        """
        joining = self._now.joining
        if joining is None or joining.welcome is None:
            raise ConflictError(_NOT_ASKED)
        transport, place = joining.transport, joining.place
        group = joining.welcome.group
        state = new_state(place.folder, group, joining.own, self._store.device_id)
        state = with_others(self._store, self._store.join(state), joining.welcome.names)
        state = telling_all(self._store, state)
        state = self._tokens.moved(state, place)
        self._store.keep(state)
        transport.drop(welcome_file(joining.secret))
        transport.close()
        self._now.joining = None
        self._keep()
        return state


def hello_file(secret: str) -> str:
    """Return where who joins leaves its hello."""
    return f"{hello_name(secret)}.hello"


def welcome_file(secret: str) -> str:
    """Return where it finds its answer."""
    return f"{hello_name(secret)}.welcome"
