"""Extra headers are read as they are pasted, and what cannot be sent is said."""

from contextlib import nullcontext

import pytest

from backend.errors import InvalidInputError
from backend.llm.servers.extra_headers import (
    KEPT,
    MOST,
    headers_text,
    read_headers,
    refuse_clash,
    with_values,
)


def test_each_line_is_a_header() -> None:
    typed = "X-Team: research\n\n  X-Where :  a:b \r\nx_token:…\n"
    assert read_headers(typed) == {
        "X-Team": "research",
        "X-Where": "a:b",
        "x_token": KEPT,
    }
    assert read_headers(" \n") == {}


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("Host: other.example", "Host"),
        ("content-length: 5", "content-length"),
        ("Transfer-Encoding: chunked", "Transfer-Encoding"),
        ("Proxy-Authorization: Basic x", "Proxy-Authorization"),
        ("CONNECTION: close", "CONNECTION"),
        ("X-A: 1\nx-a: 2", "twice"),
        ("no colon", "is no header"),
        ("X-A:", "is no header"),
        (": b", "is no header"),
        ("X A: 1", "is no header"),
        ("X-Ä: 1", "is no header"),
        ("X-A: a\x00b", "X-A has signs"),
        ("X-A: a\x1bb", "X-A has signs"),
        ("X-A: naïve", "X-A has signs"),
        ("X-A: 🔑", "X-A has signs"),
        ("\n".join(f"X-{n}: 1" for n in range(MOST + 1)), f"{MOST} extra"),
        ("X-A: " + "a" * 9_000, "8,192 letters"),
    ],
)
def test_what_cannot_be_sent_is_said(typed: str, words: str) -> None:
    with pytest.raises(InvalidInputError, match=words) as refused:
        read_headers(typed)
    assert "a\x00b" not in str(refused.value), "a value may be a secret"


@pytest.mark.parametrize(
    ("host", "name", "clashes"),
    [
        ("127.0.0.1", "authorization", True),
        ("127.0.0.1", "api-key", False),
        ("mine.openai.azure.com", "Api-Key", True),
        ("mine.openai.azure.com", "Authorization", False),
        ("api.anthropic.com", "X-API-Key", True),
        ("api.anthropic.com", "anthropic-version", False),
    ],
)
def test_no_header_says_another_key(host: str, name: str, clashes: bool) -> None:
    refuse_clash({name: "x"}, host, "")
    refused = pytest.raises(InvalidInputError, match=f"sent as {name} already")
    with refused if clashes else nullcontext():
        refuse_clash({name: "x"}, host, "sk-1")


def test_values_come_from_the_keyring_by_name() -> None:
    kept = headers_text({"X-A": "one", "X-B": "two"})
    assert with_values({"x-a": "", "X-B": KEPT, "X-C": "new"}, kept) == {
        "x-a": "one",
        "X-B": "two",
        "X-C": "new",
    }
    for nothing in ("", "not json", "[1]"):
        assert with_values({"X-A": KEPT}, nothing) == {}
