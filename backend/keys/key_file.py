"""What is written down about the key of a database; the key itself is not."""

import hashlib
import hmac
import json
import secrets
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Final, Self

from backend.keys.key_wrapping import Sealed, normal_code
from backend.sqlite.files import is_ordinary

FORMAT: Final = 1
KEY_BYTES: Final = 32


class KeyMode(Enum):
    """Where the key is kept between two runs."""

    KEYRING = "keyring"
    PASSPHRASE = "passphrase"  # noqa: S105 a word, no secret


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyRecord:
    """What `key.json` holds; no key can be read from it.

    Attributes:
        id: The key's name in the keyring.
        check: Only the right key gives the same value.
        is_noted: Whether the user said to have written the recovery code down.
    """

    id: str
    check: str
    mode: KeyMode
    passphrase: Sealed | None = None
    recovery: Sealed | None = None
    is_noted: bool = True

    @classmethod
    def new(cls, key: bytes) -> Self:
        """Return the record of a key that was just made."""
        return cls(id=new_name(), check=check_of(key), mode=KeyMode.KEYRING)

    @classmethod
    def read(cls, path: Path) -> Self | None:
        """Read the file; None when there is none that makes sense."""
        if not is_ordinary(path.resolve()):
            return None
        try:
            data = json.loads(path.read_text("utf-8"))
            if not isinstance(data, dict) or data.get("format") != FORMAT:
                return None
            return cls(
                id=str(data["id"]),
                check=str(data["check"]),
                mode=KeyMode(data["mode"]),
                passphrase=Sealed.from_json(data.get("passphrase")),
                recovery=Sealed.from_json(data.get("recovery")),
                is_noted=data.get("noted") is not False,
            )
        except (OSError, ValueError, KeyError):
            return None

    def to_text(self) -> str:
        """Return it as the file holds it."""
        sealed = {"passphrase": self.passphrase, "recovery": self.recovery}
        data = {
            "format": FORMAT,
            "id": self.id,
            "check": self.check,
            "mode": self.mode.value,
            "noted": self.is_noted,
            **{name: one and one.to_json() for name, one in sealed.items()},
        }
        return json.dumps(data, indent=1)

    def opened_by(self, secret: str) -> bytes | None:
        """Return the key, sealed under a passphrase or a code; None for a wrong one."""
        key = self.passphrase.open(secret) if self.passphrase else None
        if key is None and self.recovery:
            key = self.recovery.open(normal_code(secret))
        return key if key is not None and self.fits(key) else None

    def fits(self, key: bytes) -> bool:
        """Whether this is the key."""
        return hmac.compare_digest(self.check, check_of(key))


def new_name() -> str:
    """Return a name for a key in the keyring that no other key has."""
    return f"database-{secrets.token_hex(8)}"


def check_of(key: bytes) -> str:
    """Return what tells this key from any other, and does not give it away."""
    return hmac.new(key, b"hearth database key", hashlib.sha256).hexdigest()
