"""Sealed records: what a folder is given to keep, and what it cannot do with them.

A header of 128 bytes, big-endian: "H1", kind, 0, epoch 8, stream 16, number 8, nonce
24, hash of the header before 32, hash of the body 32, length of the body 4. Then an
Ed25519 signature of the header, 64 bytes, and the body, AES-256-GCM of the padded
payload with the header up to the body's hash as associated data. So only its device can
have made a record, in this place of its stream and in no other.
"""

import hashlib
import hmac
import json
import os
import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Final, NamedTuple, Self

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

HEADER_BYTES: Final = 128
BODY_AT: Final = HEADER_BYTES + 64
START: Final = bytes(32).hex()
"""What the first record of a stream follows."""
OPEN_EPOCH: Final = bytes(8)
"""Of records that who has no key must read: their body is signed and not sealed."""

_ERASED: Final = b"hearth/1 erased "
_LAYOUT: Final = struct.Struct(">2sBB8s16sQ24s32s32sI")
_BOUND: Final = 92
_HEAD: Final = struct.Struct(">BI")
_ZERO_NONCE: Final = bytes(12)
_SMALLEST: Final = 512
_PLAIN_BELOW: Final = 2048
_MOST_UNPACKED: Final = 64 * 1024 * 1024


class RefusedRecordError(Exception):
    """A record is not what its device made, or not where its device put it."""


class MissingRecordError(RefusedRecordError):
    """What comes before this record, or its key, has not come yet."""


class RecordKind(IntEnum):
    """What a record holds."""

    OPS = 1
    CONTROL = 4
    KEYS = 5


class RecordHeader(NamedTuple):
    """What stands before the body of a record."""

    kind: int
    epoch: bytes
    stream: bytes
    n: int
    nonce: bytes
    prev: bytes
    digest: bytes
    length: int

    @classmethod
    def of(cls, record: bytes) -> Self:
        """Read the header of a record.

        Raises:
            RefusedRecordError: It has none.
        """
        if len(record) < BODY_AT or record[:2] != b"H1":
            raise RefusedRecordError("no record")
        _magic, kind, _flags, *rest = _LAYOUT.unpack(record[:HEADER_BYTES])
        return cls(kind, *rest)

    @property
    def size(self) -> int:
        """How long the whole record is."""
        return BODY_AT + self.length


def padded_size(size: int) -> int:
    """Round up to one of eight steps per power of two: at most 12.5 % more."""
    if size <= _SMALLEST:
        return _SMALLEST
    step = 1 << max(0, (size - 1).bit_length() - 4)
    return -(-size // step) * step


def _cipher(epoch_key: bytes, stream: bytes, nonce: bytes) -> AESGCM:
    # One key per record: a computer that is set back to an old state repeats no nonce.
    info = b"hearth/1 record" + stream + nonce
    derived = HKDFExpand(algorithm=hashes.SHA256(), length=32, info=info)
    return AESGCM(derived.derive(epoch_key))


@dataclass(slots=True)
class RecordWriter:
    """The stream of this computer; number and hash are kept with each record."""

    epoch: bytes
    epoch_key: bytes
    signer: Ed25519PrivateKey
    stream: bytes
    n: int
    prev: bytes

    def seal(self, kind: RecordKind, payload: object) -> bytes:
        """Return the next record."""
        plain = _packed(payload)
        epoch = OPEN_EPOCH if kind is RecordKind.KEYS else self.epoch
        nonce, n = os.urandom(24), self.n + 1
        bound = _LAYOUT.pack(
            b"H1", kind, 0, epoch, self.stream, n, nonce, self.prev, b"", 0
        )[:_BOUND]
        if kind is RecordKind.KEYS:
            body = plain
        else:
            cipher = _cipher(self.epoch_key, self.stream, nonce)
            body = cipher.encrypt(_ZERO_NONCE, plain, bound)
        header = bound + hashlib.sha256(body).digest() + struct.pack(">I", len(body))
        self.n, self.prev = n, hashlib.sha256(header).digest()
        return header + self.signer.sign(header) + body


@dataclass(slots=True)
class RecordReader:
    """What is known of the stream of another computer."""

    verifier: Ed25519PublicKey
    stream: bytes
    n: int
    prev: bytes

    def open(
        self, record: bytes, keys: Mapping[bytes, bytes]
    ) -> tuple[RecordKind, object] | None:
        """Return what the next record holds, None for one that was read; go on.

        Args:
            record: As it was found.
            keys: Those of the epochs.

        Raises:
            MissingRecordError: Others before it have not come.
            RefusedRecordError: It is none of this stream, or not as it was made.
        """
        header = RecordHeader.of(record)
        if header.stream != self.stream:
            raise RefusedRecordError("of another stream")
        if header.n <= self.n:
            return None
        if header.n > self.n + 1:
            raise MissingRecordError(f"{header.n - self.n - 1} records are missing")
        if not hmac.compare_digest(header.prev, self.prev):
            raise RefusedRecordError("does not follow the one before")
        check_signature(record, self.verifier)
        if is_erased(record, self.verifier):
            opened: tuple[RecordKind, object] = (RecordKind.OPS, [])
        else:
            opened = _opened(header, record, keys)
        self.n, self.prev = header.n, hashlib.sha256(record[:HEADER_BYTES]).digest()
        return opened


def hash_of(record: bytes) -> str:
    """Return what the next record names this one by, in hexadecimal."""
    return hashlib.sha256(record[:HEADER_BYTES]).hexdigest()


def erased(record: bytes, signer: Ed25519PrivateKey) -> bytes:
    """Return a record of ours without what it held, in its place and of its size.

    Only its device can do that: its signature of the header stands for the body.

    Raises:
        RefusedRecordError: It is no record of this device.
    """
    header = RecordHeader.of(record)
    check_signature(record, signer.public_key())
    proof = signer.sign(_ERASED + record[:HEADER_BYTES])
    return record[:BODY_AT] + proof.ljust(header.length, b"\0")


def is_erased(record: bytes, verifier: Ed25519PublicKey) -> bool:
    """Whether the device of a record has taken out what it held."""
    proof, rest = record[BODY_AT : BODY_AT + 64], record[BODY_AT + 64 :]
    if any(rest):
        return False
    try:
        verifier.verify(proof, _ERASED + record[:HEADER_BYTES])
    except InvalidSignature:
        return False
    return len(record) == RecordHeader.of(record).size


def check_signature(record: bytes, verifier: Ed25519PublicKey) -> None:
    """Check who made a record.

    Raises:
        RefusedRecordError: It was somebody else.
    """
    try:
        verifier.verify(record[HEADER_BYTES:BODY_AT], record[:HEADER_BYTES])
    except InvalidSignature as exc:
        raise RefusedRecordError("not signed by this device") from exc


def _packed(payload: object) -> bytes:
    plain = json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode()
    # One short act is not compressed: its size tells nothing about what it is like.
    is_packed = len(plain) >= _PLAIN_BELOW
    packed = zlib.compress(plain, 1) if is_packed else plain
    head = _HEAD.pack(is_packed, len(packed))
    return (head + packed).ljust(padded_size(len(head) + len(packed)), b"\0")


def _opened(
    header: RecordHeader, record: bytes, keys: Mapping[bytes, bytes]
) -> tuple[RecordKind, object]:
    body = record[BODY_AT:]
    is_whole = len(body) == header.length
    if not is_whole or hashlib.sha256(body).digest() != header.digest:
        raise RefusedRecordError("half written, or altered")
    try:
        kind = RecordKind(header.kind)
        if kind is RecordKind.KEYS:
            return kind, _unpacked(body)
        if header.epoch not in keys:
            raise MissingRecordError("a key this device was not given")
        cipher = _cipher(keys[header.epoch], header.stream, header.nonce)
        return kind, _unpacked(cipher.decrypt(_ZERO_NONCE, body, record[:_BOUND]))
    except (InvalidTag, ValueError, RecursionError, struct.error, zlib.error) as exc:
        raise RefusedRecordError(f"cannot be read: {type(exc).__name__}") from exc


def _unpacked(plain: bytes) -> object:
    is_packed, length = _HEAD.unpack_from(plain)
    packed = plain[_HEAD.size : _HEAD.size + length]
    if is_packed:
        unpack = zlib.decompressobj()
        packed = unpack.decompress(packed, _MOST_UNPACKED)
        if not unpack.eof:
            raise RefusedRecordError("too large when unpacked")
    return json.loads(packed)
