"""Addresses as people write them."""

import pytest

from backend.errors import InvalidInputError
from backend.llm.address import clean_base_url


@pytest.mark.parametrize(
    ("typed", "used"),
    [
        ("http://127.0.0.1:11434", "http://127.0.0.1:11434/v1"),
        ("http://127.0.0.1:11434/", "http://127.0.0.1:11434/v1"),
        (" http://127.0.0.1:1234/v1/ ", "http://127.0.0.1:1234/v1"),
        ("localhost:8080", "http://localhost:8080/v1"),
        ("https://openrouter.ai/api", "https://openrouter.ai/api/v1"),
        ("https://a.example/v1/chat/completions", "https://a.example/v1"),
        ("https://a.example/v1beta/openai", "https://a.example/v1beta/openai"),
        ("http://[::1]:8080", "http://[::1]:8080/v1"),
    ],
)
def test_an_address_is_taken_with_or_without_its_version(typed: str, used: str) -> None:
    assert clean_base_url(typed) == used


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "http://",
        "file:///etc/passwd",
        "ftp://a.example",
        "http://user:pass@a.example",
        "http://a.example/?x=1",
        "http://a.example/#x",
        "http://a.example:99999",
        "http://a.example:0",
        "http://[::1",
    ],
)
def test_what_is_no_address_is_refused(typed: str) -> None:
    with pytest.raises(InvalidInputError):
        clean_base_url(typed)
