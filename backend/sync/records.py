"""Sealed records: what a folder is given to keep, and what it cannot do with them.

A header of 128 bytes, big-endian: "H1", kind, 0, epoch 8, stream 16, number 8, nonce
24, hash of the header before 32, hash of the body 32, length of the body 4. Then an
Ed25519 signature of the header, 64 bytes, and the body, AES-256-GCM of the padded
payload with the header up to the body's hash as associated data. So only its device can
have made a record, in this place of its stream and in no other.

After the payload, where older versions see padding, stands how far its device had read
the others: who was shown another record in the same place finds out.
"""

import hashlib
import hmac
import json
import os
import struct
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
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
_MARK_BYTES: Final = 8


class RefusedRecordError(Exception):
    """A record is not what its device made, or not where its device put it."""


class MissingRecordError(RefusedRecordError):
    """What comes before this record, or its key, has not come yet."""


class ForkedStreamError(RefusedRecordError):
    """Its device made this record, and another one that was read in the same place."""


class StreamHead(NamedTuple):
    """How far a stream was read.

    Attributes:
        n: The number of its last record.
        mark: What this record is told from others by, in hexadecimal.
    """

    stream: str
    n: int
    mark: str

    @classmethod
    def read(cls, data: object) -> Self:
        """Read one of a record.

        Raises:
            TypeError, ValueError: It is none.
        """
        if not isinstance(data, list):
            raise TypeError("no head")
        stream, n, mark = data
        sizes = len(bytes.fromhex(stream)), len(bytes.fromhex(mark))
        if sizes != (16, _MARK_BYTES) or not 0 < int(n) < 2**48:
            raise ValueError("no head")
        return cls(stream, int(n), mark)


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

    def seal(
        self, kind: RecordKind, payload: object, heads: Sequence[StreamHead] = ()
    ) -> bytes:
        """Return the next record.

        Args:
            kind: What it holds. One that everybody can read tells no heads.
            payload: What it says.
            heads: How far this computer has read others.
        """
        plain = _packed(payload, heads)
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
    """What is known of the stream of another computer.

    Attributes:
        heads: How far its device had read others, as the last record says.
    """

    verifier: Ed25519PublicKey
    stream: bytes
    n: int
    prev: bytes
    heads: Sequence[StreamHead] = field(default=())

    def open(
        self, record: bytes, keys: Mapping[bytes, bytes]
    ) -> tuple[RecordKind, object] | None:
        """Return what the next record holds, None for one that was read; go on.

        Args:
            record: As it was found.
            keys: Those of the epochs.

        Raises:
            MissingRecordError: Others before it have not come.
            ForkedStreamError: Its device made another one before it.
            RefusedRecordError: It is none of this stream, or not as it was made.
        """
        header = RecordHeader.of(record)
        if header.stream != self.stream:
            raise RefusedRecordError("of another stream")
        if header.n <= self.n:
            return None
        if header.n > self.n + 1:
            raise MissingRecordError(f"{header.n - self.n - 1} records are missing")
        check_signature(record, self.verifier)
        if not hmac.compare_digest(header.prev, self.prev):
            raise ForkedStreamError("does not follow the one before")
        heads: Sequence[StreamHead] = ()
        if is_erased(record, self.verifier):
            opened: tuple[RecordKind, object] = (RecordKind.OPS, [])
        else:
            opened, heads = _opened(header, record, keys)
        self.heads = heads
        self.n, self.prev = header.n, hashlib.sha256(record[:HEADER_BYTES]).digest()
        return opened


def keys_in(record: bytes, verifier: Ed25519PublicKey) -> object | None:
    """Return what a record of keys says, wherever it stands; None for any other.

    Raises:
        RefusedRecordError: It is not as its device made it.
    """
    header = RecordHeader.of(record)
    if header.kind != RecordKind.KEYS:
        return None
    check_signature(record, verifier)
    if is_erased(record, verifier):
        return None
    (_kind, said), _ = _opened(header, record, {})
    return said


def hash_of(record: bytes) -> str:
    """Return what the next record names this one by, in hexadecimal."""
    return hashlib.sha256(record[:HEADER_BYTES]).hexdigest()


def mark_of(name: str) -> str:
    """Return what tells a record from others, of its hash in hexadecimal."""
    return name[: 2 * _MARK_BYTES]


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


def _packed(payload: object, heads: Sequence[StreamHead]) -> bytes:
    plain = _json(payload)
    # One short act is not compressed: its size tells nothing about what it is like.
    is_packed = len(plain) >= _PLAIN_BELOW
    packed = zlib.compress(plain, 1) if is_packed else plain
    whole = _HEAD.pack(is_packed, len(packed)) + packed
    if heads:
        said = _json(heads)
        whole += _HEAD.pack(0, len(said)) + said
    return whole.ljust(padded_size(len(whole)), b"\0")


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def _opened(
    header: RecordHeader, record: bytes, keys: Mapping[bytes, bytes]
) -> tuple[tuple[RecordKind, object], Sequence[StreamHead]]:
    body = record[BODY_AT:]
    is_whole = len(body) == header.length
    if not is_whole or hashlib.sha256(body).digest() != header.digest:
        raise RefusedRecordError("half written, or altered")
    try:
        kind = RecordKind(header.kind)
        if kind is RecordKind.KEYS:
            return (kind, _unpacked(body)), ()
        if header.epoch not in keys:
            raise MissingRecordError("a key this device was not given")
        cipher = _cipher(keys[header.epoch], header.stream, header.nonce)
        plain = cipher.decrypt(_ZERO_NONCE, body, record[:_BOUND])
        return (kind, _unpacked(plain)), _heads(plain)
    except (
        InvalidTag,
        TypeError,
        ValueError,
        RecursionError,
        struct.error,
        zlib.error,
    ) as exc:
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


def _heads(plain: bytes) -> Sequence[StreamHead]:
    """Return what stands after the payload; records of older versions have nothing."""
    _, length = _HEAD.unpack_from(plain)
    said = plain[_HEAD.size + length :]
    if len(said) < _HEAD.size:
        return ()
    _, length = _HEAD.unpack_from(said)
    if not length:
        return ()
    return [StreamHead.read(one) for one in json.loads(said[_HEAD.size :][:length])]
