"""Lists of models as servers write them."""

import json

import pytest

from backend.llm.wire.answer_events import NotAnAnswerError
from backend.llm.wire.model_list import read_model_list

AB = [{"id": "a"}, {"id": "b"}]


@pytest.mark.parametrize(
    "payload",
    [
        {"object": "list", "data": AB},
        {"data": AB},
        {"models": AB},
        AB,
        ["a", "b"],
        {"data": ["a", "b"]},
        {"models": [{"name": "a"}, {"model": "b", "name": "B"}]},
        {"object": "list", "data": [*AB, *AB], "first_id": "a"},
    ],
    ids=json.dumps,
)
def test_every_shape_of_a_list_is_read(payload: object) -> None:
    assert read_model_list(json.dumps(payload)) == ["a", "b"]


@pytest.mark.parametrize(
    "bad",
    [
        None,
        3,
        [],
        {},
        {"id": None},
        {"id": ""},
        {"id": 4},
        {"id": ["x"]},
        "",
        {"id": "\ud83d"},
        {"id": "x\ny"},
        {"id": "x" * 301},
    ],
    ids=json.dumps,
)
def test_an_entry_that_is_no_model_does_not_spoil_the_others(bad: object) -> None:
    payload = {"object": "list", "data": [{"id": "a"}, bad, {"id": "b"}]}
    assert read_model_list(json.dumps(payload)) == ["a", "b"]


@pytest.mark.parametrize(
    "payload",
    [
        '{"object": "list", "data": null}',
        '{"object": "list", "data": []}',
        '{"data": []}',
    ],
)
def test_a_server_may_have_no_model(payload: str) -> None:
    assert read_model_list(payload) == []


@pytest.mark.parametrize(
    "payload",
    [
        "<html>",
        "",
        "null",
        "[]",
        '"a"',
        "{}",
        '{"data": {"id": "a"}}',
        '{"error": {"message": "no"}}',
        '{"error": "no", "data": [{"id": "a"}]}',
        '{"data": [1, 2]}',
        "[" * 100_000,
    ],
)
def test_something_else_is_no_list(payload: str) -> None:
    with pytest.raises(NotAnAnswerError):
        read_model_list(payload)


def test_what_the_server_says_does_not_chat_comes_last() -> None:
    payload = [
        {"id": "vectors", "type": "embedding"},
        {"id": "pictures", "type": "image"},
        {"id": "old", "capabilities": {"completion_chat": False}},
        {"id": "talks", "type": "chat"},
        {"id": "plain"},
    ]
    found = read_model_list(json.dumps(payload))
    assert found == ["talks", "plain", "vectors", "pictures", "old"]
