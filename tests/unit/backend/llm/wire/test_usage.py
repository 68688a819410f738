"""What a server tells of its work is read, whatever else it says."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.llm.engine import Delta, Usage, Wait
from backend.llm.wire.answer_reader import AnswerReader
from backend.llm.wire.usage import read_progress, read_usage
from tests.helpers.model_server import event

ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(
            st.sampled_from(["total", "cache", "processed", "prompt_tokens"]), inner
        )
    ),
)


def read(*events: object) -> list[Delta]:
    reader = AnswerReader(10_000)
    body = [f"data: {json.dumps(data)}\n\n".encode() for data in events]
    ending = event({"content": "Hi"}, "stop")
    return [*reader.feed(b"".join([*body, ending])), *reader.end()]


def progress(processed: int, total: int = 30, cache: int = 10) -> dict[str, object]:
    """Return an event as llama.cpp tells how far it has read."""
    reading = {"total": total, "cache": cache, "processed": processed, "time_ms": 3}
    choice = {"index": 0, "delta": {"role": "assistant", "content": None}}
    return {"choices": [choice], "prompt_progress": reading}


def test_how_far_a_question_is_read_comes_before_its_answer() -> None:
    deltas = read(progress(10), progress(25))
    assert [(d.wait, d.read, d.text) for d in deltas] == [
        (Wait.READING, 0, ""),
        (Wait.READING, 0.75, ""),
        (None, None, "Hi"),
    ]
    # All of it was read before: nothing is left to be told.
    assert [d.text for d in read(progress(30, cache=30))] == ["Hi"]


@pytest.mark.parametrize(
    ("data", "usage"),
    [
        ({"usage": {"prompt_tokens": 9, "completion_tokens": 3}}, Usage(9, 3)),
        ({"usage": {"input_tokens": 9, "output_tokens": 3}}, Usage(9, 3)),
        ({"prompt_eval_count": 9, "eval_count": 3, "done": True}, Usage(9, 3)),
        ({"usage": {"prompt_tokens": 9, "total_tokens": 9}}, Usage(9, 0)),
        ({"usage": {"prompt_tokens": "9", "completion_tokens": -3}}, None),
        ({"usage": None}, None),
    ],
)
def test_tokens_are_read_by_every_name(
    data: dict[str, object], usage: Usage | None
) -> None:
    assert read_usage(data) == usage
    found = [d.usage for d in read({**data, "choices": []}) if d.usage]
    assert found == ([usage] if usage else [])


@given(ANY)
def test_nothing_a_server_tells_of_its_work_breaks_an_answer(data: object) -> None:
    share = read_progress({"prompt_progress": data})
    assert share is None or 0 <= share <= 1
    read_usage({"usage": data, "eval_count": data})
