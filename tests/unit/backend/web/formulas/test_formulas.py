"""Formulas are found as they were written, and prices stay prices."""

import re
from html import unescape

import pytest

from backend.web.markdown.growing_markdown import GrowingMarkdown
from backend.web.markdown.markdown import render

MATH = re.compile(
    r'(?s)<code class="math(?: block)?">(.*?)</code>|<math alttext="(.*?)"'
)


def formulas(text: str, *, is_growing: bool = False) -> list[str]:
    blocks = render(text, is_growing=is_growing)
    found = (MATH.findall(block.html) for block in blocks)
    return [unescape(source or drawn) for some in found for source, drawn in some]


@pytest.mark.parametrize(
    "formula",
    [
        r"\(a_1 * b_1 * c\)",
        r"\(a\)",
        r"\[ x \\ y \]",
        r"\(e^{-x^2}\,dx\)",
        r"\(\left[0,1\right)\)",
        "$f*g = g*f$",
        "$x$",
        "$2x$",
        "$5$",
        "$1/2$",
        "$a<b>c&d$",
        "$x_{\\text{a b}}$",
        r"$\$5 + x$",
        "$$x^2$$",
        "$|x|$",
        "$~x~$",
        "$[a](b)$",
        "$https://x^2$",
    ],
)
@pytest.mark.parametrize(
    "place",
    [
        pytest.param("{}", id="alone"),
        pytest.param("So {} holds.", id="sentence"),
        pytest.param("So ({}), {}-axis: {}.", id="beside marks"),
        pytest.param("所以{}成立", id="beside CJK"),
        pytest.param("**{}** and *{}*", id="emphasis"),
        pytest.param("# Of {}", id="heading"),
        pytest.param("- one {}\n- two", id="list"),
        pytest.param("> said {}", id="quotation"),
        pytest.param("[see {}](https://example.com)", id="link"),
    ],
)
def test_a_formula_is_kept_to_the_letter(formula: str, place: str) -> None:
    assert set(formulas(place.replace("{}", formula))) == {formula}


def test_a_formula_in_a_table_is_kept() -> None:
    text = "| a | b |\n|---|---|\n| \\(a_1 * b_1\\) | $x*y*z$ |"
    assert formulas(text) == ["\\(a_1 * b_1\\)", "$x*y*z$"]


@pytest.mark.parametrize(
    "text",
    [
        "from $5 to $10",
        "US$5 and US$7",
        "A$5, C$7",
        "$AAPL and $MSFT",
        "$500K to $1M",
        "$100-$200",
        "$2bn … $4bn",
        "It is $5, or 10$ there",
        "$/PR is down, $/session up",
        "**$1.50** … **Revenue (MR)** **$2**",
        "5$ and 6$",
        "$5/month or 6$",
        "set $HOME and the foo$",
        "$HOME/bin:$PATH",
        "a $ b $ c",
        "$ x$",
        "$x $",
        "$$",
        "$$ and $$$",
        "cheap $$ or not $$",
        "from $ to $$$",
        r"\$5 and \$6$",
        "costs $5 and `$x`",
        "`$a$` and `\\(b\\)`",
        "``` $a$ ```",
        "```\n$$\nx\n$$\n```",
        "    $$\n    x\n    $$",
        r"\[link\](https://example.com)",
        r"list\[0\] and list\[1\]",
        r"\\(a\\)",
        "price: 3$x$",
        r"\(",
        r"\( and more",
        r"\[",
        "\\(a\n\nb\\)",
    ],
)
def test_what_is_no_formula_stays_text(text: str) -> None:
    assert formulas(text) == []


@pytest.mark.parametrize(
    "formula",
    [
        "$$\na\n$$",
        "$$\na\n=\nb\n$$",
        "$$\na\n\n- b\n---\n# c\n$$",
        "\\[\na\n\n= b\n\\]",
        "$$ a\nb $$",
        "$$a = b$$",
        "\\[a = b\\]",
        "$$\n\\begin{aligned}\na &= b \\\\\nc &= d\n\\end{aligned}\n$$",
        "$$\n| x |\n|---|\n$$",
        "$$\n    a\n$$",
        "$$\n> a\n1. b\n$$",
    ],
)
@pytest.mark.parametrize(
    ("before", "after", "margin"),
    [
        pytest.param("", "", "", id="alone"),
        pytest.param("text\n", "\nmore", "", id="under a line"),
        pytest.param("text\n\n", "\n\nmore", "", id="apart"),
        pytest.param("- item\n", "\n- next", "", id="under a list"),
        pytest.param("> said\n", "\n\nmore", "", id="under a quotation"),
        pytest.param("- item\n\n  ", "\n\n- next", "  ", id="in a list"),
        pytest.param("1. one\n   ", "\n2. two", "   ", id="in a numbered list"),
        pytest.param("> ", "\n> more", "> ", id="in a quotation"),
        pytest.param("> - ", "\n\nmore", ">   ", id="in both"),
    ],
)
def test_a_formula_of_several_lines_is_kept(
    formula: str, before: str, after: str, margin: str
) -> None:
    lines = (margin + line if line else margin.rstrip() for line in formula.split("\n"))
    text = before + "\n".join(lines).removeprefix(margin) + after
    assert formulas(text) == [formula]
    assert "more" not in after or "more" in render(text)[-1].html


def test_what_never_closes_is_text_and_hides_nothing() -> None:
    blocks = render("$$\na\n\n# Title\n\n- item")
    assert [block.html.partition(">")[0] for block in blocks] == ["<p", "<h1", "<ul"]
    assert formulas("\\[\n\ntext\n\n\\[\na\n\\]") == ["\\[\na\n\\]"]
    assert formulas("$$\n\n```\n$$\n```") == []
    assert formulas("- $$\n  a\n\ntext\n\n$$") == []


@pytest.mark.parametrize(
    "opened", ["$$\na\n=\n\n- b\n", "text\n$$\na\n\nb\n", "\\[\na\n"]
)
def test_a_formula_that_is_still_written_is_shown_as_it_is(opened: str) -> None:
    (formula,) = formulas(opened, is_growing=True)
    assert opened.strip().endswith(formula)
    closer = "\\]" if opened.startswith("\\[") else "$$"
    assert formulas(opened + closer) == [f"{formula}\n{closer}"]


@pytest.mark.parametrize("opened", [r"so \(a_1 * b", r"so \[a_1 * b", "so $$a_1 * b"])
def test_a_formula_of_one_line_is_shown_as_it_grows(opened: str) -> None:
    assert formulas(opened, is_growing=True) == [opened.removeprefix("so ")]
    assert formulas(opened) == []


@pytest.mark.parametrize(
    "text",
    [
        "one\n\n$$\na\n\nb\n",
        "one\n\ntext\n$$\na\n\nb\n\nc\n",
        "one\n\n- item\n$$\na\n\nb\n",
        "one\n\n> said\n\\[\na\n\n# b\n",
    ],
)
def test_nothing_settles_that_a_closer_could_still_change(text: str) -> None:
    step = GrowingMarkdown(marked_chars=0).grow(text)
    assert [block.html for block in step.blocks] == ["<p>one</p>\n"]


def test_an_opener_that_is_long_past_holds_nothing_back() -> None:
    text = "$$\n" + "line\n\n" * 300
    assert len(GrowingMarkdown(marked_chars=0).grow(text).blocks) >= 299


def test_a_formula_that_a_quotation_cuts_off_ends_no_paragraph_in_it() -> None:
    quoted = "> $$\ntext\n> $$"
    (block,) = render(quoted)
    assert render(f"{quoted}\n\n> $$")[0] == block
