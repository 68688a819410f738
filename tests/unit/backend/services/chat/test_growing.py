"""What arrives is text that can be stored, rendered and sent, however it was cut."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.llm.engine import Delta, Wait
from backend.services.chat.growing import Growing

ANY = st.text(st.characters(exclude_categories=()), max_size=8)


def halves(text: str) -> list[str]:
    """Return a text as a server in JavaScript cuts it: by UTF-16 units."""
    units = text.encode("utf-16-le", "surrogatepass")
    cut = [units[i : i + 2] for i in range(0, len(units), 2)]
    return [unit.decode("utf-16-le", "surrogatepass") for unit in cut]


@given(st.text(max_size=20))
def test_halves_of_a_character_are_joined(text: str) -> None:
    growing = Growing("m", "c")
    for half in halves(text):
        growing.add(Delta(half, half))
    growing.end()
    assert growing.text == growing.reasoning == text.replace("\0", "\ufffd")


@given(st.lists(st.tuples(ANY, ANY), max_size=8))
def test_whatever_arrives_can_be_stored_at_any_moment(
    pieces: list[tuple[str, str]],
) -> None:
    growing, stored = Growing("m", "c", "before "), "before "
    for text, reasoning in pieces:
        growing.add(Delta(text, reasoning))
        json.dumps(growing.text, ensure_ascii=False).encode()
        growing.reasoning.encode()
        stored += growing.unsaved.text
        growing.unsaved = Delta()
    growing.end()
    assert stored + growing.unsaved.text == growing.text


@pytest.mark.parametrize(
    ("pieces", "text"),
    [
        (["\ud83d", "\udc4b"], "👋"),
        (["a\ud83d", "", "\udc4bb"], "a👋b"),
        (["\ud83d"], "\ufffd"),
        (["\udc4b", "\ud83d"], "\ufffd\ufffd"),
        (["\ud83d", "x"], "\ufffdx"),
        (["\ud83d", "\ud83d", "\udc4b"], "\ufffd👋"),
    ],
)
def test_a_half_that_stays_alone_is_replaced(pieces: list[str], text: str) -> None:
    growing = Growing("m", "c")
    for piece in pieces:
        growing.add(Delta(piece))
    growing.end()
    assert growing.text == text


def test_text_that_was_a_thought_goes_to_the_thoughts() -> None:
    growing = Growing("m", "c", "Before. ", "Well. ")
    growing.add(Delta("Hm. "))
    growing.unsaved = Delta()
    growing.add(Delta("So. "))
    growing.add(Delta("Four", "Ah.", 8))
    assert (growing.text, growing.reasoning) == ("Before. Four", "Well. Hm. So. Ah.")
    assert growing.corrections == [len("Before. ")]
    assert growing.unsaved == Delta("Four", "So. Ah.", 4)


def test_what_an_answer_waits_for_is_shown_until_its_words() -> None:
    answer = Growing("m", "c")
    for delta, wait in (
        (Delta(wait=Wait.LOADING), Wait.LOADING),
        (Delta("Hi"), Wait.NOTHING),
        (Delta(wait=Wait.LOADING), Wait.NOTHING),
    ):
        answer.is_shown = True
        answer.add(delta)
        assert answer.waiting.wait is wait
    assert answer.is_shown, "nothing is new in what comes after words"
