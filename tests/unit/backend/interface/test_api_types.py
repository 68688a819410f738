"""What the sidecar answers is read back as it was, and nothing else is."""

import json
from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Any, get_args, get_origin

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.interface import api_types
from backend.interface.api_types import AnswerNews, MessageMatches, decode, encode
from backend.interface.protocol import ProtocolError

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

KINDS = [
    kind
    for kind in vars(api_types).values()
    if isinstance(kind, type) and is_dataclass(kind)
]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)
PLAIN = {
    str: st.text(),
    int: st.integers(),
    bool: st.booleans(),
    float: st.floats(allow_nan=False),
}


def values(kind: Any) -> st.SearchStrategy[Any]:  # noqa: ANN401 any kind
    """Return any values of a kind."""
    if isinstance(kind, type) and is_dataclass(kind):
        inner = {field.name: values(field.type) for field in fields(kind)}
        return st.builds(kind, **inner)
    if get_origin(kind) is tuple:
        first, *rest = get_args(kind)
        if rest == [Ellipsis]:
            return st.lists(values(first), max_size=3).map(tuple)
        return st.tuples(values(first), *map(values, rest))
    return PLAIN[kind]


@given(st.sampled_from(KINDS).flatmap(values))
def test_every_value_comes_back(value: "DataclassInstance") -> None:
    assert decode(type(value), encode(value).encode()) == value


@given(st.sampled_from(KINDS), JSON)
def test_any_other_json_is_a_protocol_error(kind: type[object], data: object) -> None:
    try:
        value = decode(kind, json.dumps(data).encode())
    except ProtocolError:
        return
    assert isinstance(value, kind)


@given(st.sampled_from(KINDS), st.binary())
def test_bytes_are_never_another_error(kind: type[object], body: bytes) -> None:
    try:
        decode(kind, body)
    except ProtocolError:
        return


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        (AnswerNews, {"seq": True, "growing": 0, "ended": []}),
        (AnswerNews, {"seq": 1.0, "growing": 0, "ended": []}),
        (AnswerNews, {"seq": 1, "growing": 0}),
        (AnswerNews, {"seq": 1, "growing": 0, "ended": [{}]}),
        (MessageMatches, {"messages": [["a"]]}),
        (MessageMatches, {"messages": [["a", 1, 2]]}),
        (MessageMatches, {"messages": "ab"}),
        (MessageMatches, {"messages": {"a": 1}}),
    ],
)
def test_a_wrong_shape_is_refused(kind: type[object], data: object) -> None:
    with pytest.raises(ProtocolError):
        decode(kind, json.dumps(data).encode())


def test_a_newer_sidecar_may_say_more() -> None:
    data = {"seq": 1, "growing": 0, "ended": [], "added": {"later": 1}}
    news = AnswerNews(seq=1, growing=0, ended=())
    assert decode(AnswerNews, json.dumps(data).encode()) == news
