"""A few words of Markdown are shown without its signs, and none of them is lost."""

import pytest

from backend.web.markdown.plain_text import plain_part, plain_text


@pytest.mark.parametrize(
    ("markdown", "plain"),
    [
        ("nothing of it", "nothing of it"),
        ("say **one** and *two*", "say one and two"),
        ("- Milk\n- Bread *note*", "Milk\nBread note"),
        ("1. First\n2. Second", "First\nSecond"),
        ("# Title\n\nwords", "Title\nwords"),
        ("- [x] done\n- [ ] open", "done\nopen"),
        ("> quoted\n> on", "quoted\non"),
        ("see [a page](https://example.org/x)", "see a page"),
        ("![a cat](https://example.org/cat.png)", "a cat"),
        ("| a | b |\n|---|---|\n| **c** | d |", "a b\nc d"),
        ("call `a*b*c` and snake_case_name", "call a*b*c and snake_case_name"),
        ("```py\nx = a*b*c\n# no heading\n```", "x = a*b*c\n# no heading"),
        ("2 * 3 * 4 < 25 & more", "2 * 3 * 4 < 25 & more"),
        ("~~gone~~ and &amp;", "gone and &"),
        ("one  \ntwo<br>three", "one\ntwo\nthree"),
        ("", ""),
    ],
)
def test_the_words_stay_and_the_signs_go(markdown: str, plain: str) -> None:
    assert plain_text(markdown) == plain


def test_a_part_of_code_is_read_as_code() -> None:
    text = "```\na = 1\nb = **kwargs**\n```\n\nafter **it**"
    start = text.index("b =")
    assert plain_part(text, start, start + len("b = **kwargs**")) == "b = **kwargs**"
    assert plain_part(text, text.index("after"), len(text)) == "after it"
