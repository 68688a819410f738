"""Blocks stand in a page with frames, levels and links that only Hearth makes."""

import re
from html import unescape

import pytest

from backend.web.markdown.markdown import MAX_HIGHLIGHTED_CHARS, render
from backend.web.markdown.markdown_page import (
    FrameKind,
    Piece,
    headings_after,
    lined,
    placed,
    unchanged,
)
from tests.helpers.elements import Elements


def pieces(text: str, scope: str = "") -> list[Piece]:
    return [piece for block in placed(render(text), scope) for piece in block.pieces]


def levels(text: str, top: int = 2) -> list[int]:
    html = "".join(
        piece.html for block in placed(render(text), "", top) for piece in block.pieces
    )
    found = re.findall(r'<h([1-6])(?: dir="rtl")?(?: aria-level="([1-6])")?', html)
    return [int(expected or own) for own, expected in found]


CODE = "def f():\n    return '<b>&amp;'  # \"x\"\n\n\n\tend"


@pytest.mark.parametrize(
    ("place", "margin"),
    [
        pytest.param("{}", "", id="alone"),
        pytest.param("1. step\n   {}\n2. next", "   ", id="in a list"),
        pytest.param("- step\n\n  {}\n\n  more", "  ", id="in a loose list"),
        pytest.param("- a\n  - b\n    {}", "    ", id="in an inner list"),
        pytest.param("> {}", "> ", id="in a quotation"),
        pytest.param("> - a\n>   {}", ">   ", id="in both"),
    ],
)
@pytest.mark.parametrize("language", ["python", "", "nonsense", "c++"])
def test_code_is_framed_and_copied_wherever_it_stands(
    place: str, margin: str, language: str
) -> None:
    lines = f"```{language}\n{CODE}\n```".split("\n")
    text = place.replace("{}", f"\n{margin}".join(lines))
    (code,) = [piece for piece in pieces(text) if piece.kind is FrameKind.CODE]
    assert code.label == language
    assert (
        "".join(Elements(code.html).words)
        == CODE.expandtabs(1).replace(" end", "\tend") + "\n"
    )
    assert ("<b>def</b>" in code.html) == (language == "python")


def test_pieces_together_are_the_block() -> None:
    text = "- a\n  ```js\n  x\n  ```\n- b\n\n  | h |\n  |---|\n\n> c"
    expected = pieces(text)
    kinds = [piece.kind for piece in expected if piece.html.strip()]
    assert kinds == [
        FrameKind.TEXT,
        FrameKind.CODE,
        FrameKind.TEXT,
        FrameKind.TABLE,
        FrameKind.TEXT,
        FrameKind.TEXT,
    ]
    whole = "".join(
        f"<pre><code>{piece.html}</code></pre>"
        if piece.kind is FrameKind.CODE
        else piece.html
        for piece in expected
    )
    assert whole == "".join(block.html for block in render(text))


def test_code_that_looks_like_a_frame_is_code() -> None:
    code = "</code></pre><table><tr></table><samp>☑</samp>\n"
    expected = pieces(f"- a\n  ```\n  {code}  ```\n- [x] b")
    (framed,) = [piece for piece in expected if piece.kind is FrameKind.CODE]
    assert "".join(Elements(framed.html).words) == code


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("# a\n## b\n### c", [2, 3, 4]),
        ("### a\n### b\n#### c", [2, 2, 3]),
        ("## a\n##### b\n###### c\n## d", [2, 3, 4, 2]),
        ("#### a\n## b\n### c\n# d", [2, 2, 3, 2]),
        ("> ## a\n\n- ### b", [2, 3]),
        ("# a\n" + "\n".join(f"{'#' * n} b" for n in range(2, 7)), [2, 3, 4, 5, 6, 6]),
        ("### عنوان", [2]),
    ],
)
def test_headings_never_skip_a_level(text: str, expected: list[int]) -> None:
    assert levels(text) == expected


def test_headings_keep_below_those_around_them() -> None:
    assert levels("# a\n### b", top=3) == [3, 4]


@pytest.mark.parametrize("cut", range(6))
def test_headings_are_the_same_block_by_block(cut: int) -> None:
    blocks = render("# a\n\n### b\n\n- ## c\n\n#### d\n\n## e")
    before, after = blocks[:cut], blocks[cut:]
    split = [*placed(before), *placed(after, headings=headings_after(before))]
    assert split == placed(blocks)


@pytest.mark.parametrize(
    ("text", "more", "kept"),
    [
        ("one\n\ntwo", " words\n\nthree", {0}),
        ("# a\n\n- b\n\n```python\nc = 1\n```", "\n\nd", {0, 1, 2}),
        ("![x](https://example.com/i.png)\n\nb", "", {1}),
        ("a[^1]\n\n[^1]: b\n\nc", "", {2}),
        ("one", "", {0}),
    ],
)
def test_blocks_that_are_as_they_were_shown_are_kept(
    text: str, more: str, kept: set[int]
) -> None:
    shown, now = placed(render(text)), placed(render(text + more), "m")
    assert unchanged(shown, now) == kept
    assert unchanged(now, shown) <= set(range(len(shown)))


def test_notes_are_linked_both_ways_once_per_text() -> None:
    text = "a[^1] b[^x] c[^1]\n\n[^1]: one\n[^x]: two\n[^1]: again"
    html = "".join(piece.html for piece in pieces(text, "m1"))
    ids = [expected["id"] for _, expected in Elements(html).found if "id" in expected]
    links = [expected["href"] for tag, expected in Elements(html).found if tag == "a"]
    assert sorted(map(str, ids)) == [
        "note-m1-1", "note-m1-2", "note-ref-m1-1", "note-ref-m1-2",
    ]  # fmt: skip
    assert {str(link).removeprefix("#") for link in links} == set(ids)
    assert not set(ids) & {
        expected.get("id")
        for piece in pieces(text, "m2")
        for _, expected in Elements(piece.html).found
    }


@pytest.mark.parametrize("scope", ["", "m1"])
def test_without_a_note_or_a_name_nothing_is_linked(scope: str) -> None:
    html = "".join(piece.html for piece in pieces("a[^1]", scope))
    assert html == "<p>a<sup>1</sup></p>\n"
    assert "<a" not in "".join(p.html for p in pieces("a[^1]\n\n[^1]: b"))


def test_no_label_of_a_note_breaks_out() -> None:
    text = 'a[^"onload=x<b>] \n\n[^"onload=x<b>]: note'
    for piece in pieces(text, "m1"):
        for tag, expected in Elements(piece.html).found:
            assert tag in {"p", "sup", "a"}
            assert set(expected) <= {"href", "id", "aria-label"}


def test_a_task_tells_a_reader_how_it_stands() -> None:
    html = "".join(piece.html for piece in pieces("- [x] a\n- [ ] b"))
    assert '<li><span role="img" aria-label="Done">☑</span> a</li>' in html
    assert '<li><span role="img" aria-label="Not done">☐</span> b</li>' in html


def test_long_code_within_a_list_has_no_colours() -> None:
    code = "  x = 1\n" * (MAX_HIGHLIGHTED_CHARS // 6 + 1)
    (code_piece,) = [
        p for p in pieces(f"- a\n  ```python\n{code}  ```") if p.kind is FrameKind.CODE
    ]
    assert "<" not in code_piece.html


@pytest.mark.parametrize(
    ("code", "language"),
    [
        ("a = 1\n\nb = 2\n", "python"),
        ('x = """one\n\ntwo <b>\n"""\n# last', "python"),
        ("/* a\n b */ let c;\n", "js"),
        ("plain <i>\n\n\u2028 text", ""),
    ],
)
def test_each_line_of_code_is_an_element_of_its_own(code: str, language: str) -> None:
    (piece,) = [
        piece
        for piece in pieces(f"```{language}\n{code}\n```")
        if piece.kind is FrameKind.CODE
    ]
    lines = re.findall(r"(?s)<span>(.*?)</span>", lined(piece.html))
    assert [unescape(re.sub("<[^>]+>", "", line)) for line in lines] == [
        f"{line}\n" for line in code.split("\n")
    ]
    for line in lines:
        assert re.sub(r"(?s)<(\w+)>[^<]*</\1>", "", line).count("<") == 0
    assert re.sub(r"</?span>", "", lined(piece.html)).count("\n") == len(lines)
