"""What servers say when something failed is understood in every shape."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.errors import EngineFault
from backend.llm.wire.failures import classify_failure, error_words

SHAPES: dict[str, tuple[object, str]] = {
    "OpenAI": ({"error": {"message": "boom", "type": "server_error"}}, "boom"),
    "text": ({"error": "boom"}, "boom"),
    "a list": ([{"error": {"code": 400, "message": "boom"}}], "boom"),
    "vLLM": ({"object": "error", "message": "boom", "code": 400}, "boom"),
    "FastAPI": ({"detail": "boom"}, "boom"),
    "FastAPI, validation": (
        {"detail": [{"loc": ["body"], "msg": "boom", "input": "what I asked"}]},
        "boom",
    ),
    "FastAPI, a field": (
        {"detail": [{"loc": ["body", "seed"], "msg": "boom", "input": 3}]},
        "seed: boom",
    ),
    "several": ({"errors": [{"message": "boom"}, {"message": "bang"}]}, "boom; bang"),
    "Anthropic": ({"type": "error", "error": {"message": "boom"}}, "boom"),
    "plain": ({"message": "boom"}, "boom"),
    "OAuth": ({"error_description": "boom"}, "boom"),
    "passed on": (
        {
            "error": {
                "message": "Provider returned error",
                "metadata": {"raw": '{"error":{"message":"boom"}}'},
            }
        },
        "Provider returned error: boom",
    ),
    "only a code": ({"error": {"code": "no_luck"}}, "no_luck"),
    "words alone": ("boom", "boom"),
    "nothing": ({"error": {}}, ""),
    "nulls": ({"error": {"message": None, "code": None}}, ""),
}


@pytest.mark.parametrize(("payload", "words"), SHAPES.values(), ids=SHAPES)
def test_the_words_of_a_server_are_found(payload: object, words: str) -> None:
    assert error_words(payload) == words
    assert classify_failure(418, json.dumps(payload)) == (EngineFault.REJECTED, words)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("Client sent an HTTP request to an HTTPS server.\n",) * 2,
        ("<html><head><title>502 Bad Gateway</title></head>", "502 Bad Gateway"),
        ("<!DOCTYPE html>\n<title>A &amp; B</title>", "A & B"),
        ("<p>Hello</p>", ""),
        ("", ""),
    ],
    ids=["text", "nginx", "entities", "no title", "empty"],
)
def test_a_body_that_is_no_json_speaks_too(body: str, words: str) -> None:
    assert classify_failure(502, body) == (EngineFault.SERVER_ERROR, words.strip())


TOO_LONG: dict[str, tuple[int, str]] = {
    "llama.cpp": (400, "the request exceeds the available context size"),
    "llama.cpp, in the stream": (500, "Context size has been exceeded."),
    "OpenAI": (400, "This model's maximum context length is 8192 tokens."),
    "Ollama": (400, "input length exceeds maximum context length"),
    "Ollama, another": (500, "prompt too long; exceeded max context length by 17"),
    "LM Studio": (400, "Input does not fit in context length"),
    "LM Studio, keeping": (
        400,
        "Trying to keep the first 5000 tokens when context the overflows. However, the "
        "model is loaded with context length of only 4096 tokens",
    ),
    "LM Studio, keep": (
        400,
        "The number of tokens to keep from the initial prompt is greater than the "
        "context length",
    ),
    "Anthropic": (400, "prompt is too long: 210000 tokens > 200000 maximum"),
    "Gemini": (
        400,
        "The input token count (1200000) exceeds the maximum number of tokens allowed",
    ),
    "Groq": (400, "Please reduce the length of the messages or completion."),
    "TGI": (422, "`inputs` must have less than 1024 tokens. Given: 2000"),
    "Together": (422, "Input validation error: `inputs` tokens + `max_new_tokens` …"),
    "vLLM": (400, "The prompt (9000 tokens) exceeds the max model len of 8192"),
    "a proxy": (413, "Request Entity Too Large"),
    "without a word": (413, ""),
}


@pytest.mark.parametrize(("status", "message"), TOO_LONG.values(), ids=TOO_LONG)
def test_too_long_is_recognised(status: int, message: str) -> None:
    body = json.dumps({"error": {"message": message}})
    assert classify_failure(status, body)[0] is EngineFault.CONTEXT_TOO_LONG


@pytest.mark.parametrize(
    ("status", "payload", "fault"),
    [
        (400, {"error": "model is required"}, EngineFault.REJECTED),
        (422, {"detail": "no"}, EngineFault.REJECTED),
        (404, {"error": "The model x does not exist"}, EngineFault.MODEL_MISSING),
        (400, {"error": "Model x not found"}, EngineFault.MODEL_MISSING),
        (404, {"error": "not here"}, EngineFault.GARBAGE),
        (401, {"error": "no"}, EngineFault.UNAUTHORISED),
        (403, {"error": "Invalid API key"}, EngineFault.UNAUTHORISED),
        (400, {"error": "API key not valid."}, EngineFault.UNAUTHORISED),
        (
            403,
            {
                "error": {
                    "code": "unsupported_country_region_territory",
                    "message": "no",
                }
            },
            EngineFault.FORBIDDEN,
        ),
        (402, {"error": "pay"}, EngineFault.NO_CREDIT),
        (
            429,
            {"error": {"code": "insufficient_quota", "message": "You exceeded it"}},
            EngineFault.NO_CREDIT,
        ),
        (
            429,
            {"error": "Rate limit reached: input tokens exceed those of a minute"},
            EngineFault.RATE_LIMITED,
        ),
        (429, {"error": "slow"}, EngineFault.RATE_LIMITED),
        (408, {"error": "late"}, EngineFault.TIMEOUT),
        (504, {"error": "late"}, EngineFault.TIMEOUT),
        (503, {"error": {"message": "Loading model"}}, EngineFault.LOADING),
        (503, {"error": "Model x is currently loading"}, EngineFault.LOADING),
        (503, {"error": "overloaded"}, EngineFault.SERVER_ERROR),
        (500, {"error": "CUDA"}, EngineFault.SERVER_ERROR),
        (204, {}, EngineFault.GARBAGE),
        (301, {}, EngineFault.GARBAGE),
    ],
)
def test_a_status_and_its_words_are_a_fault(
    status: int, payload: object, fault: EngineFault
) -> None:
    assert classify_failure(status, json.dumps(payload))[0] is fault


def test_what_a_server_repeats_of_the_question_is_not_its_word() -> None:
    payload = {"detail": [{"msg": "Field required", "input": "maximum context length"}]}
    assert classify_failure(422, json.dumps(payload)) == (
        EngineFault.REJECTED,
        "Field required",
    )


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(
            st.sampled_from(
                ["error", "message", "detail", "code", "type", "metadata", "raw", "x"]
            ),
            inner,
            max_size=3,
        )
    ),
    max_leaves=10,
)


@given(_JSON, st.integers(100, 999))
def test_any_body_is_a_fault_with_words(payload: object, status: int) -> None:
    fault, words = classify_failure(status, json.dumps(payload))
    assert isinstance(fault, EngineFault)
    assert isinstance(words, str)


@pytest.mark.parametrize("sign", ["[", '{"error":'])
def test_deep_json_is_no_trouble(sign: str) -> None:
    for depth in (500, 100_000):
        assert classify_failure(500, sign * depth)[0] is EngineFault.SERVER_ERROR
    nested = '{"error":' * 300 + '"boom"' + "}" * 300
    assert classify_failure(500, nested) == (EngineFault.SERVER_ERROR, "")
