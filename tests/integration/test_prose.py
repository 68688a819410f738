"""An answer in Markdown, as the real page shows it: in all widths and directions."""

import csv
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from backend.web.markdown.markdown import render
from tests.helpers.copying import pressed, selected
from tests.helpers.page import Parrot, RealPage

pytestmark = [pytest.mark.sidecar, pytest.mark.gui]

AXE = Path(__file__).parents[1] / "assets/node_modules/axe-core/axe.min.js"
ARTIFACTS = Path(__file__).parents[1] / "artifacts"
PROSE = "document.querySelector('.answer .prose')"
QUESTION = "Show me everything"
CODE = 'def hello(name):\n\treturn f"<{name}>"\n'
SUM = "$$\n\\int_0^1 x\\,dx\n= 1\n\n- 2\n$$"
WIDE = f"$$\\left({' + '.join(f'x_{{{n}}}' for n in range(60))}\\right)$$"
ANSWER = f"""### Steps

Roses are red
Violets are blue: https://example.com/path, www.example.org.

1. Install it:
   ```bash
   pip install "thing==1.0"  # now
   ```
2. Write:

   ```python
{CODE.replace("def", "   def").replace(chr(9), "   " + chr(9))}   ```
   - [x] done already
   - [ ] still open

##### Level five

###### Level six

> A quotation:
> ```js
> const a = 1;
> ```
> with H<sub>2</sub>O and <kbd>Ctrl</kbd>.

| {" | ".join(f"Column number {n}" for n in range(12))} |
|{"---|" * 12}
| {" | ".join(f"word<br>{n}" for n in range(12))} |

So \\(a_1 * b_1 * c\\), from $5 to $10.

{SUM}

{WIDE}

A claim.[^1] Another.[^b]

مرحبا بالعالم، مع `code(a, 1)` داخل $\\frac{{x}}{{2}}$.

- عنصر أول
- second item

> اقتباس قصير

```python
print("بسم", x)
```

| اسم | قيمة |
|---|---|
| شاي | 5 |

Text with **bold**, *it*, `co_de`, ~~gone~~, [link](https://e.org/a_b), snake_case,
2 * 3, \\*not\\*, \\`x\\` and \\<b>.

\\- no item

7. seven
8. eight
   - inner
   - other
9. nine

| Sum | Result |
|:----|-------:|
| =1+1 | -5 |
| x\\|y, "q" | a<br>z |

[^1]: The source.
[^b]: Named note.
"""

ROWS = "| المكوّن | الكمية |\n|---|---|\n| ماء | 2 |\n\n$\\cancel{x}$"


@pytest.fixture(scope="module")
def page(
    request: pytest.FixtureRequest,
    qapp: object,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[RealPage]:
    parrot = Parrot()
    parrot.texts = {QUESTION: ANSWER, "Rows": ROWS}
    with parrot.server:
        page = RealPage(QtBot(request), tmp_path_factory.mktemp("data"))
        page.use_model(parrot)
        page.ask(QUESTION)
        yield page
        page.close()


def looks(markdown: str) -> list[str]:
    """Return how a text is rendered, without the spaces between elements."""
    return [re.sub(r"\s*\n\s*", "\n", block.html) for block in render(markdown)]


def test_a_selection_is_copied_as_markdown_that_looks_the_same(page: RealPage) -> None:
    assert looks(selected(page, PROSE).text()) == looks(ANSWER)
    list_at = "[...document.querySelectorAll('.prose ol')].at(-1)"
    part = selected(page, f"{list_at}.children[1]", f"{list_at}.children[2]")
    assert part.text() == "8. eight\n   - inner\n   - other\n9. nin"
    assert part.html().startswith('<ol start="8"><li>eight')
    text = "[...document.querySelectorAll('.prose p')].find(p =>"
    formula = selected(page, f"{text} p.querySelector('math')).querySelector('mi')")
    assert formula.text() == "\\(a_1 * b_1 * c\\)"
    assert formula.html().startswith("<math ")
    words = f"{text} p.innerText.includes('snake')).querySelector('strong')"
    assert selected(page, words).text() == "bold"
    code = "document.querySelectorAll('.prose pre code')[1]"
    assert selected(page, code).text() == CODE
    both = selected(page, "document.querySelector('.log')")
    assert both.text().startswith(f"{QUESTION}\n\n### Steps\n\nRoses are red\nViolets")


def test_rich_text_is_copied_without_frames_and_with_formulas(page: RealPage) -> None:
    answer = pressed(page, "[data-copy-from]")
    assert answer.text() == ANSWER
    rich = answer.html()
    assert rich == selected(page, PROSE).html()
    assert not re.findall(r"<(?:button|figure|div|span|svg|form)|hx-|aria-|tabi", rich)
    assert set(re.findall(r"class=[^>]*", rich)) == {
        'class="language-bash"', 'class="language-python"', 'class="language-js"',
    }  # fmt: skip
    assert '<math alttext="\\(a_1 * b_1 * c\\)" xmlns="http://www.w3.org/1998' in rich
    assert "<li>☑ done already</li>" in rich
    assert "A claim.<sup>1</sup>" in rich
    assert '<p dir="rtl">' in rich


def test_a_table_is_copied_for_spreadsheets_and_starts_nothing_there(
    page: RealPage,
) -> None:
    last = page.run("document.querySelectorAll('[data-copy-table]').length - 1")
    assert isinstance(last, (int, float))
    table = pressed(page, "[data-copy-table]", int(last))
    rows = list(csv.reader(table.text().splitlines(keepends=True), delimiter="\t"))
    assert rows == [["Sum", "Result"], ["'=1+1", "-5"], ['x|y, "q"', "a\nz"]]
    assert re.search(r'<td [^>]*sdnum="1033;0;@">=1\+1</td>', table.html())
    assert table.html().count("sdnum") == 1
    text = pressed(page, "[data-copy-csv]", int(last))
    assert list(csv.reader(text.text().splitlines(keepends=True))) == rows
    assert not text.hasHtml()


@pytest.mark.parametrize(
    ("cell", "copy"),
    [
        ("-5,5 %", "-5,5 %"),
        ("+1", "+1"),
        ("-$3", "-$3"),
        ("-", "-"),
        ("=A1", "'=A1"),
        ("-1+cmd|x", "'-1+cmd|x"),
        ("@SUM(1)", "'@SUM(1)"),
        ("\uff1d1", "'\uff1d1"),
    ],
)
def test_what_a_spreadsheet_would_run_is_kept_a_text(
    page: RealPage, cell: str, copy: str
) -> None:
    cells = f"<table><tr><td>{cell}</table>"
    script = (
        f"hearthFormats.csv(new DOMParser().parseFromString({cells!r}, 'text/html')"
    )
    line = str(page.run(f"{script}.querySelector('table'))"))
    assert next(csv.reader([line])) == [copy]


def test_every_piece_of_code_has_its_frame_and_copies_itself(page: RealPage) -> None:
    frames = page.result(
        "[...document.querySelectorAll('.prose figure.code')].map(one =>"
        " [one.querySelector('figcaption span').textContent,"
        " one.querySelector('code').textContent])",
    )
    assert frames == [
        ["bash", 'pip install "thing==1.0"  # now\n'],
        ["python", CODE],
        ["js", "const a = 1;\n"],
        ["python", 'print("بسم", x)\n'],
    ]
    assert page.run("document.querySelectorAll('.prose pre').length") == len(frames)
    colours = "document.querySelectorAll('.prose li .code code b').length > 0"
    assert page.run(colours) is True
    for number, (_, code) in enumerate(frames):
        assert pressed(page, "[data-copy-code]", number).text() == code


def test_long_lines_wrap_and_numbers_of_lines_are_no_text(page: RealPage) -> None:
    code = "[...document.querySelectorAll('.prose pre code')].find(one =>"
    hello = f"{code} one.textContent.startsWith('def'))"
    page.view.describe({"codeNumbers": "yes", "codeWrap": "yes"})
    page.wait_for(f"getComputedStyle({hello}.parentNode).whiteSpace", "pre-wrap")
    number = "{}.lastElementChild, '::before').{}"
    drawn = page.run(f"getComputedStyle({number.format(hello, 'content')}")
    assert drawn == "counter(line)"
    heights = page.result(f"[...{hello}.children].map(one => one.offsetHeight)")
    assert len(set(heights)) == 1
    assert selected(page, hello).text() == CODE
    narrow = f"{hello}.parentNode.style.width = '120px'; {hello}.parentNode.scrollWidth"
    assert page.run(f"{narrow} <= 120")
    page.view.describe({"codeNumbers": "no", "codeWrap": "no"})
    page.wait_for(f"{hello}.parentNode.scrollWidth > 120")
    page.run(f"{hello}.parentNode.style.width = ''; 0")


def test_code_runs_from_left_to_right_and_text_as_it_is_written(page: RealPage) -> None:
    side = "getComputedStyle(document.querySelector({})).{}"

    def style(selector: str, name: str) -> object:
        return page.run(side.format(json.dumps(selector), name))

    assert style(".prose p[dir=rtl]", "direction") == "rtl"
    assert style(".prose p[dir=rtl] code", "direction") == "ltr"
    assert style(".prose p[dir=rtl] code", "unicodeBidi") == "isolate"
    codes = "[...document.querySelectorAll('.prose pre')]"
    assert page.result(f"{codes}.map(one => getComputedStyle(one).direction)") == (
        ["ltr"] * 4
    )
    assert style(".prose li[dir=rtl]", "marginRight") != "0px"
    assert style(".prose li[dir=rtl] + li", "marginLeft") != "0px"
    assert style(".prose blockquote[dir=rtl]", "borderRightWidth") == "3px"
    assert style(".prose blockquote[dir=rtl]", "borderLeftWidth") == "0px"
    assert style(".prose table[dir=rtl] th", "textAlign") == "start"
    edges = page.result(
        "(() => { const item = document.querySelector('.prose li[dir=rtl]');"
        " const range = document.createRange(); range.selectNodeContents(item);"
        " const [text, all] = [range, item.closest('.prose')]"
        ".map(one => one.getBoundingClientRect());"
        " return [text.right, all.right]; })()",
    )
    assert 0 < edges[1] - edges[0] < 40


def test_a_wide_table_scrolls_by_itself_with_the_keyboard(page: RealPage) -> None:
    wide = "document.querySelector('.prose .table')"
    assert page.run(f"{wide}.scrollWidth > {wide}.clientWidth + 100") is True
    assert page.run(f"{wide}.tabIndex") == 0
    assert str(page.run(f"{wide}.ariaLabel")).startswith("Table: Column number 0")
    rows = "[...document.querySelectorAll('.prose th')].slice(0, 12)"
    lines = f"{rows}.every(one => one.getBoundingClientRect().height < 40)"
    assert page.run(lines) is True
    scroller = "document.querySelector('.log-scroll')"
    assert page.run(f"{scroller}.scrollWidth <= {scroller}.clientWidth") is True


def test_small_headings_are_no_smaller_than_the_text(page: RealPage) -> None:
    size = "parseFloat(getComputedStyle(document.querySelector({})).fontSize)"
    text = page.run(size.format("'.prose p'"))
    for level in (3, 5, 6):
        found = page.run(size.format(f"'.prose h{level}'"))
        assert isinstance(found, (int, float))
        assert isinstance(text, (int, float))
        assert found >= text


def test_formulas_are_drawn_and_copied_as_they_were_written(page: RealPage) -> None:
    page.wait_for("document.fonts.check('1em \"Hearth Math\"')")
    height = "{}.getBoundingClientRect().height"
    maths = "[...document.querySelectorAll('.prose math')]"
    assert page.result(f"{maths}.map(one => one.getAttribute('alttext'))") == [
        "\\(a_1 * b_1 * c\\)", SUM, WIDE, "$\\frac{x}{2}$",
    ]  # fmt: skip
    arabic = "document.querySelector('.prose p[dir=rtl] math')"
    assert page.run(f"getComputedStyle({arabic}).direction") == "ltr"
    inline = page.run(height.format("document.querySelector('.prose p math')"))
    assert isinstance(inline, (int, float))
    assert 0 < inline < 24
    wide = "document.querySelectorAll('.prose p.math')[1]"
    assert page.run(f"{wide}.scrollWidth > {wide}.clientWidth + 100") is True
    cut = page.run(f"{wide}.scrollHeight - {wide}.clientHeight")
    assert isinstance(cut, (int, float))
    assert cut < 4
    root = "document.documentElement"
    page.run(f"{root}.dir = 'rtl'; {wide}.scrollLeft = 1e5; 0")
    assert page.run(f"{wide}.scrollLeft > 100") is True
    page.run(f"{root}.dir = ''; {wide}.scrollLeft = 0; 0")


def test_a_note_is_reached_and_left_by_its_links(page: RealPage) -> None:
    page.run("document.querySelector('.prose sup a[id^=note-ref]').click(); 0")
    page.wait_for(
        "document.querySelector(':target')?.closest('p').innerText", "1 The source."
    )
    page.run("document.querySelector(':target').click(); 0")
    page.wait_for(
        "document.querySelector(':target')?.closest('p').innerText.slice(0, 8)",
        "A claim.",
    )
    page.run("history.replaceState(history.state, '', location.pathname); 0")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1000, 480])
def test_a_reader_finds_nothing_amiss(page: RealPage, scheme: str, width: int) -> None:
    page.view.resize(width, 900)
    page.run(f"document.documentElement.style.colorScheme = '{scheme}'; 0")
    page.wait_for(f"innerWidth > {width} * 0.9 && innerWidth <= {width}")
    page.run(f"{AXE.read_text(encoding='utf-8')}; 0")
    page.run(
        "window.found = null;"
        "var rule = {type: 'rule', values: ['heading-order', 'duplicate-id']};"
        "axe.run('.log', {rules: {region: {enabled: false}}}).then((log) =>"
        " axe.run(document, {runOnly: rule}).then((page) => found ="
        " [...log.violations, ...page.violations].map(one =>"
        " one.id + ': ' + one.nodes[0].html))); 0"
    )
    page.wait_for("found !== null")
    assert page.result("found") == []
    ARTIFACTS.mkdir(exist_ok=True)
    page.view.grab().save(str(ARTIFACTS / f"prose-{scheme}-{width}.png"))


def test_a_table_stands_where_its_text_begins_and_a_strike_is_seen(
    page: RealPage,
) -> None:
    page.ask("Rows")
    page.settle()
    last = "[...document.querySelectorAll('.prose {}')].at(-1).getBoundingClientRect()"
    of = {part: last.format(part) for part in (".table", "table", "menclose", "mrow")}
    assert page.result(f"{of['.table']}.right - {of['table']}.right") == 0
    assert page.run(f"{of['mrow']}.width > 1.2 * {of['menclose']}.width") is True
