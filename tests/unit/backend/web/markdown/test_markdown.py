"""Markdown becomes safe HTML, block by block, wherever the stream is cut."""

import re
from random import Random
from urllib.parse import urlsplit

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from backend.web.formulas import mathml
from backend.web.markdown.markdown import (
    _TAGS,
    MAX_HIGHLIGHTED_CHARS,
    render,
    sanitise,
)
from tests.helpers.elements import DRAWN_ATTRIBUTES, Elements
from tests.helpers.payloads import fenced, payloads

LINK_SCHEMES = {"http", "https", "mailto"}
RANDOM_TREES = 10_000
ALLOWED = {
    "a": {"href", "title", "rel"},
    "code": {"class"},
    "ol": {"start"},
    "td": {"align", "dir"},
    "th": {"align", "dir"},
    "p": {"class", "dir"},
    **{tag: {"dir"} for tag in ("blockquote", "li", "table")},
    **{f"h{level}": {"dir"} for level in range(1, 7)},
}
DRAWN_CLASSES = re.compile(r"((math|menclose)-[a-z-]+ ?)*")
VALUES_OF = {"dir": {"ltr", "rtl"}, "class": {"math", "math block"}}


def assert_safe(html: str) -> None:
    """Fail on anything the allow-list does not name."""
    elements = Elements(html)
    assert elements.odd == []
    for tag, attributes in elements.found:
        assert tag in _TAGS, html
        if tag in mathml.TAGS:
            assert attributes.keys() <= DRAWN_ATTRIBUTES, html
            assert DRAWN_CLASSES.fullmatch(attributes.get("class") or ""), html
            continue
        assert attributes.keys() <= ALLOWED.get(tag, set()), html
        for name, values in VALUES_OF.items():
            assert attributes.get(name) in {None, *values}, html
        if "href" in attributes:
            assert urlsplit(attributes["href"] or "").scheme in LINK_SCHEMES, html
            assert re.match(r"(?i)https?://[^/\\]|mailto:", attributes["href"] or "")
            assert attributes["rel"] == "noopener noreferrer"


@pytest.mark.parametrize("part", range(8))
def test_no_payload_survives_at_any_cut(part: int) -> None:
    checked = set[str]()
    every = [*payloads(), *fenced()]
    assert len(every) >= 500
    for payload in every[part::8]:
        for cut in range(1, len(payload) + 1):
            for block in render(payload[:cut]):
                if block.html not in checked:
                    checked.add(block.html)
                    assert_safe(block.html)


# fmt: off
NAMES = (
    "a", "p", "img", "svg", "math", "form", "input", "script", "style", "iframe", "li",
    "template", "noscript", "table", "td", "mtext", "mglyph", "annotation-xml", "ol",
    "title", "textarea", "select", "option", "hx-partial", "meta", "base", "b", "pre",
    "code", "details", "object", "x-y", "foreignObject", "plaintext", "desc", "xmp",
)
KEYS = (
    "id", "class", "style", "name", "onclick", "onerror", "onload", "hx-get", "lang",
    "hx-on:load", "data-hx-get", "data-x", "href", "src", "srcdoc", "srcset", "start",
    "sse-swap", "xlink:href", "action", "formaction", "title", "align", "ping", "rel",
    "target", "background", "is", "slot", "part", "popovertarget", "autofocus",
)
VALUES = (
    "1", "javascript:owned()", "https://example.com/", "//example.com", "/owned", "`",
    "data:text/html,x", '"><img src=x onerror=owned()>', "&quot;&gt;", "file:///", "'",
    "java\nscript:owned()", "mailto:a@b.example", "<!--", "]]>", "</style>", "load",
)
WORDS = (
    "x", "<", "&lt;img src=x onerror=y&gt;", "-->", "<!--", "</title>", "\0", "</",
    "<?", "<![CDATA[", "]]>", "<a", "&#60;script&#62;", "<p title='", "\u2028",
)
LINES = (
    "# Title", "text", "text *slanted", "more* words", "- item", "  - inner", "1. one",
    "> quote", "```python", "```", "~~~", "    code", "| a | b |", "|---|---|", "", "",
    "| 1 | 2 |", "", "---", "***", "<div>", "<!--", "-->", "\ttab", "===", "&amp;", "`",
    "![x](https://example.com/i.png)", "[x](javascript:y)", "日本語", "  ", "\\",
)
# fmt: on


def _tree(random: Random, depth: int = 4) -> str:
    """Return an element with random attributes and children, perhaps not closed."""
    if not depth or random.random() < 0.2:
        return random.choice(WORDS)
    name, quote = random.choice(NAMES), random.choice("'\" ").strip()
    text = "".join(
        f" {random.choice(KEYS)}={quote}{random.choice(VALUES)}{quote}"
        for _ in range(random.randrange(4))
    )
    inside = "".join(_tree(random, depth - 1) for _ in range(random.randrange(4)))
    return f"<{name}{text}>{inside}{random.choice((f'</{name}>', ''))}"


@settings(max_examples=RANDOM_TREES // 50)
@given(st.integers(0, 2**64))
def test_of_ten_thousand_random_trees_only_the_listed_is_left(seed: int) -> None:
    random = Random(seed)
    for _ in range(50):
        assert_safe(sanitise(_tree(random)))


@settings(max_examples=300)
@given(st.lists(st.sampled_from(LINES), max_size=20))
def test_any_blocks_are_safe(lines: list[str]) -> None:
    for block in render("\n".join(lines)):
        assert_safe(block.html)


@settings(max_examples=200)
@given(st.text(max_size=300))
@example("Is $0$ or $\\frac{a}{b}$, and\n\n$$\n\\cancel{x}\n$$")
def test_any_text_is_safe(text: str) -> None:
    for block in render(text):
        assert_safe(block.html)
        assert '"' not in block.language or block.is_code


def test_raw_html_is_shown_as_text() -> None:
    (block,) = render("a <b>c</b>")
    assert block.html == "<p>a &lt;b&gt;c&lt;/b&gt;</p>\n"


def test_code_is_highlighted_by_elements_without_classes() -> None:
    (block,) = render("```python\ndef f(): return 'x' # y\n```")
    assert block.is_code
    assert block.language == "python"
    assert {"b", "samp", "i", "var"} <= set(Elements(block.html).tags)
    assert "class" not in block.html
    assert "".join(Elements(block.html).words) == "def f(): return 'x' # y\n"


@pytest.mark.parametrize("language", ["", "nonsense", "<b>", "html onload=x"])
def test_code_in_any_language_keeps_its_text(language: str) -> None:
    code = "<script>alert(1)</script>\n"
    (block,) = render(f"```{language}\n{code}```")
    assert_safe(block.html)
    assert "".join(Elements(block.html).words) == code


def test_very_long_code_is_not_highlighted() -> None:
    code = "x = 1\n" * (MAX_HIGHLIGHTED_CHARS // 6 + 1)
    (block,) = render(f"```python\n{code}```")
    assert block.html == code


@pytest.mark.parametrize(
    ("text", "href"),
    [
        ("[x](https://example.com/a?b=c&d)", "https://example.com/a?b=c&d"),
        ("[x](HTTPS://EXAMPLE.COM)", "HTTPS://EXAMPLE.COM"),
        ("<a@example.com>", "mailto:a@example.com"),
        ("[x](javascript:y)", None),
        ("[x](/owned)", None),
        ("[x](//example.com)", None),
        ("[x](file:///etc/passwd)", None),
        ("[x](ftp://example.com)", None),
        ("https://example.com", "https://example.com"),
        ("[x](http:/shell/pick-model)", None),
        ("[x](http:shell)", None),
        ("[x](HTTPS:/x)", None),
        ("[x](http:\\x)", None),
        ("[x](http:\\\\x)", None),
        ("[x](http:///x)", None),
        ("[x](http:/\\x)", None),
        ("[x](http&#58;/x)", None),
        ("[x](http&colon;/x)", None),
        ("[x](http:&sol;x)", None),
        ("[x](http:%2fx)", None),
        ("[x](http:&#9;/x)", None),
        ("[x](<http:/ /x>)", None),
        ("[x](<http: //x>)", None),
        ("[x](http:/&#10;/x)", None),
        ("[x](ht&Tab;tp:/x)", None),
        ("[x](&#1;http:/x)", None),
        ("[x](http:/&#x1;/x)", None),
        ("[x](http:?q)", None),
        ("[x](http:#main)", None),
        ("[x](http://)", None),
        ("[x](http://?q)", None),
        ("[x](https:)", None),
        ("<http:/x>", None),
        ("<https:x>", None),
        ("[x]\n\n[x]: http:/x", None),
        ("![x](http:/x)", None),
        ("[![x](/i.png)](http:/x)", None),
    ],
)
def test_links_lead_to_web_and_mail_only(text: str, href: str | None) -> None:
    (block,) = render(text)
    hrefs = [
        items.get("href") for tag, items in Elements(block.html).found if tag == "a"
    ]
    assert [found for found in hrefs if found] == ([href] if href else [])


def test_an_image_is_named_instead_of_loaded() -> None:
    (block,) = render("![A cat](https://example.com/cat.png) ![](/local.png)")
    assert "<img" not in block.html
    assert "[image: A cat, example.com]" in block.html
    assert "[image: no description]" in block.html
    (image,) = block.images
    assert image.url == "https://example.com/cat.png"
    assert (image.host, image.description) == ("example.com", "A cat")


def test_each_image_is_offered_once_per_block() -> None:
    first, second = render(
        "![a](https://a.example/x) ![b](https://a.example/x)\n\n"
        "> ![c](https://c.example/y)\n> ![d](data:image/png;base64,AAAA)"
    )
    assert [image.host for image in first.images] == ["a.example"]
    assert [image.host for image in second.images] == ["c.example"]


def test_table_cells_keep_their_side() -> None:
    (block,) = render("| a | b |\n|:-:|--:|\n| 1 | 2 |")
    assert '<td align="center">1</td>' in block.html
    assert '<th align="right">b</th>' in block.html
