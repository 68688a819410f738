"""What is known only while this runs: a code that is shown, a request, a connection."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from msgspec import Struct, field

from backend.errors import ConflictError
from backend.services.sync.places import SyncPlace
from backend.services.sync.shell_report import ShellReport
from backend.sync.group import Member, OwnKeys
from backend.sync.pairing import PairingAnswer
from backend.sync.transport import Transport

_PATIENCE_S: Final = 5.0


class PairingOffer(Struct):
    """A code that is shown, and who has answered it."""

    code: str
    secret: str
    until: float
    asks: Member | None = None


class PairingRequest(Struct):
    """What this computer said to be let in.

    Attributes:
        welcome: What it was answered, while a person is asked about it.
    """

    place: SyncPlace
    transport: Transport
    secret: str
    own: OwnKeys
    me: Member
    until: float
    welcome: PairingAnswer | None = None


class OpenServer(Struct, frozen=True):
    """A server that others on the way can listen to, until a person has agreed.

    Attributes:
        secret: Of the code with which it came; "" for none.
    """

    place: SyncPlace
    secret: str = ""


class SyncMoment(Struct):
    """What is known only while this runs.

    Attributes:
        is_awaited: A person waits for the lock: what is under way ends early.
        report: What the shell says.
        is_wanted: A person wants the next exchange all the same.
    """

    chosen: SyncPlace | None = None
    open_server: OpenServer | None = None
    offer: PairingOffer | None = None
    joining: PairingRequest | None = None
    transport: Transport | None = None
    problem: str = ""
    last_ok: int = 0
    is_awaited: bool = False
    report: ShellReport = field(default_factory=ShellReport)
    is_wanted: bool = False
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def asked(self) -> tuple[object, ...]:
        """What is asked or answered now: who sees it is told when it is another."""
        asks = self.offer and self.offer.asks
        welcome = self.joining and self.joining.welcome
        return self.offer, asks, self.joining, welcome

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Let nothing be exchanged meanwhile.

        Raises:
            ConflictError: What is under way does not end.
        """
        self.is_awaited = True
        has_it = self.lock.acquire(timeout=_PATIENCE_S)
        self.is_awaited = False
        if not has_it:
            raise ConflictError("Hearth is busy exchanging. Try again soon.")
        try:
            yield
        finally:
            self.lock.release()
