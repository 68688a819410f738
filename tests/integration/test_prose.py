"""An answer in Markdown, as the real page shows it: in all widths and directions."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from tests.helpers.page import Parrot, RealPage

pytestmark = [pytest.mark.sidecar, pytest.mark.gui]

AXE = Path(__file__).parents[1] / "assets/node_modules/axe-core/axe.min.js"
ARTIFACTS = Path(__file__).parents[1] / "artifacts"
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

[^1]: The source.
[^b]: Named note.
"""


@pytest.fixture(scope="module")
def page(
    request: pytest.FixtureRequest,
    qapp: object,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[RealPage]:
    parrot = Parrot()
    parrot.texts = {QUESTION: ANSWER}
    with parrot.server:
        page = RealPage(QtBot(request), tmp_path_factory.mktemp("data"))
        page.use_model(parrot)
        page.ask(QUESTION)
        yield page
        page.close()


def result_of(page: RealPage, script: str) -> Any:  # noqa: ANN401 whatever the page answers
    return json.loads(str(page.run(f"JSON.stringify({script})")))


def test_every_piece_of_code_has_its_frame_and_copies_itself(page: RealPage) -> None:
    frames = result_of(
        page,
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
    # Without a window manager nothing has the focus that the real clipboard asks for.
    page.run(
        "var copied = [], keep = async (text) => void copied.push(text);"
        "navigator.clipboard.writeText = keep; 0"
    )
    clicks = "document.querySelectorAll('[data-copy-code]').forEach(one => one.click())"
    page.run(f"{clicks}; 0")
    page.wait_for("copied.length", len(frames))
    assert result_of(page, "copied") == [code for _, code in frames]


def test_code_runs_from_left_to_right_and_text_as_it_is_written(page: RealPage) -> None:
    side = "getComputedStyle(document.querySelector({})).{}"

    def style(selector: str, name: str) -> object:
        return page.run(side.format(json.dumps(selector), name))

    assert style(".prose p[dir=rtl]", "direction") == "rtl"
    assert style(".prose p[dir=rtl] code", "direction") == "ltr"
    assert style(".prose p[dir=rtl] code", "unicodeBidi") == "isolate"
    codes = "[...document.querySelectorAll('.prose pre')]"
    assert result_of(page, f"{codes}.map(one => getComputedStyle(one).direction)") == (
        ["ltr"] * 4
    )
    assert style(".prose li[dir=rtl]", "marginRight") != "0px"
    assert style(".prose li[dir=rtl] + li", "marginLeft") != "0px"
    assert style(".prose blockquote[dir=rtl]", "borderRightWidth") == "3px"
    assert style(".prose blockquote[dir=rtl]", "borderLeftWidth") == "0px"
    assert style(".prose table[dir=rtl] th", "textAlign") == "start"
    edges = result_of(
        page,
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
    assert result_of(page, f"{maths}.map(one => one.getAttribute('alttext'))") == [
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
    copied = page.run(
        "(() => { const words = document.querySelector('.prose p math').closest('p');"
        " getSelection().selectAllChildren(words);"
        " const clipboardData = new DataTransfer();"
        " const copy = new ClipboardEvent('copy', {clipboardData, bubbles: true});"
        " words.dispatchEvent(copy); getSelection().removeAllRanges();"
        " return clipboardData.getData('text/plain'); })()"
    )
    assert copied == "So \\(a_1 * b_1 * c\\), from $5 to $10."


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
    assert result_of(page, "found") == []
    ARTIFACTS.mkdir(exist_ok=True)
    page.view.grab().save(str(ARTIFACTS / f"prose-{scheme}-{width}.png"))
