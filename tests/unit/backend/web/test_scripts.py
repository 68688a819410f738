"""What a letter's writing asks of the text around it."""
# ruff: noqa: RUF001 letters that look like others are what this is about

import pytest

from backend.web.scripts import direction_of, is_cjk


@pytest.mark.parametrize("letter", "重の「。ー한ﾊ（，𠀀\u1100\ua960\U000e0101")
def test_these_are_cjk(letter: str) -> None:
    assert is_cjk(letter)


@pytest.mark.parametrize("letter", "aé1.“я ا😀⌚☑ไ")
def test_these_are_not(letter: str) -> None:
    assert not is_cjk(letter)


@pytest.mark.parametrize(
    ("text", "direction"),
    [
        ("", ""),
        ("1, 2!", ""),
        ("a", "ltr"),
        ("重", "ltr"),
        ("1. مرحبا", "rtl"),
        ("שלום", "rtl"),
        ("API واجهة برمجة", "rtl"),
        ("مرحبا said Alice, and went on", "rtl"),
        ("The word مرحبا", "ltr"),
    ],
)
def test_words_have_a_direction(text: str, direction: str) -> None:
    assert direction_of(text) == direction
