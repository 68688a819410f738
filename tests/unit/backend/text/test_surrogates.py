"""Halves of characters are joined, and one that stays alone is replaced."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.text.surrogates import HalfJoiner, join_halves

ANY = st.text(st.characters(exclude_categories=()))


@pytest.mark.parametrize(
    ("pieces", "whole"),
    [
        (("a\ud83d", "\udc4bb"), ["a", "👋b", ""]),
        (("a\ud83d", "", "\udc4bb"), ["a", "", "👋b", ""]),
        (("\ud83d",), ["", "\ufffd"]),
        (("\udc4b", "\ud83d"), ["\ufffd", "", "\ufffd"]),
        # A line end after a half is no reason to wait: it stays alone for certain.
        (("\ud83d\n",), ["\ufffd\n", ""]),
    ],
)
def test_what_is_whole_is_given_at_once(
    pieces: tuple[str, ...], whole: list[str]
) -> None:
    joiner = HalfJoiner()
    assert [*map(joiner.add, pieces), joiner.end()] == whole


@given(ANY, st.integers(0, 20))
def test_where_a_text_is_cut_makes_no_difference(text: str, at: int) -> None:
    joiner = HalfJoiner()
    joined = joiner.add(text[:at]) + joiner.add(text[at:]) + joiner.end()
    assert joined == join_halves(text)
    assert len(joined.encode()) >= len(joined)


@given(st.text())
def test_a_whole_text_stays_as_it_is(text: str) -> None:
    assert join_halves(text) == text
