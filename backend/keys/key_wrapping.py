"""Seals the database key under something a person knows: a passphrase or a code.

The imports are late: a start with a working keyring needs none of this.
"""

import secrets
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Final, Self

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_MEMORY_KIB: Final = 64 * 1024
_ROUNDS: Final = 3
_LANES: Final = 1
_MAX_MEMORY_KIB: Final = 1024 * 1024
_MAX_ROUNDS: Final = 64
_SALT_BYTES: Final = 16
_NONCE_BYTES: Final = 12
_KEY_BYTES: Final = 32
# Crockford's letters: none of them is read as another one.
_LETTERS: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_MISREAD: Final = str.maketrans("OIL", "011", " -\t\n\u2010\u2011\u2013")
_GROUPS: Final = 6
_GROUP_CHARS: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealed:
    """A key that opens with one secret; safe to be read by anybody.

    Attributes:
        memory_kib: What trying one secret costs, kept so that it can rise later.
        rounds: The other half of that cost.
    """

    salt: str
    nonce: str
    box: str
    memory_kib: int = _MEMORY_KIB
    rounds: int = _ROUNDS

    @classmethod
    def make(cls, key: bytes, secret: str) -> Self:
        """Seal a key under a secret."""
        salt = secrets.token_bytes(_SALT_BYTES)
        nonce = secrets.token_bytes(_NONCE_BYTES)
        box = _cipher(secret, salt, _MEMORY_KIB, _ROUNDS).encrypt(nonce, key, None)
        return cls(salt=salt.hex(), nonce=nonce.hex(), box=box.hex())

    @classmethod
    def from_json(cls, data: object) -> Self | None:
        """Read what `to_json` gave; None for anything else."""
        if not isinstance(data, dict):
            return None
        try:
            sealed = cls(**data)
            salt, *_others = (
                bytes.fromhex(part) for part in (sealed.salt, sealed.nonce, sealed.box)
            )
            # A file that was tampered with must not use up the machine.
            costs = (sealed.memory_kib, _MAX_MEMORY_KIB), (sealed.rounds, _MAX_ROUNDS)
            fits = all(type(cost) is int and 0 < cost <= most for cost, most in costs)
        except (TypeError, ValueError):
            return None
        return sealed if fits and len(salt) == _SALT_BYTES else None

    def to_json(self) -> dict[str, object]:
        """Return it for a JSON file."""
        return asdict(self)

    def open(self, secret: str) -> bytes | None:
        """Return the key; None when the secret is another one. Takes 0.2 seconds."""
        from cryptography.exceptions import InvalidTag  # noqa: PLC0415 slow to import

        salt = bytes.fromhex(self.salt)
        cipher = _cipher(secret, salt, self.memory_kib, self.rounds)
        try:
            return cipher.decrypt(
                bytes.fromhex(self.nonce), bytes.fromhex(self.box), None
            )
        except (InvalidTag, ValueError):
            return None


def new_recovery_code() -> str:
    """Return 150 random bits in groups that can be written down."""
    return "-".join(
        "".join(secrets.choice(_LETTERS) for _ in range(_GROUP_CHARS))
        for _ in range(_GROUPS)
    )


def normal_code(code: str) -> str:
    """Return a recovery code as it was made, however it was copied from paper."""
    return code.upper().translate(_MISREAD)


def _cipher(secret: str, salt: bytes, memory_kib: int, rounds: int) -> "AESGCM":
    from argon2.low_level import Type, hash_secret_raw  # noqa: PLC0415 slow to import
    from cryptography.hazmat.primitives.ciphers.aead import (  # noqa: PLC0415 slow to import
        AESGCM,
    )

    derived = hash_secret_raw(
        secret.encode("utf-8", "surrogatepass"),
        salt,
        time_cost=rounds,
        memory_cost=memory_kib,
        parallelism=_LANES,
        hash_len=_KEY_BYTES,
        type=Type.ID,
    )
    return AESGCM(derived)
