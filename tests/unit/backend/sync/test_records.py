"""A record is what its device made, in the place its device put it, or nothing."""

from collections.abc import Sequence
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from backend.sync.records import (
    BODY_AT,
    HEADER_BYTES,
    ForkedStreamError,
    MissingRecordError,
    RecordHeader,
    RecordKind,
    RecordReader,
    RecordWriter,
    RefusedRecordError,
    StreamHead,
    erased,
    padded_size,
)

EPOCH, KEY, STREAM, START = b"e" * 8, b"k" * 32, b"s" * 16, bytes(32)
SIGNER = Ed25519PrivateKey.generate()


def sealed(
    payloads: Sequence[object], kind: RecordKind = RecordKind.OPS
) -> list[bytes]:
    writer = RecordWriter(EPOCH, KEY, SIGNER, STREAM, 0, START)
    return [writer.seal(kind, payload) for payload in payloads]


def reader() -> RecordReader:
    return RecordReader(SIGNER.public_key(), STREAM, 0, START)


@pytest.mark.parametrize(
    "payload", [[], ["é" * 10], ["x" * 5_000], [list(range(40_000))]]
)
def test_what_is_sealed_opens(payload: object) -> None:
    [record] = sealed([payload])
    assert reader().open(record, {EPOCH: KEY}) == (RecordKind.OPS, payload)


def test_nothing_is_read_of_an_altered_record() -> None:
    [record] = sealed([["said"]])
    for at in range(0, len(record), 7):
        altered = record[:at] + bytes([record[at] ^ 1]) + record[at + 1 :]
        try:
            assert reader().open(altered, {EPOCH: KEY}) is None
        except RefusedRecordError:
            continue
    for end in (0, 5, BODY_AT - 1, BODY_AT, len(record) - 1):
        with pytest.raises(RefusedRecordError):
            reader().open(record[:end], {EPOCH: KEY})


def test_records_are_opened_in_their_order_and_once() -> None:
    first, second, third = sealed([["1"], ["2"], ["3"]])
    reading = reader()
    with pytest.raises(MissingRecordError):
        reading.open(second, {EPOCH: KEY})
    assert reading.open(first, {EPOCH: KEY})
    assert reading.open(first, {EPOCH: KEY}) is None
    with pytest.raises(MissingRecordError):
        reading.open(third, {EPOCH: KEY})
    [other] = sealed([["other"]])
    follows_other = RecordWriter(EPOCH, KEY, SIGNER, STREAM, 1, other[:32])
    with pytest.raises(RefusedRecordError):
        reading.open(follows_other.seal(RecordKind.OPS, []), {EPOCH: KEY})
    assert reading.open(second, {EPOCH: KEY})


def test_a_record_without_its_key_waits_and_keys_need_none() -> None:
    [record] = sealed([["said"]])
    with pytest.raises(MissingRecordError):
        reader().open(record, {b"f" * 8: KEY})
    with pytest.raises(RefusedRecordError):
        reader().open(record, {EPOCH: b"l" * 32})
    [keys] = sealed([{"a": "b"}], RecordKind.KEYS)
    assert reader().open(keys, {}) == (RecordKind.KEYS, {"a": "b"})


def test_one_state_twice_repeats_no_nonce_and_shows_no_likeness() -> None:
    one, other = sealed([["said"]])[0], sealed([["said"]])[0]
    assert RecordHeader.of(one).nonce != RecordHeader.of(other).nonce
    assert one[BODY_AT:] != other[BODY_AT:]


def test_sizes_are_rounded_up_by_an_eighth_at_most() -> None:
    assert padded_size(1) == padded_size(512) == 512
    for size in range(513, 70_000, 97):
        assert size <= padded_size(size) <= size * 1.125 + 1
        assert padded_size(padded_size(size)) == padded_size(size)


def test_only_its_device_erases_a_record_and_the_chain_holds() -> None:
    first, second = sealed([["secret"], ["after it"]])
    gone = erased(first, SIGNER)
    assert len(gone) == len(first)
    assert erased(gone, SIGNER) == gone
    reading = reader()
    assert reading.open(gone, {EPOCH: KEY}) == (RecordKind.OPS, [])
    assert reading.open(second, {EPOCH: KEY}) == (RecordKind.OPS, ["after it"])
    stranger = Ed25519PrivateKey.generate()
    with pytest.raises(RefusedRecordError):
        erased(first, stranger)
    proof = stranger.sign(b"hearth/1 erased " + first[:HEADER_BYTES])
    for body in (proof, bytes(64), gone[BODY_AT : BODY_AT + 64], second[BODY_AT:]):
        forged = first[:BODY_AT] + body.ljust(len(first) - BODY_AT, b"\0")
        if forged != gone:
            with pytest.raises(RefusedRecordError):
                reader().open(forged, {EPOCH: KEY})
    with pytest.raises(RefusedRecordError):
        reader().open(gone[:-1], {EPOCH: KEY})
    with pytest.raises(RefusedRecordError):
        reader().open(gone[:-1] + b"1", {EPOCH: KEY})


HEAD = StreamHead(bytes(range(16)).hex(), 7, b"12345678".hex())


@pytest.mark.parametrize("payload", [[], ["x" * 5_000]])
def test_heads_stand_where_older_versions_see_padding(payload: object) -> None:
    writer = RecordWriter(EPOCH, KEY, SIGNER, STREAM, 0, START)
    said = writer.seal(RecordKind.OPS, payload, [HEAD])
    untold = writer.seal(RecordKind.OPS, payload)
    reading = reader()
    assert reading.open(said, {EPOCH: KEY}) == (RecordKind.OPS, payload)
    assert list(reading.heads) == [HEAD]
    assert reading.open(untold, {EPOCH: KEY}) == (RecordKind.OPS, payload)
    assert not reading.heads
    assert HEAD.stream.encode() not in said


@pytest.mark.parametrize(
    "said",
    [
        [["no stream", 1, HEAD.mark]],
        [[HEAD.stream, 0, HEAD.mark]],
        [[HEAD.stream, "many", HEAD.mark]],
        [[HEAD.stream, 1, "12"]],
        [[HEAD.stream, 1]],
        ["head"],
        7,
    ],
)
def test_what_is_no_head_is_refused(said: Any) -> None:  # noqa: ANN401 as it may come
    writer = RecordWriter(EPOCH, KEY, SIGNER, STREAM, 0, START)
    with pytest.raises(RefusedRecordError):
        reader().open(writer.seal(RecordKind.OPS, [], said), {EPOCH: KEY})


def test_who_signs_two_records_in_one_place_is_found_out() -> None:
    first, second = sealed([["1"], ["2"]])
    [other] = sealed([["another one"]])
    reading = reader()
    assert reading.open(other, {EPOCH: KEY})
    with pytest.raises(ForkedStreamError):
        reading.open(second, {EPOCH: KEY})
    # What somebody else made up proves nothing.
    forged = flip_signature(second)
    with pytest.raises(RefusedRecordError) as refused:
        reading.open(forged, {EPOCH: KEY})
    assert not isinstance(refused.value, ForkedStreamError)
    assert first != other


def flip_signature(record: bytes) -> bytes:
    at = HEADER_BYTES
    return record[:at] + bytes([record[at] ^ 1]) + record[at + 1 :]
