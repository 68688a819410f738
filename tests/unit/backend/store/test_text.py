"""Text is cleaned of what cannot be stored, and of nothing else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.store.text import clean_text


@pytest.mark.parametrize(
    ("given", "clean"),
    [
        ("", ""),
        ("Grüße 🔥", "Grüße 🔥"),
        ("a\0b", "a\ufffdb"),
        ("half \ud83d", "half \ufffd"),
        ("whole \ud83d\udd25", "whole 🔥"),
        ("turned \udd25\ud83d", "turned \ufffd\ufffd"),
    ],
    ids=ascii,
)
def test_text_is_cleaned(given: str, clean: str) -> None:
    assert clean_text(given) == clean


@given(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])))
def test_good_text_stays(text: str) -> None:
    assert clean_text(text) == text


@given(st.text(st.characters(exclude_categories=[])))
def test_any_text_becomes_storable(text: str) -> None:
    clean = clean_text(text)
    assert "\0" not in clean
    assert clean.encode().decode() == clean
