"""Titles say what a conversation is about."""

import pytest

from backend.services.chat.titles import MAX_TITLE_CHARS, title_from, title_in


@pytest.mark.parametrize(
    ("question", "answer", "title"),
    [
        pytest.param("Why is the sky blue?", "", "Why is the sky blue?", id="question"),
        pytest.param("Explain it. Then more.", "", "Explain it", id="first sentence"),
        pytest.param(
            "hi", "Hello! How can I help?", "Hello!", id="small talk takes the answer"
        ),
        pytest.param("hi", "", "hi", id="small talk alone"),
        pytest.param(
            "ok", "```py\nx = 1\n```", "x = 1", id="an answer that begins with code"
        ),
        pytest.param(
            "# **Plan** for [Oslo](http://x)", "", "Plan for Oslo", id="markup goes"
        ),
        pytest.param("\n\n  second line counts", "", "second line counts", id="blank"),
        pytest.param("???", "!!!", "", id="nothing to say"),
        pytest.param(
            "你好。世界怎么样今天非常好啊", "", "你好。世界怎么样今天非常好啊", id="cjk"
        ),
    ],
)
def test_a_title_is_made_from_the_first_exchange(
    question: str, answer: str, title: str
) -> None:
    assert title_from(question, answer) == title


def test_a_long_title_is_cut_at_a_word() -> None:
    title = title_from("word " * 100)
    assert len(title) <= MAX_TITLE_CHARS + 1
    assert title.endswith("word…")


def test_a_word_without_end_is_cut_anywhere() -> None:
    assert title_from("x" * 500) == "x" * MAX_TITLE_CHARS + "…"


@pytest.mark.parametrize(
    ("answer", "title"),
    [
        ("Bread for Soup", "Bread for Soup"),
        ("\n\n# “Bread for Soup”.\n\nI hope it fits.", "Bread for Soup"),
        ("Title: **Bread for Soup**", "Bread for Soup"),
        ("Sure! Here is a title:\nBread for Soup", "Bread for Soup"),
        ("«Du pain pour la soupe»", "Du pain pour la soupe"),
        ("スープに合うパン", "スープに合うパン"),
        ("...", ""),
        ("", ""),
        ("Rye goes well with soup because " * 5, ""),
    ],
)
def test_what_a_model_writes_is_a_title_or_nothing(answer: str, title: str) -> None:
    assert title_in(answer) == title
