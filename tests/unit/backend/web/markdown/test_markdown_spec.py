"""The CommonMark specification, and GitHub's additions to it, as Hearth reads them.

Every example gives what the specification says, or is listed with the reason why not.
The list may only shrink: an example that is listed and equal fails.
"""

import re
from enum import Enum
from html.parser import HTMLParser
from pathlib import Path
from typing import Final

import cmarkgfm
import pytest
from cmarkgfm.cmark import Options

from backend.web.markdown.markdown import render
from tests.helpers.elements import Elements

SPEC: Final = Path(__file__).parents[4] / "assets/node_modules/commonmark-spec/spec.txt"
_EXAMPLE: Final = re.compile(r"(?ms)^`{32} example\n(.*?)^\.\n(.*?)^`{32}$")


class Reason(Enum):
    """Why Hearth shows something else."""

    TARGET = (
        "a link leads to the web and to mail only, never to a path or another scheme"
    )
    IMAGE = "an image is named, and loaded when the user asks"
    RAW_HTML = "HTML is shown as text"
    BARE_LINK = "an address is a link without brackets, as on GitHub"


# fmt: off
DIFFERENCES: Final = {
    Reason.TARGET: {
        22, 23, 32, 33, 187, 192, 193, 194, 195, 196, 198, 200, 202, 203, 204,
        205, 206, 214, 215, 216, 217, 218, 404, 419, 422, 433, 473, 474, 482,
        483, 484, 485, 486, 487, 489, 492, 495, 496, 498, 499, 500, 501, 502,
        503, 504, 505, 506, 507, 509, 510, 512, 514, 515, 516, 518, 519, 521,
        522, 527, 528, 529, 530, 532, 533, 534, 535, 539, 540, 541, 542, 543,
        544, 549, 550, 553, 554, 555, 556, 557, 558, 559, 560, 561, 562, 564,
        565, 566, 567, 568, 569, 570, 571, 593, 596, 598, 599, 601, 630, 631,
        642, 643,
    },
    Reason.IMAGE: {
        475, 517, 520, 531, 572, 573, 574, 575, 576, 577, 578, 579, 580, 581,
        582, 583, 584, 585, 586, 587, 588, 589, 591,
    },
    Reason.RAW_HTML: {
        12, 21, 31, 148, 149, 150, 151, 152, 153, 154, 155, 156, 157, 158, 159,
        160, 161, 162, 163, 164, 165, 166, 167, 169, 170, 171, 172, 173, 174,
        176, 177, 178, 179, 180, 181, 182, 183, 184, 185, 186, 188, 189, 190,
        191, 308, 309, 344, 476, 477, 491, 524, 536, 602, 606, 608, 614, 615,
        616, 617, 623, 625, 626, 627, 628, 629,
    },
    Reason.BARE_LINK: {
        611, 612,
    },
}
# fmt: on


def examples() -> list[tuple[str, str]]:
    """Return what the specification writes, and what it makes of it."""
    text = SPEC.read_text(encoding="utf-8").replace("→", "\t")
    return [(match[1], match[2]) for match in _EXAMPLE.finditer(text)]


EXAMPLES: Final = examples() if SPEC.exists() else []
REASONS: Final = {
    number: reason for reason, numbers in DIFFERENCES.items() for number in numbers
}
_BLOCKS: Final = "p|h[1-6]|[ou]l|li|blockquote|hr|table|thead|tbody|tr|td|th"
_MARKS: Final = {"b", "i", "u", "samp", "kbd", "var"}
_SAME: Final = {"s": "del"}
# What is ours in a link, in a list of tasks and in the frame of code.
_LEFT_OUT: Final = {"rel", "class"}


class Normal(HTMLParser):
    """HTML as it is compared: a break is a space, and code has no colours."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.out: list[str] = []
        self.in_code = False
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        data = dict(attrs)
        if tag == "br":
            self.out.append(" ")
        elif tag == "input":
            self.out.append("☑" if "checked" in data else "☐")
        elif not self._is_mark(tag):
            kept = sorted((n, v) for n, v in data.items() if n not in _LEFT_OUT)
            words = "".join(f" {name}={value!r}" for name, value in kept)
            self.out.append(f"<{_SAME.get(tag, tag)}{words}>")
        self.in_code = self.in_code or tag == "pre"

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        self.in_code = self.in_code and tag != "pre"
        if not self._is_mark(tag):
            self.out.append(f"</{_SAME.get(tag, tag)}>")

    def handle_data(self, data: str) -> None:
        self.out.append(data if self.in_code else re.sub(r"\s+", " ", data))

    def _is_mark(self, tag: str) -> bool:
        return tag in _MARKS and (self.in_code or tag == "samp")


def normal(html: str) -> str:
    """Return HTML in the form in which it is compared."""
    parts = re.split(r"(?s)(<pre>.*?</pre>)", "".join(Normal(html).out))
    for index in range(0, len(parts), 2):
        around = rf"\s*(</?(?:{_BLOCKS})(?: [^>]*)?>)\s*"
        parts[index] = re.sub(r"\s+", " ", re.sub(around, r"\1", parts[index]))
    return "".join(parts).strip()


def shown(text: str) -> str:
    """Return what Hearth makes of a text, as one piece of HTML."""
    return "".join(
        f"<pre><code>{block.html}</code></pre>" if block.is_code else block.html
        for block in render(text)
    )


def test_the_specification_is_there() -> None:
    assert len(EXAMPLES) == 652
    assert len(REASONS) == sum(map(len, DIFFERENCES.values()))


@pytest.mark.parametrize("number", range(1, len(EXAMPLES) + 1))
def test_commonmark(number: int) -> None:
    text, html = EXAMPLES[number - 1]
    is_equal = normal(shown(text)) == normal(html)
    if number in REASONS:
        assert not is_equal, f"{number} is as it should be: take it off the list"
    else:
        assert normal(shown(text)) == normal(html)


GFM: Final = (
    # Tables.
    "| a | b |\n|---|---|\n| 1 | 2 |",
    "a | b\n--|--\n1 | 2",
    "| a | b | c |\n|:--|:-:|--:|\n| 1 | 2 | 3 |",
    "| a |\n|---|\n| `x \\| y` and **z \\| w** |",
    "| a | b |\n|---|---|\n| 1 |\n| 1 | 2 | 3 |",
    "| a | b |\n|---|\n| 1 | 2 |",
    "| a | b |\n|---|---|\n| 1 | 2 |\n> said",
    "| a | b |\n|---|---|\n| 1 | 2 |\n\ntext",
    "| a | b |\n|---|---|\n1\n\ntext",
    "| a | b |\n|---|---|",
    "- | a |\n  |---|\n  | 1 |",
    "> | a |\n> |---|\n> | 1 |",
    "| *a* | [b](https://example.com) |\n|---|---|\n| ~~c~~ | `d` |",
    "text\n\n| a |\n|---|\n| 1 |",
    "| a |\n| - |\n| <https://example.com> |",
    # Tasks.
    "- [ ] open\n- [x] done",
    "- [X] done\n- not a task",
    "1. [ ] first\n2. [x] second",
    "- [x] outer\n  - [ ] inner\n  - [x] other",
    "- [] none\n- [y] none",
    "- [x]none",
    "+ [ ] *open* `code`",
    # Struck text.
    "~~gone~~ stays",
    "~gone~ stays",
    "~~not\n\ngone~~",
    "b ~~~a~~~ c",
    "a ~~b *c* d~~ e",
    "~~a~ b",
    "a~~b~~c",
    "~ a~ and ~b ~",
    # Bare addresses.
    "www.example.com",
    "See www.example.com/a?b=c for more.",
    "www.example.com.",
    "(www.example.com/a_(b))",
    "www.example.com/a)))",
    "https://example.com/a",
    "http://example.com, and https://example.org!",
    "https://example.com/?q=(a)",
    "https://example.com/a&hl;",
    "https://example.com/a<b",
    "*https://example.com/a*",
    "a@example.com",
    "a.b-c_d@a.example.com.",
    "a@example and a@",
    "a@example-x.com_",
    "hello@mail+xyz.example isn't",
    "[https://example.com](https://example.org)",
    "`https://example.com`",
    "| https://example.com |\n|---|\n| www.example.org |",
)
"""GitHub's additions, in words of our own; its own library says what they give."""


@pytest.mark.parametrize("text", GFM)
def test_github(text: str) -> None:
    html = cmarkgfm.github_flavored_markdown_to_html(text, Options.CMARK_OPT_UNSAFE)
    assert normal(shown(text)) == normal(html)


@pytest.mark.parametrize("number", sorted(DIFFERENCES[Reason.RAW_HTML]))
def test_html_that_is_text_keeps_every_letter(number: int) -> None:
    text, _ = EXAMPLES[number - 1]
    tags = set(re.findall(r"<[/!?]?\w+", text)) - {"<br", "</br"}
    assert tags <= set(re.findall(r"<[/!?]?\w+", _text_of(shown(text))))


def _text_of(html: str) -> str:
    return "".join(Elements(html).words)
