"""The contract between shell and sidecar, whatever pieces it arrives in."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.interface.protocol import (
    MAX_LINE_BYTES,
    Handshake,
    Hello,
    LineReader,
    ProtocolError,
    SidecarEnd,
    new_token,
    prove,
)

LINE = "hearth/1 listening on: 127.0.0.1:57220 pid: 4242\n"


def test_a_hello_survives_the_way_with_its_secrets() -> None:
    hello = Hello(
        token=new_token(),
        data_dir="/home/Zoë Ünal/a b",
        port=50_000,
        database_key="ключ\n\u2028",
        dev=True,
        safe_mode=True,
        command_key="0" * 32,
        is_metered=True,
        version="0.1.0",
    )
    line = hello.to_line()
    assert line.count("\n") == 1
    assert Hello.from_line(line) == hello


def test_a_hello_of_a_newer_shell_may_say_more() -> None:
    data = json.loads(Hello(token="t", data_dir="/d").to_line())
    assert Hello.from_line(json.dumps(data | {"later": 1})).token == "t"


@pytest.mark.parametrize(
    "line",
    [
        "",
        "hello",
        "[]",
        '"x"',
        "{}",
        "[" * 100_000,
        '{"protocol": 2, "token": "t", "data_dir": "/d"}',
        '{"protocol": 1, "data_dir": "/d"}',
        '{"protocol": 1, "token": "t"}',
        '{"protocol": 1, "token": "", "data_dir": "/d"}',
        '{"protocol": 1, "token": 5, "data_dir": "/d"}',
        '{"protocol": 1, "token": "t", "data_dir": "/d", "port": 65536}',
        '{"protocol": 1, "token": "t", "data_dir": "/d", "port": -1}',
        '{"protocol": 1, "token": "t", "data_dir": "/d", "port": true}',
        '{"protocol": 1, "token": "t", "data_dir": "/d", "port": "80"}',
    ],
)
def test_a_wrong_hello_is_refused(line: str) -> None:
    with pytest.raises(ProtocolError):
        Hello.from_line(line)


def test_a_handshake_is_read_as_it_is_written() -> None:
    handshake = Handshake(port=57_220, pid=4242)
    assert handshake.to_line() == LINE
    assert Handshake.from_line(LINE) == handshake
    assert Handshake.from_line(LINE.replace("\n", "\r\n")) == handshake


@pytest.mark.parametrize(
    "line",
    [
        "",
        "INFO something else",
        "hearth/2 listening on: 127.0.0.1:57220 pid: 4242",
        "hearth/1 listening on: 0.0.0.0:57220 pid: 4242",
        "hearth/1 listening on: localhost:57220 pid: 4242",
        "hearth/1 listening on: 127.0.0.1:0 pid: 4242",
        "hearth/1 listening on: 127.0.0.1:65536 pid: 4242",
        "hearth/1 listening on: 127.0.0.1:123456 pid: 4242",
        "hearth/1 listening on: 127.0.0.1:-1 pid: 4242",
        "hearth/1 listening on: 127.0.0.1:57220 pid: 0",
        "hearth/1 listening on: 127.0.0.1:57220 pid:",
        "hearth/1 listening on: 127.0.0.1:57220",
        " hearth/1 listening on: 127.0.0.1:57220 pid: 4242",
        "hearth/1 listening on: 127.0.0.1:57220 pid: 4242 x",
        "hearth/1 listening on: 127.0.0.1:57220 pid: 4242\nhearth",
    ],
)
def test_any_other_line_is_no_handshake(line: str) -> None:
    assert Handshake.from_line(line) is None


@pytest.mark.parametrize("code", [0, 2, -9])
def test_an_end_is_read_as_it_is_written(code: int) -> None:
    end = SidecarEnd(code=code)
    assert SidecarEnd.from_line(end.to_line()) == end
    assert Handshake.from_line(end.to_line()) is None
    assert SidecarEnd.from_line(f"INFO {end.to_line()}") is None


def test_a_handshake_split_at_any_byte_is_read() -> None:
    data = f"noise\n{LINE}more".encode()
    for cut in range(len(data) + 1):
        reader = LineReader()
        lines = reader.feed(data[:cut]) + reader.feed(data[cut:])
        assert lines == ["noise", LINE.rstrip("\n")]


def test_ten_megabytes_of_noise_are_dropped_in_little_memory() -> None:
    reader = LineReader()
    for _ in range(160):
        assert reader.feed(b"x" * 65_536) == []
        assert len(reader._rest) <= MAX_LINE_BYTES
    assert reader.feed(b"\n" + LINE.encode()) == [LINE.rstrip("\n")]


def test_bytes_that_are_no_utf8_do_not_stop_the_reader() -> None:
    assert LineReader().feed(b"\xff\xfe\n" + LINE.encode())[-1] == LINE.rstrip("\n")


@settings(max_examples=200)
@given(
    lines=st.lists(st.binary(max_size=40).filter(lambda b: b"\n" not in b)),
    cuts=st.lists(st.integers(min_value=0, max_value=2000)),
)
def test_lines_do_not_depend_on_how_they_arrive(
    lines: list[bytes], cuts: list[int]
) -> None:
    data = b"".join(line + b"\n" for line in lines)
    reader, read, start = LineReader(), list[str](), 0
    for cut in [*sorted(c for c in cuts if c <= len(data)), len(data)]:
        read += reader.feed(data[start:cut])
        start = cut
    assert read == [line.decode("utf-8", "replace") for line in lines]


def test_a_proof_depends_on_token_and_nonce() -> None:
    proofs = {prove(token, nonce) for token in ("a", "b") for nonce in ("1", "2")}
    assert len(proofs) == 4
    assert prove("a", "1") == prove("a", "1")
    assert len(new_token()) == 64
