"""What models write beyond CommonMark is read as they mean it."""
# ruff: noqa: RUF001 letters that look like others are what this is about

import pytest

from backend.web.markdown.markdown import render
from backend.web.markdown.markdown_rules import MAX_COLUMNS
from tests.helpers.elements import Elements


def html(text: str) -> str:
    return "".join(block.html for block in render(text))


def words(text: str) -> str:
    return "".join(Elements(html(text)).words)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Roses are red\nViolets are blue", "Roses are red<br>\nViolets are blue"),
        ("Name: x\nDate: y\n", "Name: x<br>\nDate: y"),
        ("a  \nb", "a<br>\nb"),
        ("a<br>b<br/>c<BR />d", "a<br>\nb<br>\nc<br>\nd"),
        ("H<sub>2</sub>O", "H<sub>2</sub>O"),
        ("x<sup>n<sub>i</sub></sup>", "x<sup>n<sub>i</sub></sup>"),
        ("<kbd>Ctrl</kbd>+<KBD>C</KBD>", "<kbd>Ctrl</kbd>+<kbd>C</kbd>"),
        ("<sub>*a*</sub>", "<sub><em>a</em></sub>"),
        ("*<sub>a</sub>*", "<em><sub>a</sub></em>"),
        ("<sub>*a</sub>*", "<sub>*a</sub>*"),
        ("<sub>a", "&lt;sub&gt;a"),
        ("a</sub>", "a&lt;/sub&gt;"),
        ("<sub>a</sup>", "&lt;sub&gt;a&lt;/sup&gt;"),
        ("<sub>a<sub>b</sub>", "&lt;sub&gt;a<sub>b</sub>"),
        ("`<sub>`a</sub>", "<code>&lt;sub&gt;</code>a&lt;/sub&gt;"),
        ("<sub onclick=x>a</sub>", "&lt;sub onclick=x&gt;a&lt;/sub&gt;"),
        ("<br onclick=x>", "&lt;br onclick=x&gt;"),
        ("<b>a</b>", "&lt;b&gt;a&lt;/b&gt;"),
        ("<details>a</details>", "&lt;details&gt;a&lt;/details&gt;"),
        ("含**「重点」**内容", "含<strong>「重点」</strong>内容"),
        ("**注意\uff1a**这", "<strong>注意\uff1a</strong>这"),
        ("**「強調」**の", "<strong>「強調」</strong>の"),
        ("**한국어(Korean)**은", "<strong>한국어(Korean)</strong>은"),
        ("です**`code`**です", "です<strong><code>code</code></strong>です"),
        ("~~「削除」~~した", "<s>「削除」</s>した"),
        (
            "**注意\uff1a**これ。中文**“引号”**",
            "<strong>注意\uff1a</strong>これ。中文<strong>“引号”</strong>",
        ),
        ("**Note:**text", "<strong>Note:</strong>text"),
        ("2**3**4", "2<strong>3</strong>4"),
        ('a**"foo"**b', 'a**"foo"**b'),
        ("2 ** 3 ** 4", "2 ** 3 ** 4"),
        ("snake_case_name", "snake_case_name"),
        ("~one~ ~~two~~", "<s>one</s> <s>two</s>"),
        ("about ~5 and ~6", "about ~5 and ~6"),
        (
            "see[^1] and[^2]",
            "see<sup><samp>1</samp></sup> and<sup><samp>2</samp></sup>",
        ),
        ("[^a-z] and [^name]", "[^a-z] and [^name]"),
    ],
)
def test_in_a_paragraph(text: str, shown: str) -> None:
    assert html(text) == f"<p>{shown}</p>\n"


def test_a_note_stands_where_it_was_written() -> None:
    text = "see[^b]\n\n[^b]: The *note*\n\n    more\n\n[^c]:\n\nafter"
    assert html(text) == (
        "<p>see<sup><samp>b</samp></sup></p>\n"
        "<p><sup><var>b</var></sup> The <em>note</em></p>\n<p>more</p>\n"
        "<p>after</p>\n"
    )


def test_tasks_have_a_box_and_keep_their_words() -> None:
    text = "- [x] done\n- [ ] open\n  1. [X] inner\n- [y] none\n- [x]none"
    assert html(text).count("<samp>☑</samp> ") == 2
    assert html(text).count("<samp>☐</samp> ") == 1
    assert "[y] none" in html(text)
    assert "[x]none" in html(text)
    assert "<li>\n<p><samp>☑</samp> a</p>" in html("- [x] a\n\n- [ ] b")


def test_a_cell_has_breaks_and_pipes_in_code() -> None:
    text = "| a | b |\n|---|---|\n| `x \\| y` | one<br>two |"
    assert "<td><code>x | y</code></td>" in html(text)
    assert "<td>one<br>\ntwo</td>" in html(text)


@pytest.mark.parametrize("levels", [10, 25, 60, 300])
def test_a_deep_list_loses_no_word(levels: int) -> None:
    text = "\n".join(f"{'  ' * level}- word{level}" for level in range(levels))
    shown = [word for word in words(text).split() if word != "-"]
    assert shown == [f"word{level}" for level in range(levels)]
    assert html(text).count("<ul>") == min(levels, 50)


@pytest.mark.parametrize("levels", [30, 120, 500])
def test_a_deep_quotation_loses_no_word(levels: int) -> None:
    text = f"{'>' * levels} deep\n{'>' * levels} more\n\nafter"
    assert {"deep", "more", "after"} <= set(words(text).split())


def test_a_table_that_nobody_could_read_is_text() -> None:
    wide = MAX_COLUMNS + 1
    text = "|" + "a|" * wide + "\n|" + "-|" * wide + "\n|" + "word|" * wide
    assert "<table>" not in html(text)
    assert words(text).count("word") == wide
    short = "|" + "a|" * 90 + "\n|" + "-|" * 90 + "\n" + "|word|\n" * 1_000
    assert html(short).count("<td") <= 30_000
    assert words(short).count("word") == 1_000


def test_a_long_table_is_one() -> None:
    rows = 5_000
    text = "| a | b |\n|---|---|\n" + "| 1 | 2 |\n" * rows
    assert html(text).count("<tr>") == rows + 1


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("مرحبا", '<p dir="rtl">'),
        ("שלום hello", '<p dir="rtl">'),
        ("JSON: هو تنسيق لتبادل البيانات", '<p dir="rtl">'),
        ("`print` هي دالة", '<p dir="rtl">'),
        ("Hello مرحبا my good friends", "<p>"),
        ("2026 – 5", "<p>"),
        ("# عنوان", '<h1 dir="rtl">'),
        ("- عنصر", '<ul>\n<li dir="rtl">'),
        ("> اقتباس", '<blockquote dir="rtl">\n<p>'),
        ("> ***\nمرحبا", "<blockquote>\n<hr>"),
        ("> `x`\n>\n> مرحبا", '<blockquote dir="rtl">\n<p><code>x'),
        ("`x`\n\nمرحبا", "<p><code>x"),
        ("> اقتباس\n>\n> english", '<p dir="ltr">english'),
        ("- عنصر\n- item", "<li>item"),
        ("| اسم | b |\n|---|---|\n| 1 | c |", '<table dir="rtl">'),
        ("| اسم | b |\n|---|---|\n| 1 | c |", '<td dir="ltr">c'),
        ("| a | اسم |\n|---|---|\n| 1 | c |", '<th dir="rtl">اسم'),
        ("- [x] عنصر", '<li dir="rtl"><samp>'),
        ("[^1]: ملاحظة", '<p dir="rtl"><sup>'),
    ],
)
def test_each_block_runs_in_its_own_direction(text: str, shown: str) -> None:
    assert shown in html(text)


def test_a_linked_image_keeps_the_address_around_it() -> None:
    text = "[![build](https://i.example/b.svg)](https://outer.example) after"
    (block,) = render(text)
    links = [items["href"] for tag, items in Elements(block.html).found if tag == "a"]
    assert links == ["https://outer.example"]
    assert "[image: build, i.example]</a> after" in block.html
    assert [image.url for image in block.images] == ["https://i.example/b.svg"]


def test_an_image_of_another_scheme_is_never_offered() -> None:
    schemes = ("ftp", "file", "data", "gopher", "ws", "HTTPX")
    for scheme in schemes:
        assert [block.images for block in render(f"![x]({scheme}://a.example/b)")] == [
            ()
        ]
    (block,) = render("![x](HTTPS://a.example/b)")
    assert [image.host for image in block.images] == ["a.example"]


@pytest.mark.parametrize(
    ("text", "labels"),
    [
        ("1. a\n   ```python\n   x = 1\n   ```", ("python",)),
        ("> ```\n> x\n> ```", ("",)),
        ("- a\n\n      x", ("",)),
        ("- a\n\n  | h | i |\n  |---|---|\n\n- ```js\n  x\n  ```", ("h, i", "js")),
        ("| h | *i* |\n|---|---|", ("h, *i*",)),
        ("[^1]: note\n\n    ```sh\n    ls\n    ```", ("sh",)),
        ("text", ()),
    ],
)
def test_what_is_framed_within_a_block_is_told(
    text: str, labels: tuple[str, ...]
) -> None:
    (block,) = render(text)
    assert block.labels == labels
