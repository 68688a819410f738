"""What is set for an engine is kept, and what cannot be read counts as not set."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.llm.options import Effort, EngineOptions, Parameters

OPTIONS = EngineOptions(
    parameters=Parameters(
        temperature=0.0,
        top_p=0.9,
        max_tokens=100,
        seed=0,
        stop=("END", "stop"),
        reasoning_effort=Effort.LOW,
    ),
    proxy="http://proxy:3128",
    ca_file="/etc/own.pem",
    context=4096,
    threads=2,
    gpu_layers=0,
    idle_minutes=5,
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=6,
)


def test_what_was_set_comes_back() -> None:
    assert EngineOptions.read(OPTIONS.to_text()) == OPTIONS


def test_nothing_set_is_nothing_kept_and_nothing_sent() -> None:
    assert EngineOptions().to_text() == ""
    assert EngineOptions.read("") == EngineOptions()
    assert Parameters().to_body() == {}


def test_a_zero_is_sent_as_a_zero() -> None:
    assert Parameters(temperature=0.0, seed=0).to_body() == {
        "temperature": 0.0,
        "seed": 0,
    }


@pytest.mark.parametrize("text", ["no JSON", "[]", "null", "[" * 100_000])
def test_what_is_no_options_is_none(text: str) -> None:
    assert EngineOptions.read(text) == EngineOptions()


def test_one_odd_value_costs_no_other() -> None:
    kept = json.loads(OPTIONS.to_text()) | {"threads": "many", "later": 1}
    kept["parameters"] |= {"temperature": 9, "reasoning_effort": "wild"}
    read = EngineOptions.read(json.dumps(kept))
    assert (read.threads, read.context) == (0, 4096)
    assert read.parameters.temperature is None
    assert read.parameters.reasoning_effort is Effort.UNSET
    assert read.parameters.seed == 0


@given(
    st.dictionaries(
        st.sampled_from(["parameters", "proxy", "headers", "context", "x"]), VALUES
    ),
    st.dictionaries(st.sampled_from(["temperature", "stop", "seed"]), VALUES),
)
def test_whatever_is_kept_can_be_read(
    whole: dict[str, object], inner: dict[str, object]
) -> None:
    read = EngineOptions.read(json.dumps({"parameters": inner} | whole))
    assert EngineOptions.read(read.to_text()) == read
