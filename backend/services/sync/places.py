"""Where computers exchange: a folder that is synced, or a libSQL server.

The token of a server stands in the keyring and nowhere else, under this computer's own
name, and is given to the address only for which it was entered.
"""

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final, Self

from backend.errors import InvalidInputError
from backend.keys.api_keys import KeyStore
from backend.llm.servers.address import read_address
from backend.llm.wire.system_proxy import system_proxy
from backend.services.sync.beginning import own_keys
from backend.store.sync.state import SyncState
from backend.sync.folder import FolderTransport
from backend.sync.hrana import HranaClient, Statement
from backend.sync.pairing import full_code
from backend.sync.server import ServerTransport
from backend.sync.transport import Transport, TransportError

_NO_FOLDER: Final = "Choose a folder that is there."
_NO_ADDRESS: Final = (
    "That is not the address of a server. It looks like libsql://name.turso.io or "
    "http://127.0.0.1:8080."
)
_NOT_ONE_WORD: Final = "That is no token: it is one word, without spaces."
_LOCKED: Final = (
    "The keyring of this computer does not give the token of the server. Unlock it, or "
    "choose “Change server” and enter the token once more."
)


@dataclass(frozen=True, slots=True)
class SyncPlace:
    """A folder, or a server with its token.

    Attributes:
        server: Its address with the scheme; "" for a folder.
        token: "" for a server that asks for none.
    """

    folder: str = ""
    server: str = ""
    token: str = field(default="", repr=False)

    @classmethod
    def of_folder(cls, typed: str) -> Self:
        """Take a folder that is there.

        Raises:
            InvalidInputError: There is none.
        """
        if not Path(typed).is_absolute() or not Path(typed).is_dir():
            raise InvalidInputError(_NO_FOLDER)
        return cls(folder=typed)

    @classmethod
    def of_server(cls, typed: str, token: str) -> Self:
        """Take a server as it was typed.

        Raises:
            InvalidInputError: It is no address, or no token.
        """
        written = typed.strip().replace("libsql://", "https://", 1)
        try:
            address = read_address(written)
        except InvalidInputError as exc:
            raise InvalidInputError(_NO_ADDRESS) from exc
        scheme = address.scheme or ("http" if address.is_here else "https")
        token = token.strip()
        if not token.isascii() or not token.isprintable() or " " in token:
            raise InvalidInputError(_NOT_ONE_WORD)
        url = f"{scheme}://{address.netloc}{address.path}".rstrip("/")
        return cls(server=url, token=token)

    @property
    def name(self) -> str:
        """What a person knows it by."""
        return self.folder or self.server

    @property
    def is_open(self) -> bool:
        """Whether others on the way can read the token and all that is sealed."""
        is_plain = self.server.startswith("http:")
        return is_plain and not read_address(self.server).is_here

    def transport(self, group: str) -> Transport:
        """Return what carries the records of a group there."""
        if self.folder:
            return FolderTransport(Path(self.folder), group)
        return ServerTransport(self._client(), group)

    def check(self) -> None:
        """See that it can be used.

        Raises:
            TransportError: A server does not answer, or not to this token.
        """
        if self.server:
            client = self._client()
            try:
                client.run([Statement("select 1")])
            finally:
                client.close()

    def _client(self) -> HranaClient:
        is_here = read_address(self.server).is_here
        proxy = "" if is_here else system_proxy(self.server)
        return HranaClient(self.server, self.token, proxy)


class SyncTokens:
    """Keeps the token of the server in the keyring; methods may block for seconds."""

    def __init__(self, keys: KeyStore) -> None:
        self._keys = keys

    def place_of(self, state: SyncState) -> SyncPlace:
        """Return where a computer exchanges.

        Raises:
            TransportError: The keyring does not say the token now.
        """
        if not state.has_token:
            return SyncPlace(state.folder, state.server)
        token = self._keys.find(_name(state), state.server)
        if token is None:
            raise TransportError(_LOCKED)
        return SyncPlace(server=state.server, token=token)

    def full_code(self, state: SyncState, code: str) -> str:
        """Return a code that says where the server is; "" where that cannot be."""
        if not state.server:
            return ""
        try:
            place = self.place_of(state)
        except TransportError:  # the short one is shown, and the problem
            return ""
        return full_code(code, place.server, place.token)

    def moved(self, state: SyncState, place: SyncPlace) -> SyncState:
        """Return the state of a computer that exchanges elsewhere; keep the token."""
        if place.token:
            self._keys.set(_name(state), place.token, place.server)
        else:
            self.forget(state)
        return replace(
            state,
            folder=place.folder,
            server=place.server,
            has_token=bool(place.token),
        )

    def keep_request(self, device_id: str, place: SyncPlace) -> None:
        """Keep the token of a computer that asks to be let in."""
        self._keys.set(f"sync-{device_id}", place.token, place.server)

    def of_request(self, device_id: str, place: SyncPlace) -> SyncPlace:
        """Return the place with the token with which a computer asked.

        Raises:
            TransportError: The keyring does not say the token now.
        """
        token = self._keys.find(f"sync-{device_id}", place.server)
        if token is None:
            raise TransportError(_LOCKED)
        return replace(place, token=token)

    def drop_request(self, device_id: str, place: SyncPlace) -> None:
        """Keep no token for a computer that asks no longer."""
        if place.token:
            self._keys.delete(f"sync-{device_id}")

    def forget(self, state: SyncState) -> None:
        """Keep no token any longer."""
        if state.has_token:
            self._keys.delete(_name(state))


def _name(state: SyncState) -> str:
    return f"sync-{own_keys(state).as_member('').id}"
