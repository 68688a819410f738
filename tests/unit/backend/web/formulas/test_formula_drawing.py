"""Formulas are drawn or left alone: none wrong, none unbounded, none alive."""

import json
import re
import sys
from collections.abc import Iterable
from pathlib import Path
from subprocess import run

import pytest
from hypothesis import given, settings, strategies

from backend.web.formulas.formula_bounds import nesting
from backend.web.formulas.formula_drawing import draw
from backend.web.formulas.mathml import TAGS, undrawn
from backend.web.markdown.markdown import render
from backend.web.markdown.markdown_page import FrameKind, placed

ROOT = Path(__file__).parents[5]
SAMPLES = (ROOT / "tests/fixtures/formulas.txt").read_text("utf-8").splitlines()
# What stays as source.
LEFT = (r"\ce", r"\pu", r"\SI", r"\N \Z", r"\smash", r"\text{a $b$")


def html_of(tex: str) -> str:
    return "".join(block.html for block in render(f"$${tex}$$"))


@pytest.mark.parametrize("tex", SAMPLES)
def test_what_models_write_is_drawn_or_stays_as_source(tex: str) -> None:
    html = html_of(tex)
    assert ("<math " in html) is not tex.startswith(LEFT)
    assert ('<code class="math' in html) is tex.startswith(LEFT)
    bare = re.sub(r' alttext="[^"]*"', "", html)
    assert "\\" not in bare.replace("<mo>\\</mo>", "") or tex.startswith(LEFT)
    assert " style=" not in bare
    assert " id=" not in bare


@pytest.mark.parametrize(
    ("tex", "part"),
    [
        (r"\begin{split} a &= b \\ &= c \end{split}", "</mtr><mtr>"),
        (r"\begin{eqnarray} a &=& b \\ c &=& d \end{eqnarray}", "</mtr><mtr>"),
        (r"\begin{align} a &= b \\ c &= d \end{align}", "math-right"),
        (r"a = b \tag{7}", "(7)"),
        (r"\DeclareMathOperator{\sgn}{sgn} \sgn x", "<mi>sgn</mi>"),
        (r"\newcommand{\R}{\mathbb{R}} \R", "\N{DOUBLE-STRUCK CAPITAL R}"),
        (r"\begin{array}{c|c} a & b \end{array}", "math-rule-right"),
        ("x % note\n+ y", "<mi>y</mi>"),
        (r"100\% x", "%"),
    ],
)
def test_what_the_library_calls_otherwise_is_drawn_too(tex: str, part: str) -> None:
    assert part in html_of(tex)


@pytest.mark.parametrize(
    "tex",
    [
        r"\frac{a}{b",
        r"\left( x",
        "x^",
        r"\begin{foo} x \end{foo}",
        r"\unknown{x}",
        r"\href{javascript:alert(1)}{x}",
        r"\url{https://example.com}",
        r"\includegraphics{x.png}",
        "x" * 10_001,
    ],
)
def test_what_cannot_be_drawn_is_shown_as_it_was_written(tex: str) -> None:
    html = html_of(tex)
    assert "<math" not in html
    assert '<code class="math' in html


@pytest.mark.parametrize(
    "tex",
    [
        r"\hspace{99999em} x",
        r"\kern99999em x",
        r"\hspace{-500em} x",
        r"\color{red} x \textcolor{#f00}{y} \colorbox{red}{z}",
    ],
)
def test_lengths_are_bounded_and_colours_dropped(tex: str) -> None:
    bare = re.sub(r' alttext="[^"]*"', "", html_of(tex))
    assert not re.search(r"\d{3}|mathcolor|mathbackground|red|f00", bare)


HOSTILE = [
    r"\sqrt", r"\hat", r"\frac1", r"\frac 1 ", r"\displaystyle a ", r"\color{red}a ",
    r"\rm a ", r"\mathrm ", r"\sqrt[", "x'", r"\left(x", r"\begin{matrix}a", r"\text{",
    r"\not", r"\middle|", "(", "[", "{", "|", "<", "x^{", r"\overset a", r"\\", "&",
    r"a\\\displaystyle ", r"a&\displaystyle ", r"{a\\\displaystyle ", r"\{(", "%}\n(",
    r"\binom1", r"\xrightarrow[", r"\mathbin", r"\bf a ", r"\boxed", r"\cfrac1",
    r"\newcommand{\a}{\sqrt\a}\a", r"\def\a{\frac{\a}{\a}}\a", r"\text{}}(", r"\right(",
    r"\left(\right.\sqrt", r"\begin{matrix}\sqrt&", r"\begin{cases}\sqrt\\",
    r"\substack{(", r"\end{x}(", r"{}\sqrt", r"\tag{\sqrt", r"\}\sqrt",
    r"\newcommand{\a}{\sqrt\b}\newcommand{\b}{\sqrt{\sqrt{\sqrt\a}}}\a",
]  # fmt: skip


MANY = (20, 60, 140)
BRACKETS = [
    "(", "[", r"\{", r"\langle ", r"\lvert ", "⌊", r"\bigl(", r"\Biggl|", r"\mathopen(",
    r"\mathopen{(}", r"\mathrm(", r"\sin(", r"\operatorname((", r"\log\{", r"\hat(",
    r"\left(\right.(", r"\lim_(", r"\sqrt[3]{(}(", r"\text{)}(", r"\a ", r"\\[", "{(}",
]  # fmt: skip
OTHERS = [
    ")", "]", r"\}", r"\hat)", "^)", "x", "+", "|", r"\text{)}", "{x}", r"\alpha ",
    r"\sum ", r"\frac{(}{)}", r"\begin{aligned}(&)\\(\end{aligned}",
]  # fmt: skip


def drawn_apart(formulas: Iterable[str]) -> list[list[float]]:
    """Draw formulas in a process with little stack; return how long each took."""
    code = (
        "import json, sys, threading, time\n"
        "from backend.web.formulas.formula_drawing import draw\n"
        "def work():\n"
        "    for tex in json.load(sys.stdin):\n"
        "        began = time.thread_time()\n"
        "        drawn = draw(tex, is_display=True) is not None\n"
        "        times.append([time.thread_time() - began, drawn])\n"
        "times = []\n"
        "threading.stack_size(1 << 19)\n"
        "thread = threading.Thread(target=work)\n"
        "thread.start()\n"
        "thread.join()\n"
        "print(json.dumps(times))\n"
    )
    done = run(
        [sys.executable, "-c", code], input=json.dumps(list(formulas)),
        cwd=ROOT, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    times: list[list[float]] = json.loads(done.stdout)
    return times


def test_no_nesting_ends_the_process() -> None:
    drawn_apart(
        f"a{one * times}{end}"
        for one in HOSTILE
        for times in (*MANY, 9_000 // len(one))
        for end in ("x", "}" * times + "x")
    )


def test_no_bracket_without_an_end_costs_more_than_its_letters() -> None:
    formulas: list[str] = []

    @settings(max_examples=100, database=None)
    @given(
        strategies.lists(
            strategies.sampled_from(BRACKETS)
            | strategies.tuples(
                strategies.sampled_from(BRACKETS), strategies.integers(9, 100)
            ).map(lambda many: many[0] * many[1])
            | strategies.sampled_from(OTHERS),
            min_size=1,
            max_size=60,
        ).map("".join),
        strategies.sampled_from(["", r"\newcommand{\a}{((}", r"\def\a{\bigl}"]),
    )
    def collect(tex: str, before: str) -> None:
        formulas.append(before + tex)

    collect()
    times = drawn_apart([*formulas, *(one * n for one in BRACKETS for n in MANY)])
    # The work of one of twice as many letters is far less: its time would be hours.
    assert max(took for took, _ in times) < 1
    assert sum(drawn for _, drawn in times) > len(times) / 5


def test_many_brackets_look_as_few_do() -> None:
    few = draw(r"f(-x)[1,2)\{\bigl(y\bigr)\sqrt[3]{z}", is_display=True)
    many = draw("(a)" * 9 + r"f(-x)[1,2)\{\bigl(y\bigr)\sqrt[3]{z}", is_display=True)
    letters = re.compile(r"<m[ino][^>]*>([^<]*)</m[ino]>")
    assert few
    assert many
    assert letters.findall(many)[27:] == letters.findall(few)


@pytest.mark.parametrize(
    "tex",
    [
        r"\newcommand{\a}[1]{#1#1#1#1#1#1#1#1#1}\a{x}",
        r"\let\a=( \a\a",
        r"\newcommand{\a}{x}" + "y" * 1_000,
    ],
)
def test_a_formula_multiplies_nothing(tex: str) -> None:
    assert draw(tex, is_display=True) is None


def test_where_nothing_draws_the_source_stands_again() -> None:
    html = "".join(
        block.html for block in render(r'So $a < \text{"b"}$ and $\frac12$.')
    )
    assert html.count("<math") == 2
    assert undrawn(html) == (
        r'<p>So <code class="math">$a &lt; \text{&quot;b&quot;}$</code>'
        ' and <code class="math">$\\frac12$</code>.</p>\n'
    )


def test_markup_in_a_formula_is_text() -> None:
    tex = r"\text{<h1 onclick=x>}<h1><pre><code>a</code></pre><sup><samp>1</samp></sup>"
    pieces = placed(render(f"# A\n\n${tex}$ $${tex}$$"), "m1")[1].pieces
    html = "".join(piece.html for piece in pieces)
    assert html.count("<math") == 2
    assert {piece.kind for piece in pieces} == {FrameKind.TEXT}
    assert set(re.findall(r"<([a-z0-9]+)", html)) <= TAGS | {"p"}


def test_nesting_is_counted_by_group_and_cell() -> None:
    assert nesting(r"\sqrt\sqrt x") == 2
    assert nesting("{a} {b} {c}") == 1
    assert nesting(r"\begin{matrix} \a & \b \\ \c & \d \end{matrix}") == 2
    deep = r"\frac{" * 200 + "x" + "}{y}" * 200
    assert draw(deep, is_display=True) is None
