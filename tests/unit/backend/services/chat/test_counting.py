"""What a request takes is estimated from counts, and a cut nobody told is noticed."""

import pytest

from backend.llm.engine import Usage
from backend.services.chat.counting import counted_of, cut_sentence, was_cut
from backend.services.chat.prompts import Counted, PromptMessage, prompt_of

STORY = "Once upon a time there was a story. "


def said(*texts: str, tokens: int = 0, reads_from: str = "") -> list[PromptMessage]:
    """Return messages, an answer after each question; the last answer was counted."""
    known = [
        PromptMessage(f"m{number}", is_question=number % 2 == 0, text=text)
        for number, text in enumerate(texts)
    ]
    last = known[-1]
    known[-1] = PromptMessage(
        last.id, is_question=False, text=last.text, tokens=tokens, reads_from=reads_from
    )
    return known


@pytest.mark.parametrize(
    ("counted", "size", "tokens"),
    [
        (Counted(1_000, 4_000), 4_000, 1_000),
        (Counted(1_000, 4_000), 8_000, 2_000),
        (Counted(1_000, 2_000), 8_000, 4_000),  # a dense script
        (Counted(1_000, 4_000), 2_000, 500),  # something was deleted
        (Counted(30, 8), 4_008, 1_030),  # the template counts most
        (Counted(10, 8), 0, 8),
        (Counted(3, 4_000), 1, 1),
    ],
)
def test_more_text_takes_more_tokens_at_the_rate_of_what_was_counted(
    counted: Counted, size: int, tokens: int
) -> None:
    assert counted.tokens_of(size) == tokens


def test_what_was_counted_is_what_was_read_for_the_latest_answer() -> None:
    texts = ("one", "two", "three", "four")
    assert counted_of(said(*texts)) is None
    assert counted_of([]) is None
    assert counted_of(said(*texts, tokens=9)) == Counted(9, len("onetwothree"))
    from_third = said(*texts, tokens=9, reads_from="m2")
    assert counted_of(from_third, "Be brief") == Counted(9, len("threeBe brief"))
    question = PromptMessage("m4", is_question=True, text="five")
    assert counted_of([*from_third, question]) == Counted(9, 5)


@pytest.mark.parametrize(
    ("text", "counted", "read", "is_cut"),
    [
        (STORY * 1_000, None, 4_096, True),
        (STORY * 1_000, None, 9_000, False),
        (STORY * 400, None, 4_096, False),
        (STORY * 1_000, None, 0, False),  # it does not count
        ("漢字かな交じり文" * 2_000, None, 4_096, True),
        ("-" * 90_000, None, 4_096, False),  # one sign is few tokens
        ("Hi", None, 1, False),
        (STORY * 600, Counted(4_000, 18_000), 4_090, False),
        (STORY * 900, Counted(4_000, 16_000), 4_090, True),
        (STORY * 900, Counted(4_000, 16_000), 8_000, False),
        (STORY * 900, Counted(4_000, 16_000), 60, False),  # it counts what is new
        (STORY * 900, Counted(4_096, 32_000), 4_096, False),  # said already
    ],
)
def test_a_cut_that_nobody_told_is_noticed_and_nothing_else(
    text: str, counted: Counted | None, read: int, is_cut: bool
) -> None:
    asked = [PromptMessage("", is_question=True, text=text)]
    assert was_cut(prompt_of(asked, "", counted), Usage(read, 5)) is is_cut


def test_the_sentence_of_a_cut_says_how_much_and_what_helps() -> None:
    sentence = cut_sentence(Usage(4_096, 9), "Ollama")
    assert sentence.startswith("Ollama read only 4,096 tokens")
    assert "larger context" in sentence
