"""An action refuses only what it would take and what is too long."""

import pytest

from backend.services.actions.actions import _longest


@pytest.mark.parametrize(
    ("prompt", "clipboard", "selection", "longest"),
    [
        ("Shorten", 5, 9, 5),
        ("{clipboard}", 5, 9, 5),
        ("{selection}", 5, 9, 9),
        ("{selection}", 5, 0, 5),
        ("{clipboard} {selection}", 9, 5, 9),
        ("{clipboard} {selection}", 5, 9, 9),
    ],
)
def test_only_what_a_prompt_takes_counts(
    prompt: str, clipboard: int, selection: int, longest: int
) -> None:
    assert _longest(prompt, "c" * clipboard, "s" * selection) == longest
