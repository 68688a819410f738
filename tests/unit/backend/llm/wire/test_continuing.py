"""An answer that goes on never shows its start twice and never loses text."""

from hypothesis import given
from hypothesis import strategies as st

from backend.llm.engine import Delta
from backend.llm.wire.continuing import RepeatFilter

_TEXT = st.text("ab", min_size=1, max_size=8)


def through_filter(so_far: str, pieces: list[str]) -> str:
    repeats = RepeatFilter(so_far)
    return "".join(repeats.feed(Delta(p)).text for p in pieces) + repeats.flush()


@given(_TEXT, st.lists(_TEXT, max_size=4))
def test_text_is_kept_or_a_whole_repeat_is_dropped(
    so_far: str, pieces: list[str]
) -> None:
    said = "".join(pieces)
    assert through_filter(so_far, pieces) == said.removeprefix(so_far)


def test_reasoning_passes_while_text_is_held_back() -> None:
    repeats = RepeatFilter("The cat")
    assert repeats.feed(Delta("The", "Hm")) == Delta("", "Hm")


def test_text_that_was_a_thought_is_no_repeat() -> None:
    repeats = RepeatFilter("The cat")
    assert repeats.feed(Delta("The")) == Delta()
    assert repeats.feed(Delta("", "!", 3)) == Delta("", "The!")
    assert repeats.feed(Delta("The cat sat")) == Delta(" sat")


def test_text_that_was_given_and_is_a_thought_is_moved_back() -> None:
    repeats = RepeatFilter("The cat")
    assert repeats.feed(Delta("So ")) == Delta("So ")
    assert repeats.feed(Delta("The cat sat", "hm", 3)) == Delta(" sat", "hm", 3)


def test_a_repeat_that_was_dropped_is_moved_nowhere() -> None:
    repeats = RepeatFilter("The cat")
    assert repeats.feed(Delta("The cat sat")) == Delta(" sat")
    assert repeats.feed(Delta("", "", 11)) == Delta("", "", 4)
