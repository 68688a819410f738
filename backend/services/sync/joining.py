"""What two computers know of each other while one joins the other."""

import threading
from dataclasses import dataclass, field
from pathlib import Path

from backend.sync.folder import FolderTransport
from backend.sync.group import Member, OwnKeys
from backend.sync.pairing import hello_name


@dataclass(slots=True)
class PairingOffer:
    """A code that is shown, and who has answered it."""

    code: str
    secret: str
    until: float
    asks: Member | None = None


@dataclass(frozen=True, slots=True)
class PairingRequest:
    """What this computer said to be let in."""

    folder: Path
    secret: str
    own: OwnKeys
    me: Member
    until: float


@dataclass(slots=True)
class SyncMoment:
    """What is known only while this runs."""

    chosen: Path | None = None
    offer: PairingOffer | None = None
    joining: PairingRequest | None = None
    transport: FolderTransport | None = None
    problem: str = ""
    last_ok: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)


def hello_file(secret: str) -> str:
    """Return where who joins leaves its hello."""
    return f"{hello_name(secret)}.hello"


def welcome_file(secret: str) -> str:
    """Return where it finds its answer."""
    return f"{hello_name(secret)}.welcome"
