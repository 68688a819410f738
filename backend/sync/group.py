"""The computers that share their data, and the keys they share it under.

What each computer knows only grows: members, who was removed and up to which record of
theirs counts, and epochs, each with a key and whom it was given to. So what arrives in
any order comes to the same.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Final, NamedTuple, Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)
from cryptography.hazmat.primitives.asymmetric.x25519 import (
    X25519PrivateKey,
    X25519PublicKey,
)
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_AFTER: Final = "+"
_EPOCH_BYTES: Final = 8
_NONCE_BYTES: Final = 12
NAME_CHARS: Final = 60


@dataclass(frozen=True, slots=True)
class Member:
    """A computer of the group.

    Attributes:
        id: The beginning of its signing key.
        sign: The public key of its signatures, in hexadecimal.
        wrap: The public key to which keys are sealed for it.
    """

    id: str
    name: str
    sign: str
    wrap: str

    @classmethod
    def read(cls, data: object) -> Self:
        """Read what another device says of one.

        Raises:
            TypeError, ValueError: It is none.
        """
        if not isinstance(data, dict):
            raise TypeError("no device")
        try:
            sign, wrap, name = str(data["sign"]), str(data["wrap"]), str(data["name"])
        except KeyError as exc:
            raise ValueError("no device") from exc
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(sign))
        X25519PublicKey.from_public_bytes(bytes.fromhex(wrap))
        shown = "".join(filter(str.isprintable, name))[:NAME_CHARS].strip()
        return cls(sign[:16], shown or "Computer", sign, wrap)

    @property
    def verifier(self) -> Ed25519PublicKey:
        """What checks its signatures."""
        return Ed25519PublicKey.from_public_bytes(bytes.fromhex(self.sign))


@dataclass(frozen=True, slots=True)
class OwnKeys:
    """The secrets of this computer, in hexadecimal."""

    sign: str = field(repr=False)
    wrap: str = field(repr=False)

    @classmethod
    def make(cls) -> Self:
        """Return new ones."""
        sign, wrap = Ed25519PrivateKey.generate(), X25519PrivateKey.generate()
        return cls(sign.private_bytes_raw().hex(), wrap.private_bytes_raw().hex())

    @property
    def signer(self) -> Ed25519PrivateKey:
        """What signs its records."""
        return Ed25519PrivateKey.from_private_bytes(bytes.fromhex(self.sign))

    @property
    def opener(self) -> X25519PrivateKey:
        """What opens what was sealed for it."""
        return X25519PrivateKey.from_private_bytes(bytes.fromhex(self.wrap))

    def as_member(self, name: str) -> Member:
        """Return what others may know of it."""
        sign = self.signer.public_key().public_bytes_raw().hex()
        wrap = self.opener.public_key().public_bytes_raw().hex()
        return Member.read({"name": name, "sign": sign, "wrap": wrap})


class Epoch(NamedTuple):
    """A key, and the members that have it.

    Attributes:
        at: When it was made, by the clock of changes: the newest one seals.
        key: In hexadecimal; "" for one this computer was not given.
    """

    id: str
    at: str
    key: str
    given: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SyncGroup:
    """What one computer knows of all.

    Attributes:
        removed: For each that was removed, how much of its streams counts.
    """

    id: str
    members: Mapping[str, Member]
    removed: Mapping[str, Mapping[str, int]]
    epochs: Mapping[str, Epoch]

    @classmethod
    def found(cls, me: Member, at: str) -> Self:
        """Begin a group of one."""
        alone = cls(os.urandom(8).hex(), {me.id: me}, {}, {})
        return alone.rotated(at)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read what `to_json` gave."""
        data = json.loads(text)
        return cls(
            data["id"],
            {name: Member(**one) for name, one in data["members"].items()},
            data["removed"],
            {
                name: Epoch(one[0], one[1], one[2], tuple(one[3]))
                for name, one in data["epochs"].items()
            },
        )

    def to_json(self) -> str:
        """Return it with its keys, to be kept or given to who joins."""
        return json.dumps(asdict(self))

    @property
    def present(self) -> dict[str, Member]:
        """The members that were not removed."""
        return {k: one for k, one in self.members.items() if k not in self.removed}

    @property
    def keys(self) -> dict[bytes, bytes]:
        """What opens records, by epoch."""
        known = (epoch for epoch in self.epochs.values() if epoch.key)
        return {bytes.fromhex(one.id): bytes.fromhex(one.key) for one in known}

    @property
    def current(self) -> Epoch:
        """What seals: the newest key that is known."""
        return max((e for e in self.epochs.values() if e.key), key=_newest)

    @property
    def needs_rotation(self) -> bool:
        """Whether the newest key is not just what the members have."""
        newest = max(self.epochs.values(), key=_newest)
        return bool(newest.key) and set(newest.given) != set(self.present)

    def rotated(self, at: str) -> Self:
        """Return the group with a new key for those that are in it now.

        It is the newest, also where an earlier one was made by a clock that was ahead:
        else who was removed would have the key that seals.
        """
        newest = max((one.at for one in self.epochs.values()), default="")
        epoch = Epoch(
            os.urandom(_EPOCH_BYTES).hex(),
            at if at > newest else f"{newest}{_AFTER}",
            os.urandom(32).hex(),
            tuple(sorted(self.present)),
        )
        return replace(self, epochs={**self.epochs, epoch.id: epoch})

    def with_member(self, member: Member) -> Self:
        """Return the group with one more, who is given the keys there are."""
        epochs = {
            one.id: one._replace(given=tuple(sorted({*one.given, member.id})))
            for one in self.epochs.values()
        }
        return replace(self, members={**self.members, member.id: member}, epochs=epochs)

    def without(self, member_id: str, counts: Mapping[str, int], at: str) -> Self:
        """Return the group without one, whose streams count so far, with a new key."""
        removed = _united(self.removed, {member_id: counts})
        return replace(self, removed=removed).rotated(at)

    def counting(self, read: Mapping[str, Mapping[str, int]]) -> Self:
        """Return the group where what was read of those that were removed counts.

        It was read before the removal was known: what one computer has all have.

        Args:
            read: For each member, how far its streams were read.
        """
        known = {name: read[name] for name in self.removed if name in read}
        return replace(self, removed=_united(self.removed, known))

    def joined(self, payload: object) -> Self:
        """Return the group with what a control record says of members.

        Raises:
            KeyError, TypeError, ValueError: It says nothing of the kind.
        """
        if not isinstance(payload, dict) or not isinstance(payload["members"], list):
            raise TypeError("no members")
        known = [Member.read(one) for one in payload["members"]]
        given: dict[str, list[str]] = dict(payload["given"])
        epochs = {
            one.id: one._replace(
                given=tuple(sorted({*one.given, *map(str, given.get(one.id, ()))}))
            )
            for one in self.epochs.values()
        }
        members = {**{member.id: member for member in known}, **self.members}
        return replace(self, members=members, epochs=epochs)

    def members_payload(self) -> dict[str, object]:
        """Return what a control record tells others of the members."""
        return {
            "members": [asdict(one) for one in self.members.values()],
            "given": {one.id: list(one.given) for one in self.epochs.values()},
        }

    def keys_payload(self) -> dict[str, object]:
        """Return what a record of keys holds: all of them, sealed for each member."""
        secret = json.dumps({e.id: e.key for e in self.epochs.values() if e.key})
        return {
            "epochs": {e.id: [e.at, list(e.given)] for e in self.epochs.values()},
            "removed": self.removed,
            "wraps": {
                one.id: wrapped(secret.encode(), one.wrap, self.id)
                for one in self.present.values()
            },
        }

    def with_keys(self, payload: object, me: Member, own: OwnKeys) -> Self:
        """Return the group with what a record of keys says.

        Raises:
            KeyError, TypeError, ValueError: It is none.
        """
        if not isinstance(payload, dict):
            raise TypeError("no keys")
        wraps: dict[str, Any] = payload["wraps"]
        opened: dict[str, str] = {}
        if me.id in wraps:
            opened = json.loads(unwrapped(wraps[me.id], own.opener, self.id))
        epochs = dict(self.epochs)
        for name, (at, given) in payload["epochs"].items():
            was = epochs.get(name, Epoch(name, str(at), "", ()))
            key = was.key or str(opened.get(name, ""))
            bytes.fromhex(name + key)
            everybody = tuple(sorted({*was.given, *map(str, given)}))
            epochs[name] = was._replace(key=key, given=everybody)
        return replace(
            self, epochs=epochs, removed=_united(self.removed, payload["removed"])
        )


def wrapped(secret: bytes, to: str, context: str) -> dict[str, str]:
    """Seal a secret for whoever has the private half of a key."""
    once = X25519PrivateKey.generate()
    public = X25519PublicKey.from_public_bytes(bytes.fromhex(to))
    nonce = os.urandom(_NONCE_BYTES)
    cipher = _wrap_cipher(once.exchange(public), context)
    return {
        "from": once.public_key().public_bytes_raw().hex(),
        "box": (nonce + cipher.encrypt(nonce, secret, None)).hex(),
    }


def unwrapped(box: Mapping[str, str], own: X25519PrivateKey, context: str) -> bytes:
    """Open what `wrapped` sealed.

    Raises:
        ValueError: It was sealed for somebody else, or altered.
    """
    try:
        once = X25519PublicKey.from_public_bytes(bytes.fromhex(box["from"]))
        sealed = bytes.fromhex(box["box"])
        cipher = _wrap_cipher(own.exchange(once), context)
        return cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], None)
    except (InvalidTag, KeyError) as exc:
        raise ValueError("not sealed for this device") from exc


def _wrap_cipher(shared: bytes, context: str) -> AESGCM:
    info = b"hearth/1 wrap" + context.encode()
    derived = HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=info)
    return AESGCM(derived.derive(shared))


def _newest(epoch: Epoch) -> tuple[str, str]:
    return epoch.at, epoch.id


def _united(
    one: Mapping[str, Mapping[str, int]], other: Mapping[str, Mapping[str, int]]
) -> dict[str, dict[str, int]]:
    """Return who was removed by either; what either has read of them counts."""
    both: dict[str, dict[str, int]] = {name: dict(has) for name, has in one.items()}
    for name, counts in other.items():
        known = both.setdefault(name, {})
        for stream, n in counts.items():
            known[stream] = max(int(n), known.get(stream, 0))
    return both
