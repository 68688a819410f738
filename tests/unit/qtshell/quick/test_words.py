"""Which words of a question are looked up, and where Qt finds them."""

import pytest

from qtshell.quick.words import script_of, words_in


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Is this wrnog?", ["Is", "this", "wrnog"]),
        ("don't don\u2019t 'quoted'", ["don't", "don\u2019t", "quoted"]),
        ("well-knwon", ["well", "knwon"]),
        ("see https://exmaple.org/a or me@exmaple.org", ["see", "or"]),
        ("/usr/shrae file.txt C:\\Tmpp", []),
        ("call get_vlaue or getVlaue() in `coed`", ["call", "or", "in"]),
        ("NASA 12th x2", []),
        ("(Straße, größer)", ["Straße", "größer"]),
        ("привет мир", ["привет", "мир"]),
        ("", []),
    ],
)
def test_words_are_prose(text: str, words: list[str]) -> None:
    assert [word for _, _, word in words_in(text)] == words


def test_places_are_counted_as_qt_counts_them() -> None:
    assert list(words_in("😀 hi")) == [(3, 5, "hi")]
    assert list(words_in("é hi")) == [(0, 1, "é"), (2, 4, "hi")]


def test_the_letters_of_a_word_have_a_name() -> None:
    names = {"word": "LATIN", "слово": "CYRILLIC", "λόγος": "GREEK", "語": "CJK"}
    assert {word: script_of(word) for word in names} == names
