"""Pieces of an answer can be joined, also when text turns out to be a thought."""

from hypothesis import given
from hypothesis import strategies as st

from backend.llm.engine import Arrived, Delta

_DELTAS = st.builds(
    Delta, st.text("ab", max_size=3), st.text("xy", max_size=2), st.integers(0, 4)
)


def applied(start: Delta, deltas: list[Delta]) -> Delta:
    for delta in deltas:
        start = start.then(delta)
    return start


def test_text_moves_to_the_thoughts_before_what_is_new() -> None:
    assert Delta("Hm. ", "So. ").then(Delta("Four", "Ah.", 4)) == Delta(
        "Four", "So. Hm. Ah."
    )
    assert Delta("ab").then(Delta("", "", 1)) == Delta("a", "b")
    assert Delta("a", moved=1).then(Delta("b", "", 3)) == Delta("b", "a", 3)


@given(_DELTAS, st.lists(_DELTAS, max_size=4), st.integers(0, 4))
def test_pieces_say_the_same_however_they_are_joined(
    first: Delta, later: list[Delta], at: int
) -> None:
    begun = Delta("z" * 40)
    together = begun.then(applied(Delta(), [first, *later]))
    joined = applied(begun, [applied(first, later[:at]), *later[at:]])
    assert joined.text == together.text
    assert sorted(joined.reasoning) == sorted(together.reasoning)


def test_what_arrived_is_counted() -> None:
    assert Arrived.NOTHING.plus(Delta(" ", " ")) is Arrived.NOTHING
    assert Arrived.NOTHING.plus(Delta("", "a")) is Arrived.THOUGHTS
    assert Arrived.TEXT.plus(Delta("", "a")) is Arrived.TEXT
    assert Arrived.TEXT.plus(Delta("", "", 3)) is Arrived.THOUGHTS
    assert Arrived.THOUGHTS.plus(Delta("a", "", 3)) is Arrived.TEXT
