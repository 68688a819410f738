"""API keys as people paste them."""

import pytest

from backend.errors import InvalidInputError
from backend.llm.servers.api_key import clean_key


@pytest.mark.parametrize(
    "typed",
    [
        "sk-Ab_1",
        "  sk-Ab_1\n",
        "Bearer sk-Ab_1",
        "bearer  sk-Ab_1",
        "Authorization: Bearer sk-Ab_1",
        "x-api-key: sk-Ab_1",
        "OPENAI_API_KEY=sk-Ab_1",
        'export OPENAI_API_KEY="sk-Ab_1"',
        "\u201csk-Ab_1\u201d",
        "sk-\u200bAb_1\ufeff",
    ],
)
def test_what_was_copied_with_a_key_is_taken_away(typed: str) -> None:
    assert clean_key(typed) == "sk-Ab_1"


@pytest.mark.parametrize("key", ["", "a=b==", "key:1", "x.y/z+w~!#$%&()@[]{}|?<>^"])
def test_a_key_of_any_plain_signs_stays_as_it_is(key: str) -> None:
    assert clean_key(key) == key


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("sk-1…abcd", "hidden"),
        ("sk-****abcd", "hidden"),
        ("sk-...abcd", "hidden"),
        ("sk-••••abcd", "hidden"),
        ("clé", "“é”"),
        ("🔑", "“🔑”"),
        ("sk-a\nb", "a line break"),
        ("sk-a\x00b", "a line break"),
        ("sk-a b", "no spaces"),
        ("x" * 9000, "too long"),
    ],
)
def test_what_no_request_can_carry_is_no_key(typed: str, why: str) -> None:
    with pytest.raises(InvalidInputError, match=why):
        clean_key(typed)
