"""Keeps a code that is shown, or a request to be let in, over the end of this run.

Both are good for ten minutes, by the clock on the wall; one that was set back since
then ends them. The token of a server is in the keyring alone, as ever.
"""

import json
from collections.abc import Callable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

from backend.ids import now_ms
from backend.services.sync.pairing_moment import PairingOffer, PairingRequest
from backend.services.sync.places import SyncPlace, SyncTokens
from backend.sync.group import Member, OwnKeys
from backend.sync.pairing import VALID_S, read_code

if TYPE_CHECKING:
    from backend.store.sync.sync import SyncStore

_MS_PER_S: Final = 1000


class KeptPairing:
    """What a computer that is killed between asking and answering goes on with."""

    def __init__(
        self, store: "SyncStore", tokens: SyncTokens, clock: Callable[[], float]
    ) -> None:
        """Keep it in a store."""
        self._store = store
        self._tokens = tokens
        self._clock = clock

    def keep(self, offer: PairingOffer | None, joining: PairingRequest | None) -> None:
        """Keep what is under way, or that nothing is."""
        if offer:
            asks = asdict(offer.asks) if offer.asks else None
            said = {"code": offer.code, "asks": asks, "until": self._wall(offer.until)}
            self._store.keep_pairing(json.dumps(said))
        elif joining:
            if joining.place.token:
                self._tokens.keep_request(joining.me.id, joining.place)
            said = {
                "folder": joining.place.folder,
                "server": joining.place.server,
                "has_token": bool(joining.place.token),
                "secret": joining.secret,
                "own": asdict(joining.own),
                "name": joining.me.name,
                "until": self._wall(joining.until),
            }
            self._store.keep_pairing(json.dumps(said))
        else:
            self._store.keep_pairing("")

    def found(self) -> PairingOffer | PairingRequest | None:
        """Return what an earlier run had under way, while it can be used.

        Raises:
            TransportError: The keyring does not say the token now.
        """
        text = self._store.pairing()
        if not text:
            return None
        said = json.loads(text)
        left_s = (said["until"] - now_ms()) / _MS_PER_S
        if not 0 < left_s <= VALID_S:
            self._store.keep_pairing("")
            return None
        until = self._clock() + left_s
        if "code" in said:
            asks = Member(**said["asks"]) if said["asks"] else None
            return PairingOffer(said["code"], read_code(said["code"]), until, asks)
        return self._request(said, until)

    def _request(self, said: dict[str, Any], until: float) -> PairingRequest:
        own = OwnKeys(**said["own"])
        me = own.as_member(said["name"])
        place = SyncPlace(folder=said["folder"], server=said["server"])
        if said["has_token"]:
            place = self._tokens.of_request(me.id, place)
        return PairingRequest(
            place, place.transport(""), said["secret"], own, me, until
        )

    def _wall(self, until: float) -> int:
        return now_ms() + int((until - self._clock()) * _MS_PER_S)
