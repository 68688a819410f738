"""Text is cleaned, counted, changed and redacted without a model."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.interface.stored_values import ActionKind
from backend.services.actions.text_actions import (
    LOCAL,
    clean,
    count,
    redact,
    strip_formatting,
    title_case,
)


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("a  b  \r\nc\t\r\n", "a b\nc"),
        ("a\n\n\n\n\nb", "a\n\nb"),
        ("  indented   text", "  indented text"),
        ("soft\u00adhyphen zero\u200bwidth \ufeffmark", "softhyphen zerowidth mark"),
        ("wide\u00a0space", "wide space"),
        ("bell\x07 and e\u0301", "bell and \u00e9"),
        ("👩\u200d👩\u200d👧 می\u200cشود", "👩\u200d👩\u200d👧 می\u200cشود"),
        ("", ""),
    ],
)
def test_cleaning_takes_only_what_nobody_meant(text: str, cleaned: str) -> None:
    assert clean(text) == cleaned


@given(st.text())
def test_cleaning_twice_is_cleaning_once(text: str) -> None:
    assert clean(clean(text)) == clean(text)


def test_counting_knows_words_of_many_kinds() -> None:
    data = count("Don't stop at well-known 3.5!\n\n日本語です。")
    assert data.splitlines() == [
        "Words: 10",
        "Characters: 37",
        "Without spaces: 31",
        "Sentences: 2",
        "Paragraphs: 2",
        "Lines: 3",
    ]


def test_counting_nothing_gives_zeros() -> None:
    assert {line.split(": ")[1] for line in count("").splitlines()} == {"0"}


@pytest.mark.parametrize(
    ("text", "titled"),
    [
        ("don't stop o\u2019neil", "Don't Stop O\u2019neil"),
        ("the NASA launch", "The NASA Launch"),
        ("ALL IS LOUD", "All Is Loud"),
        ("état émile", "État Émile"),
        ("4th of july", "4th Of July"),
    ],
)
def test_a_title_has_capitals(text: str, titled: str) -> None:
    assert title_case(text) == titled


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("# Head\n\nHi **bold** `code`", "Head\n\nHi bold code"),
        ("- one\n- two\n  - in **it**\n- three", "- one\n- two\n  - in it\n- three"),
        ("3. a\n4. b", "3. a\n4. b"),
        ("> quote\n> goes on", "quote\ngoes on"),
        ("```py\nx = 1 ** 2\n  y\n```\nend", "x = 1 ** 2\n  y\n\nend"),
        ("| A | B |\n|---|---|\n| 1 | **2** |", "A\tB\n1\t2"),
        (
            "[site](https://a.example) <x@y.example>",
            "site (https://a.example) x@y.example",
        ),
        ("snake_case_name and a < b and c > d", "snake_case_name and a < b and c > d"),
        ("<p>Hi &amp; <b>you</b><br>two</p><script>x<y</script>!", "Hi & you\ntwo\n!"),
        ("~~gone~~ ![picture](a.png)", "gone picture"),
        ("plain\nlines\n\nstay", "plain\nlines\n\nstay"),
    ],
)
def test_stripping_leaves_plain_text(text: str, plain: str) -> None:
    assert strip_formatting(text) == plain


@pytest.mark.parametrize(
    ("text", "redacted"),
    [
        ("Write to jo.e+x@mail.example.org.", "Write to [e-mail]."),
        ("<jürgen@bücher.example>", "<[e-mail]>"),
        ("Call +49 (0)30 123-456 now", "Call [number] now"),
        ("(555) 010-9999", "[number]"),
        ("1'200.50 € on 2024-05-03", "[number] € on [number]"),
        ("DE89 3704 0044 0532 0130 00", "DE[number]"),
        ("\u0663\u0664 and \uff14\uff12", "[number] and [number]"),
        ("No digits @ all.", "No digits @ all."),
    ],
)
def test_redacting_marks_addresses_and_numbers(text: str, redacted: str) -> None:
    assert redact(text) == redacted


@given(st.text())
def test_no_digit_is_left_after_redacting(text: str) -> None:
    assert not any(char.isdecimal() for char in redact(text))


@given(st.sampled_from(sorted(LOCAL)), st.text())
def test_no_text_is_too_odd(kind: ActionKind, text: str) -> None:
    assert isinstance(LOCAL[kind](text), str)
