"""How much a model reads is found in what every kind of server says."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.llm.providers import context_known
from backend.llm.wire.contexts import context_in, context_set, listed_entry
from backend.llm.wire.model_list import read_model_list

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["id", "data", "models", "meta", "n_ctx"]), inner
        )
    ),
)


@pytest.mark.parametrize(
    ("entry", "context"),
    [
        ({"max_model_len": 32768}, 32768),  # vLLM
        ({"meta": {"n_ctx": 8192, "n_ctx_train": 131072}}, 8192),  # llama.cpp
        ({"context_length": 8192, "top_provider": {"context_length": 4096}}, 8192),
        ({"top_provider": {"context_length": 4096}}, 4096),  # OpenRouter
        ({"loaded_context_length": 4096, "max_context_length": 131072}, 4096),
        ({"max_context_length": 131072}, 131072),  # LM Studio, Mistral
        ({"context_window": 131072}, 131072),  # Groq
        ({"limits": {"max_input_tokens": 8000}}, 8000),  # GitHub Models
        ({"meta": {"n_ctx_train": 4096}}, 4096),  # llama.cpp, nothing loaded
        ({"max_context_length": 4096, "max_model_len": 2048}, 2048),
        ({"max_input_tokens": 200000}, 200000),  # Anthropic
        ({"context_length": "8192", "n_ctx": True}, None),
        ({"context_length": 0, "n_ctx": -1}, None),
        ({}, None),
    ],
)
def test_a_context_has_many_names(
    entry: dict[str, object], context: int | None
) -> None:
    body = json.dumps({"data": [{"id": "other", "n_ctx": 99}, {"id": "m", **entry}]})
    assert context_in(listed_entry(body, "m")) == context
    listed = {model.id: model.context for model in read_model_list(body)}
    assert listed["m"] == (context or 0), "a list says the same"


@pytest.mark.parametrize(
    ("body", "context"),
    [
        ({"parameters": 'stop "<|end|>"\nnum_ctx                        16384'}, 16384),
        ({"parameters": "temperature 1"}, None),
        ({"parameters": ["num_ctx 9"]}, None),
        ([], None),
    ],
)
def test_a_model_of_ollama_may_have_its_own(body: object, context: int | None) -> None:
    assert context_set(json.dumps(body)) == context


@given(JSON)
def test_nothing_a_server_lists_breaks_the_reading(data: object) -> None:
    body = json.dumps(data)
    context = context_in(listed_entry(body, "m"))
    assert context is None or context > 0
    assert context_set(body) is None


def test_a_well_known_model_is_in_the_table() -> None:
    openai = "https://api.openai.com/v1"
    assert context_known(openai, "gpt-4o-mini") == 128_000
    assert context_known(openai, "gpt-4.1-nano") == 1_047_576
    assert context_known(openai, "gpt-5-chat-latest") == 128_000
    assert context_known(openai, "gpt-4") == 8_192
    for unknown in ("whatever", "gpt-4.5-preview", "gpt-9", "o30", "gpt-4oo"):
        assert context_known(openai, unknown) is None
    assert context_known("http://127.0.0.1:11434/v1", "gpt-4o") is None
