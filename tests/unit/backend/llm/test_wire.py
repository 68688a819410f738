"""Events and errors as servers write them."""

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.errors import EngineFault
from backend.llm.engine import Delta
from backend.llm.model_list import read_model_list
from backend.llm.wire import (
    Chunk,
    EventReader,
    NotAnAnswerError,
    classify_failure,
    read_chunk,
)


@given(st.lists(st.text(), max_size=5), st.integers(1, 40), st.sampled_from("\n\r"))
def test_events_are_the_same_however_they_are_cut(
    texts: list[str], size: int, ending: str
) -> None:
    told = [json.dumps({"say": text}, ensure_ascii=False) for text in texts]
    break_ = "\r\n" if ending == "\r" else "\n"
    stream = "".join(f"data: {text}{break_}{break_}" for text in told)
    stream_bytes = stream.encode("utf-8", "replace")
    reader = EventReader(line_bytes=10_000)
    got = [
        data
        for start in range(0, len(stream_bytes), size)
        for data in reader.feed(stream_bytes[start : start + size])
    ]
    assert [json.loads(data) for data in got] == [
        json.loads(text.encode("utf-8", "replace")) for text in told
    ]


@pytest.mark.parametrize("stream", [b"<html>\n", b"data\n", b'{"a": 1}\n', b"x" * 101])
def test_what_is_no_event_stream_is_refused(stream: bytes) -> None:
    with pytest.raises(NotAnAnswerError):
        EventReader(line_bytes=100).feed(stream)


@given(st.text() | st.recursive(st.none(), st.lists).map(json.dumps))
def test_any_data_is_an_answer_or_refused(data: str) -> None:
    with suppress(NotAnAnswerError):
        assert isinstance(read_chunk(data), Chunk)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(
            st.sampled_from(["choices", "delta", "content", "error", "data", "id"]),
            inner,
            max_size=3,
        )
    ),
    max_leaves=8,
)


@given(_JSON)
def test_any_json_is_an_answer_or_refused(told: object) -> None:
    for read in (read_chunk, read_model_list):
        with suppress(NotAnAnswerError):
            read(json.dumps(told))


@pytest.mark.parametrize(
    ("told", "chunk"),
    [
        ({"choices": []}, Chunk()),
        ({"choices": [None]}, Chunk()),
        ({"choices": [{}]}, Chunk()),
        ({"choices": [{"delta": {"content": None}}]}, Chunk()),
        ({"choices": [{"delta": {"content": "a"}}]}, Chunk(Delta("a"))),
        ({"choices": [{"delta": {"reasoning": "a"}}]}, Chunk(Delta("", "a"))),
        ({"choices": [{"delta": {}, "finish_reason": "stop"}]}, Chunk(finish="stop")),
        ({"choices": [{"finish_reason": "length"}]}, Chunk(finish="length")),
        (
            {"error": "no memory"},
            Chunk(fault=EngineFault.SERVER_ERROR, detail="no memory"),
        ),
    ],
)
def test_an_event_is_read_leniently(told: object, chunk: Chunk) -> None:
    assert read_chunk(json.dumps(told)) == chunk


@pytest.mark.parametrize(
    ("status", "message", "fault"),
    [
        (400, "model is required", EngineFault.SERVER_ERROR),
        (
            400,
            "This model's maximum context length is 8192",
            EngineFault.CONTEXT_TOO_LONG,
        ),
        (404, "The model x does not exist", EngineFault.MODEL_MISSING),
        (404, "not here", EngineFault.GARBAGE),
        (408, "late", EngineFault.TIMEOUT),
        (504, "late", EngineFault.TIMEOUT),
        (503, "Loading model", EngineFault.SERVER_ERROR),
        (204, "", EngineFault.GARBAGE),
        (301, "", EngineFault.GARBAGE),
    ],
)
def test_a_status_and_its_words_are_a_fault(
    status: int, message: str, fault: EngineFault
) -> None:
    body = json.dumps({"error": {"message": message}})
    assert classify_failure(status, body) == (fault, message)
