"""Lists of models as servers write them."""

import json

import pytest

from backend.llm.listed_model import ListedModel, ModelTask
from backend.llm.wire.answer_events import NotAnAnswerError
from backend.llm.wire.model_list import read_model_list

AB = [{"id": "a"}, {"id": "b"}]


def ids(body: str) -> list[str]:
    return [model.id for model in read_model_list(body)]


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
    assert ids(json.dumps(payload)) == ["a", "b"]


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
    assert ids(json.dumps(payload)) == ["a", "b"]


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
    assert ids(json.dumps(payload)) == ["talks", "plain", "vectors", "pictures", "old"]


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ({}, ListedModel(id="m")),
        ({"context_length": 8192}, ListedModel(id="m", context=8192)),
        ({"context_length": "8192"}, ListedModel(id="m")),
        ({"context_length": -1, "max_model_len": 64}, ListedModel(id="m", context=64)),
        (
            {"meta": {"n_ctx_train": 4096, "size": 7_000}},
            ListedModel(id="m", context=4096, bytes=7_000),
        ),
        ({"meta": None, "capabilities": 3}, ListedModel(id="m")),
        (
            {
                "architecture": {"input_modalities": ["text", "image"]},
                "supported_parameters": ["tools", "reasoning", 4, None],
            },
            ListedModel(id="m", sees=True, thinks=True),
        ),
        (
            {"type": "model", "capabilities": {"image_input": {"supported": True}}},
            ListedModel(id="m", sees=True),
        ),
        (
            {"capabilities": {"vision": True, "thinking": {"supported": True}}},
            ListedModel(id="m", sees=True, thinks=True),
        ),
        (
            {"capabilities": {"vision": False, "thinking": "x"}},
            ListedModel(id="m", sees=False),
        ),
        ({"input_modalities": ["text"]}, ListedModel(id="m", sees=False)),
        ({"type": "llm"}, ListedModel(id="m", task=ModelTask.CHAT, sees=False)),
        ({"type": "vlm"}, ListedModel(id="m", task=ModelTask.CHAT, sees=True)),
        ({"type": "embeddings"}, ListedModel(id="m", task=ModelTask.EMBEDDING)),
        ({"type": "moderation"}, ListedModel(id="m", task=ModelTask.OTHER)),
        (
            {"capabilities": ["embedding"]},
            ListedModel(id="m", task=ModelTask.EMBEDDING),
        ),
    ],
)
def test_what_a_server_says_of_a_model_is_read(
    entry: dict[str, object], expected: ListedModel
) -> None:
    assert read_model_list(json.dumps([{"id": "m", **entry}])) == [expected]
