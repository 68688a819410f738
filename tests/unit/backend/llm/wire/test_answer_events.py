"""One event of an answer, in all the shapes servers write it."""

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.errors import EngineFault
from backend.llm.engine import Delta
from backend.llm.wire.answer_events import Chunk, NotAnAnswerError, read_chunk


def choice(**fields: object) -> dict[str, object]:
    return {"choices": [fields]}


SAID: dict[str, tuple[object, Delta]] = {
    "content": (choice(delta={"content": "a"}), Delta("a")),
    "null": (choice(delta={"content": None}), Delta()),
    "parts": (
        choice(delta={"content": [{"type": "text", "text": "a"}, "b"]}),
        Delta("ab"),
    ),
    "one part": (choice(delta={"content": {"type": "text", "text": "a"}}), Delta("a")),
    "a value in a part": (
        choice(delta={"content": [{"type": "text", "text": {"value": "a"}}]}),
        Delta("a"),
    ),
    "a number": (choice(delta={"content": 42}), Delta("42")),
    "a zero": (choice(delta={"content": 0}), Delta("0")),
    "a fraction": (choice(message={"content": 4.5}), Delta("4.5")),
    "numbers in parts": (
        choice(delta={"content": [{"type": "text", "text": 4}, 2]}),
        Delta("42"),
    ),
    "a number as text": (choice(text=7), Delta("7")),
    "a number as a thought": (choice(delta={"reasoning_content": 7}), Delta("", "7")),
    "no words": (choice(delta={"content": True, "refusal": 0}), Delta()),
    "message": (choice(message={"content": "a"}), Delta("a")),
    "text": (choice(text="a"), Delta("a")),
    "text beside an empty delta": (choice(delta={}, text="a"), Delta("a")),
    "text in the delta": (choice(delta={"text": "a"}), Delta("a")),
    "a delta of words": (choice(delta="a"), Delta("a")),
    "choices that are none": ({"choices": {"delta": {"content": "a"}}}, Delta("a")),
    "no choices": ({"message": {"content": "a"}, "done": False}, Delta("a")),
    "an entry that is none": ({"choices": [None, choice()]}, Delta()),
    "the second choice first": (
        {
            "choices": [
                {"index": 1, "delta": {"content": "b"}},
                {"index": 0, "delta": {"content": "a"}},
            ]
        },
        Delta("a"),
    ),
    "refusal": (choice(delta={"refusal": "no"}), Delta("no")),
    "reasoning_content": (choice(delta={"reasoning_content": "a"}), Delta("", "a")),
    "reasoning": (choice(delta={"reasoning": "a"}), Delta("", "a")),
    "thinking": (choice(delta={"thinking": "a"}), Delta("", "a")),
    "reasoning_details": (
        choice(
            delta={
                "reasoning_details": [
                    {"type": "reasoning.text", "text": "a"},
                    {"type": "reasoning.summary", "summary": "b"},
                    {"type": "reasoning.encrypted", "data": "zzz"},
                ]
            }
        ),
        Delta("", "ab"),
    ),
    "the same thought twice": (
        choice(
            delta={
                "content": "",
                "reasoning": "a",
                "reasoning_content": "a",
                "reasoning_details": [{"type": "reasoning.text", "text": "a"}],
            }
        ),
        Delta("", "a"),
    ),
    "parts that are thoughts": (
        choice(
            delta={
                "content": [
                    {"type": "thinking", "thinking": [{"type": "text", "text": "a"}]},
                    {"type": "thinking", "thinking": "b"},
                    {"type": "text", "text": "c"},
                ]
            }
        ),
        Delta("c", "ab"),
    ),
    "a thought of Ollama": (
        {"message": {"content": "", "thinking": "a"}, "done": False},
        Delta("", "a"),
    ),
}


@pytest.mark.parametrize(("payload", "delta"), SAID.values(), ids=SAID)
def test_words_and_thoughts_are_found(payload: object, delta: Delta) -> None:
    chunk = read_chunk(json.dumps(payload))
    assert (chunk.delta, chunk.fault, chunk.is_piece) == (delta, None, True)


SKIPPED: dict[str, str] = {
    "empty": "{}",
    "null": "null",
    "a number": "7",
    "a word": "ping",
    "a word in quotes": '"ping"',
    "a list": "[1]",
    "an empty list": "[]",
    "a ping": '{"type": "ping"}',
    "usage": '{"usage": {"total_tokens": 9}}',
    "usage, no choices": '{"choices": [], "usage": {}}',
    "choices null": '{"choices": null}',
    "an error that is none": '{"error": null}',
    "an error of nothing": '{"error": {"message": null, "code": null}}',
    "a notice": '{"message": "Working on it"}',
}


@pytest.mark.parametrize("data", SKIPPED.values(), ids=SKIPPED)
def test_what_is_no_piece_is_skipped(data: str) -> None:
    chunk = read_chunk(data)
    assert (chunk.delta, chunk.fault, chunk.is_piece) == (Delta(), None, False)


ERRORS: dict[str, tuple[str, str, EngineFault, str]] = {
    "an object": ('{"error":{"message":"boom"}}', "", EngineFault.SERVER_ERROR, "boom"),
    "text": ('{"error":"boom"}', "", EngineFault.SERVER_ERROR, "boom"),
    "beside choices": (
        '{"error":{"message":"boom"},"choices":[{"delta":{"content":""}}]}',
        "",
        EngineFault.SERVER_ERROR,
        "boom",
    ),
    "in a choice": (
        '{"choices":[{"error":{"code":429,"message":"slow"}}]}',
        "",
        EngineFault.RATE_LIMITED,
        "slow",
    ),
    "Gemini": (
        '[{"error":{"code":503,"message":"overloaded"}}]',
        "",
        EngineFault.SERVER_ERROR,
        "overloaded",
    ),
    "vLLM": (
        '{"object":"error","message":"boom","code":400}',
        "",
        EngineFault.REJECTED,
        "boom",
    ),
    "FastAPI": ('{"detail":"boom"}', "", EngineFault.SERVER_ERROR, "boom"),
    "named": ('{"message":"boom"}', "error", EngineFault.SERVER_ERROR, "boom"),
    "named, of words": ("boom", "error", EngineFault.SERVER_ERROR, "boom"),
    "named, broken": ('{"message":"b', "error", EngineFault.SERVER_ERROR, ""),
    "with a status": (
        '{"status":500,"message":"boom"}',
        "",
        EngineFault.SERVER_ERROR,
        "boom",
    ),
    "too long": (
        '{"error":{"code":500,"message":"Context size has been exceeded."}}',
        "",
        EngineFault.CONTEXT_TOO_LONG,
        "Context size has been exceeded.",
    ),
}


@pytest.mark.parametrize(
    ("data", "name", "fault", "words"), ERRORS.values(), ids=ERRORS
)
def test_an_error_is_read_with_its_words(
    data: str, name: str, fault: EngineFault, words: str
) -> None:
    chunk = read_chunk(data, name)
    assert chunk.fault is fault
    assert words in chunk.detail


def test_words_that_come_with_an_error_are_kept() -> None:
    payload = {"error": "boom", **choice(delta={"content": "a"}, finish_reason="error")}
    chunk = read_chunk(json.dumps(payload))
    assert (chunk.delta, chunk.fault) == (Delta("a"), EngineFault.SERVER_ERROR)


ENDS: dict[str, tuple[object, str]] = {
    "stop": (choice(delta={}, finish_reason="stop"), "stop"),
    "without a delta": (choice(finish_reason="length"), "length"),
    "large letters": (choice(finish_reason="SAFETY"), "safety"),
    "none": (choice(finish_reason=None), ""),
    "none, in words": (choice(finish_reason="null"), ""),
    "another type": (choice(finish_reason=1), ""),
    "Ollama": ({"message": {}, "done": True, "done_reason": "length"}, "length"),
    "Ollama, older": ({"message": {}, "done": True}, "stop"),
}


@pytest.mark.parametrize(("payload", "finish"), ENDS.values(), ids=ENDS)
def test_why_an_answer_ends_is_read(payload: object, finish: str) -> None:
    assert read_chunk(json.dumps(payload)).finish == finish


def test_done_refusals_and_tools_are_told() -> None:
    assert read_chunk("[DONE]") == Chunk(is_done=True)
    assert read_chunk(json.dumps(choice(delta={"refusal": "no"}))).is_refusal
    for field in ("tool_calls", "function_call"):
        assert read_chunk(json.dumps(choice(delta={field: [{"a": 1}]}))).calls_tool
        assert not read_chunk(json.dumps(choice(delta={field: []}))).calls_tool


@pytest.mark.parametrize("data", ["{nope", '{"choices": [', '{"a":' * 90_000])
def test_a_broken_piece_is_told(data: str) -> None:
    with pytest.raises(NotAnAnswerError):
        read_chunk(data)


def test_deep_parts_are_no_trouble() -> None:
    deep = "[" * 300 + '"a"' + "]" * 300
    assert read_chunk(f'{{"choices":[{{"delta":{{"content":{deep}}}}}]}}').is_piece


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(
            st.sampled_from(
                ["choices", "delta", "message", "content", "text", "error", "index",
                 "reasoning", "thinking", "type", "finish_reason", "code", "refusal"]
            ),
            inner,
            max_size=3,
        )
    ),
    max_leaves=10,
)  # fmt: skip


@given(_JSON, st.sampled_from(["", "error", "message"]))
def test_any_json_is_a_chunk(payload: object, name: str) -> None:
    assert isinstance(read_chunk(json.dumps(payload), name), Chunk)


@given(st.text())
def test_any_text_is_a_chunk_or_broken(data: str) -> None:
    with suppress(NotAnAnswerError):
        assert isinstance(read_chunk(data), Chunk)
