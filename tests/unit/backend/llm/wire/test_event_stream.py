"""Events are found in whatever pieces, line ends and forms they come."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.llm.wire.event_stream import EventReader, Form, ServerEvent, TooLongError

MAX = 1_000_000


def read(*pieces: bytes, line_bytes: int = MAX) -> list[ServerEvent]:
    reader = EventReader(line_bytes)
    events = [event for piece in pieces for event in reader.feed(piece)]
    return events + reader.end()


def data_of(*pieces: bytes) -> list[str]:
    return [event.data for event in read(*pieces)]


@given(
    st.lists(st.text(), max_size=5),
    st.integers(1, 40),
    st.sampled_from(["\n", "\r", "\r\n"]),
    st.booleans(),
)
def test_events_are_the_same_however_they_are_cut(
    texts: list[str], size: int, ending: str, has_mark: bool
) -> None:
    items = [json.dumps({"say": text}, ensure_ascii=False) for text in texts]
    stream = "".join(f"data: {text}{ending}{ending}" for text in items)
    whole = b"\xef\xbb\xbf" * has_mark + stream.encode("utf-8", "replace")
    pieces = [whole[start : start + size] for start in range(0, len(whole), size)]
    expected = [json.loads(text.encode("utf-8", "replace")) for text in items]
    assert [json.loads(data) for data in data_of(*pieces)] == expected
    assert [json.loads(data) for data in data_of(whole)] == expected


READ: dict[str, tuple[bytes, list[str]]] = {
    "no space": (b'data:{"a":1}\n\n', ['{"a":1}']),
    "no empty line between": (
        b'data: {"a":1}\ndata: {"b":2}\n',
        ['{"a":1}', '{"b":2}'],
    ),
    "no line end": (b'data: {"a":1}', ['{"a":1}']),
    "done without a line end": (b"data: [DONE]", ["[DONE]"]),
    "data in several lines": (
        b'data: {\ndata:   "a":\ndata: 1}\n\n',
        ['{\n  "a":\n1}'],
    ),
    "data in several lines with another line end": (
        b'data: {\r\ndata: "a":1}\r\n\r\n',
        ['{\n"a":1}'],
    ),
    "only JSON, with escapes": (
        rb'{"a":"\"}{\\"}',
        [r'{"a":"\"}{\\"}'],
    ),
    "lines that look like values": (
        b'data: {"a": [\ndata: {"b": 1},\ndata: {"c": 2}\ndata: ]}\n\n',
        ['{"a": [\n{"b": 1},\n{"c": 2}\n]}'],
    ),
    "comments": (b': ping\n\n:\n:data: x\ndata: {"a":1}\n\n', ['{"a":1}']),
    "comments inside data": (b'data: : PROCESSING\n\ndata: {"a":1}\n\n', ['{"a":1}']),
    "unknown fields": (
        b'id: 7\nretry: 10\nfoo: bar\nfoo\n{}x: y\ndata: {"a":1}\n\n',
        ["{}", '{"a":1}'],
    ),
    "other words": (b"data: ping\n\ndata: null\n\n", ["ping", "null"]),
    "no data at all": (b"data\n\ndata:\n\ndata: \n\n", []),
    "other line ends in JSON": (
        'data: {"a":"x\u2028y\x85z"}\n\n'.encode(),
        ['{"a":"x\u2028y\x85z"}'],
    ),
    "braces and quotes in words": (
        rb'data: {"a":"}{\"]\\"}' + b"\n\n",
        [r'{"a":"}{\"]\\"}'],
    ),
    "two values in one line": (b'data: {"a":1} {"b":2}\n\n', ['{"a":1}', '{"b":2}']),
    "a broken value": (
        b'data: {"a":\n\ndata: {"b":2}\n\n',
        ['{"a":', '{"b":2}'],
    ),
    "a broken value and no empty line": (
        b'data: {"a":\ndata: {"b":2}\n',
        ['{"a":', '{"b":2}'],
    ),
    "a line of plain JSON": (
        b'data: {"a":1}\n\n{"error":\n{"b":2}}\n\ndata: {"c":3}\n\n',
        ['{"a":1}', '{"error":\n{"b":2}}', '{"c":3}'],
    ),
    "a line that only begins like JSON": (
        b'{starting\ndata: {"a":1}\n\n',
        ["{starting", '{"a":1}'],
    ),
    "only JSON": (b'{"a":1}', ['{"a":1}']),
    "only JSON, pretty": (b'\n {\n "a":\n\n1}\n', ['{\n "a":\n\n1}']),
    "JSON by lines": (b'{"a":1}\n{"b":2}\n', ['{"a":1}', '{"b":2}']),
    "only JSON, a list": (b'[{"a":1}]', ['[{"a":1}]']),
    "only JSON, broken": (b'{"a":', ['{"a":']),
    "a web page": (b"\n<!doctype html><p>data: {}", []),
    "words": (b"Not Found", []),
    "nothing": (b"", []),
    "blanks": (b"\r\n \n", []),
}


@pytest.mark.parametrize(("stream", "data"), READ.values(), ids=READ)
def test_what_servers_send_is_read(stream: bytes, data: list[str]) -> None:
    assert data_of(stream) == data
    assert data_of(*(stream[at : at + 1] for at in range(len(stream)))) == data


def test_an_event_is_told_as_soon_as_it_is_whole() -> None:
    reader = EventReader(MAX)
    assert reader.feed(b'data: {"a":1}\n') == [ServerEvent('{"a":1}')]
    assert reader.feed(b'\ndata: {"b":') == []
    assert reader.feed(b"2}\r") == [ServerEvent('{"b":2}')]
    assert reader.feed(b"\n\r\n") == []


ERRORS: dict[str, tuple[bytes, ServerEvent]] = {
    "a field of its own": (
        b'error: {"message":"boom"}\n\n',
        ServerEvent('{"message":"boom"}', "error"),
    ),
    "an event": (
        b'event: error\ndata: {"message":"boom"}\n\n',
        ServerEvent('{"message":"boom"}', "error"),
    ),
    "an event of words": (
        b"event:error\ndata: boom\n\n",
        ServerEvent("boom", "error"),
    ),
    "an event named after its data": (
        b'data: {"message":"boom"}\nevent: error\n\n',
        ServerEvent('{"message":"boom"}', "error"),
    ),
}


@pytest.mark.parametrize(("stream", "event"), ERRORS.values(), ids=ERRORS)
def test_an_error_is_told_as_one(stream: bytes, event: ServerEvent) -> None:
    before = b'data: {"a":1}\n\n'
    events = read(before + stream)
    assert events[0] == ServerEvent('{"a":1}')
    assert events[-1] == event
    assert read(before + stream + before)[-1] == ServerEvent('{"a":1}')


@pytest.mark.parametrize(
    "stream",
    [
        b"data: " + b"x" * 200,
        b"x" * 200,
        b'data: {"a":\n' * 20,
        b'{"a":' * 40,
        b"data: {\n" + b"data: 1,\n" * 90,
    ],
    ids=["data", "no field", "many lines", "only JSON", "one value"],
)
def test_an_event_without_end_is_refused(stream: bytes) -> None:
    for size in (1, 7, len(stream)):
        pieces = [stream[at : at + size] for at in range(0, len(stream), size)]
        with pytest.raises(TooLongError):
            read(*pieces, line_bytes=100)


def test_what_came_before_an_event_without_end_is_told() -> None:
    reader = EventReader(100)
    assert reader.feed(b'data: {"a":1}\n' + b"x" * 200) == [ServerEvent('{"a":1}')]
    with pytest.raises(TooLongError):
        reader.feed(b"")


def test_one_line_may_be_16_megabytes() -> None:
    word = "x" * 15_000_000
    line = f'data: {{"a":"{word}"}}\n'.encode()
    pieces = [line[at : at + 65536] for at in range(0, len(line), 65536)]
    reader = EventReader(16 * 1024 * 1024)
    [event] = [event for piece in pieces for event in reader.feed(piece)]
    assert json.loads(event.data) == {"a": word}


@given(st.lists(st.binary(max_size=40), max_size=6), st.integers(1, 20))
def test_any_bytes_are_read_the_same_in_any_cut(pieces: list[bytes], size: int) -> None:
    whole = b"\n".join(pieces)
    cut = [whole[at : at + size] for at in range(0, len(whole), size)]
    assert read(whole) == read(*cut)


def test_the_form_is_told_by_the_first_sign() -> None:
    for start, form in {
        b"\xef\xbb\xbf": Form.UNKNOWN,
        b"\n": Form.UNKNOWN,
        b"\xef\xbb\xbf<": Form.PAGE,
        b" {": Form.JSON,
        b":": Form.EVENTS,
    }.items():
        reader = EventReader(MAX)
        for at in range(len(start)):
            reader.feed(start[at : at + 1])
        assert reader.form is form
