"""Pairing: a code that is read from one computer and typed on another.

The code is a secret of 130 bits, used once; no key is in it. Who joins leaves a hello
under it, and is answered with the keys, sealed to a key of its hello alone: a code that
is photographed opens nothing afterwards.
"""

import base64
import hashlib
import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import asdict
from typing import Final, NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from backend.errors import InvalidInputError
from backend.sync.group import Member, OwnKeys, SyncGroup, unwrapped, wrapped

VALID_S: Final = 600.0
_LETTERS: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
# Crockford's letters: none of them is read as another one.
_MISREAD: Final = str.maketrans("OIL", "011", " -\t\r\n\u2010\u2011\u2013")
_SECRET_CHARS: Final = 26
_CHECK_CHARS: Final = 2
_GROUP_CHARS: Final = 7
_NONCE_BYTES: Final = 12
_WITH_SERVER: Final = "hearth1."
"""Begins a code that says where the server is."""
_NUMBER: Final = 1_000_000


def new_code() -> str:
    """Return a code in groups that can be read out."""
    secret = "".join(secrets.choice(_LETTERS) for _ in range(_SECRET_CHARS))
    whole = secret + _check(secret)
    cut = range(0, len(whole), _GROUP_CHARS)
    return "-".join(whole[at : at + _GROUP_CHARS] for at in cut)


def read_code(typed: str) -> str:
    """Return the secret of a code as it was typed.

    Raises:
        InvalidInputError: It was mistyped, and is no code.
    """
    plain = typed.upper().translate(_MISREAD)
    secret, check = plain[:_SECRET_CHARS], plain[_SECRET_CHARS:]
    if len(check) != _CHECK_CHARS or check != _check(secret):
        raise InvalidInputError(
            "This is not a pairing code: it has 28 letters and digits. Check it on the "
            "other computer, and enter it again."
        )
    return secret


class FullCode(NamedTuple):
    """A code with the server it is for.

    Attributes:
        server: Its address; "" for a code that says nothing of it.
    """

    secret: str
    server: str = ""
    token: str = ""


def full_code(code: str, server: str, token: str) -> str:
    """Return a code that needs nothing beside it: whoever reads it can ask the server.

    The token is in it, the key is not.
    """
    plain = json.dumps([code.replace("-", ""), server, token], separators=(",", ":"))
    return _WITH_SERVER + base64.urlsafe_b64encode(plain.encode()).decode().rstrip("=")


def read_full_code(typed: str) -> FullCode:
    """Read a code as it was typed or pasted, with or without a server.

    Raises:
        InvalidInputError: It was mistyped, and is no code.
    """
    packed = "".join(typed.split())
    if not packed.lower().startswith(_WITH_SERVER):
        return FullCode(read_code(typed))
    packed = packed[len(_WITH_SERVER) :]
    try:
        plain = base64.urlsafe_b64decode(packed + "=" * (-len(packed) % 4))
        code, server, token = json.loads(plain)
    except ValueError as exc:
        raise InvalidInputError(
            "This pairing code is not whole. Copy it on the other computer once more, "
            "all of it."
        ) from exc
    return FullCode(read_code(str(code)), str(server), str(token))


def hello_name(secret: str) -> str:
    """Return where who joins leaves its hello; only who has the code finds it."""
    return _derived(secret, b"name")[:16].hex()


def seal_hello(secret: str, me: Member) -> bytes:
    """Return what who joins says."""
    nonce = os.urandom(_NONCE_BYTES)
    plain = json.dumps(asdict(me)).encode()
    return nonce + AESGCM(_derived(secret, b"hello")).encrypt(nonce, plain, None)


def open_hello(secret: str, sealed: bytes) -> Member | None:
    """Return who wants to join; None when this is no hello."""
    cipher = AESGCM(_derived(secret, b"hello"))
    try:
        plain = cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], None)
        return Member.read(json.loads(plain))
    except (InvalidTag, TypeError, ValueError):
        return None


class PairingAnswer(NamedTuple):
    """What who joins is answered.

    Attributes:
        counts: How much there is on the other computer: conversations, notes.
        names: How many changes it has of each name they were made under.
    """

    group: SyncGroup
    counts: tuple[int, int]
    names: Mapping[str, int] = {}


def seal_welcome(
    secret: str, welcome: PairingAnswer, me: Member, joins: Member
) -> bytes:
    """Return what who joins is answered: the group with its keys, for it alone."""
    group, counts = welcome.group.to_json(), list(welcome.counts)
    answer = {"group": group, "from": me.id, "counts": counts}
    said = json.dumps({**answer, "names": {**welcome.names}}).encode()
    return json.dumps(wrapped(said, joins.wrap, _context(secret))).encode()


def open_welcome(secret: str, sealed: bytes, own: OwnKeys) -> PairingAnswer | None:
    """Return what is answered; None when this is no welcome."""
    try:
        said = unwrapped(json.loads(sealed), own.opener, _context(secret))
        answer = json.loads(said)
        conversations, notes = map(int, answer.get("counts", (0, 0)))
        group = SyncGroup.from_json(answer["group"])
        names = {str(k): int(n) for k, n in answer.get("names", {}).items()}
        return PairingAnswer(group, (conversations, notes), names)
    except (AttributeError, ValueError, KeyError, TypeError):
        return None


def shown_number(secret: str, joins: Member) -> str:
    """Return six digits that both pages show when they mean the same computer."""
    digest = hashlib.sha256(f"{secret}{joins.sign}{joins.wrap}".encode()).digest()
    return f"{int.from_bytes(digest[:8]) % _NUMBER:06d}"


def _context(secret: str) -> str:
    return _derived(secret, b"welcome").hex()


def _derived(secret: str, use: bytes) -> bytes:
    info = b"hearth/1 pairing " + use
    kept = HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=info)
    return kept.derive(secret.encode())


def _check(secret: str) -> str:
    digest = hashlib.sha256(secret.encode()).digest()
    return "".join(_LETTERS[byte % 32] for byte in digest[:_CHECK_CHARS])
