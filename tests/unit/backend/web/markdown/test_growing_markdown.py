"""What is finished of a growing text is the same as in the whole text."""

import re
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.web.formulas.mathml import undrawn
from backend.web.markdown.growing_markdown import (
    OPEN_CHARS,
    STEP_CHARS,
    GrowingMarkdown,
    Step,
)
from backend.web.markdown.markdown import Block, render

ALL: int = 10**9
# fmt: off
LINES = (
    "# Title", "text", "text *slanted", "more* words", "- item", "  - inner", "1. one",
    "> quote", "```python", "```", "~~~", "    code", "| a | b |", "|---|---|", "", "",
    "| 1 | 2 |", "", "---", "***", "<div>", "<!--", "-->", "\ttab", "===", "&amp;", "`",
    "![x](https://example.com/i.png)", "[x](javascript:y)", "日本語", "  ", "\\",
    "$$", "$$", "  $$", "x = 1 $$", "$$ y", "\\[", "\\]", "a \\] b", "\\(z", "> $$",
    "- [x] done", "see[^1]", "[^1]: note", "    goes on", "www.example.com", "a<br>b",
    "- $$", "<sub>a", "</sub>", "**「重点」**内", "مرحبا", "~one~",
)
# fmt: on


def stream(text: str, cuts: Sequence[int], open_chars: int = OPEN_CHARS) -> Step:
    """Return how a text looks that came in pieces."""
    growing = GrowingMarkdown(open_chars=open_chars, marked_chars=ALL)
    step = growing.grow("")
    for cut in [*cuts, len(text)]:
        while growing.is_behind(text[:cut]):
            step = growing.grow(text[:cut])
    return step


@settings(max_examples=300)
@given(
    st.lists(st.sampled_from(LINES), max_size=20),
    st.sampled_from(["\n", "\r\n", "\r"]),
    st.data(),
)
def test_streamed_blocks_and_tail_are_the_whole(
    lines: list[str], end: str, data: st.DataObject
) -> None:
    text = end.join([*lines, ""])
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=8)))
    step = stream(text, cuts)
    text = text.removesuffix("\r")  # it may be half a line break
    settled, whole = len(step.blocks), render(text)
    assert list(step.blocks) == whole[:settled]
    growing = render(text, is_growing=True)  # a formula may be closed yet
    assert list(step.tail) in (whole[settled:], growing[settled:])


DEFINED = "[docs]: https://docs.example 'Title'\n> quoted\n>\n> [1]: /one\n\n"
# fmt: off
LINKS = (
    "[docs]", "see [the docs][DOCS] and [x][1]", "![docs]", "[docs][]", "- [x][1]",
    "> [docs]", "| [docs] | [1] |", "[1]: /another", "[docs]: https://other.example",
)
# fmt: on


@settings(max_examples=200)
@given(st.lists(st.sampled_from([*LINES, *LINKS]), max_size=20), st.data())
def test_links_defined_before_are_links_while_the_text_grows(
    lines: list[str], data: st.DataObject
) -> None:
    text = DEFINED + "\n".join([*lines, ""])
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=8)))
    step = stream(text, cuts)
    settled, whole = len(step.blocks), render(text)
    assert list(step.blocks) == whole[:settled]
    growing = render(text, is_growing=True)
    assert list(step.tail) in (whole[settled:], growing[settled:])


@pytest.mark.parametrize("cut", range(0, 80, 7))
def test_a_definition_far_above_is_known_in_pieces_of_a_long_block(cut: int) -> None:
    words = " ".join(f"word {i} [docs] and [x {i}][1]" for i in range(60))
    text = f"{DEFINED}First.\n\n# Next\n\n{words}\n\n- {words}\n- [docs]\n\n# Last\n"
    step = stream(text, range(cut, len(text), 80), open_chars=100)
    assert [*step.blocks, *step.tail] == render(text)


def test_a_definition_that_is_still_written_is_not_kept() -> None:
    text = "One.\n\n[docs]: https://docs.exam"
    step = stream(text + "ple/x\n\nTwo [docs].\n\nThree.", [len(text)])
    assert 'href="https://docs.example/x"' in [*step.blocks, *step.tail][1].html


def test_a_line_that_grows_settles_nothing() -> None:
    text = "1. one\n-->"
    for cut in range(len(text)):
        step = stream(text, [cut])
        assert [*step.blocks, *step.tail] == render(text), cut


TIGHT = "\n".join(f"- item {i} has *some* `words`" for i in range(90))
LOOSE = "\n\n".join(f"{i}) item {i}\n\n    and more" for i in range(1, 60))
TABLE = "| a | b |\n|---|--:|\n" + "\n".join(f"| {i} | *x* |" for i in range(90))
CODE = "x = '''\n" + "\n".join(f"    line {i}" for i in range(90)) + "\n'''"
WORDS = " ".join(f"word {i} *slanted {i}* and `code {i}`" for i in range(90))
LONG = {
    "list": TIGHT,
    "numbers": TIGHT.replace("- item", "7) item"),
    "loose list": LOOSE,
    "table": TABLE,
    "code": f"```\n{CODE}\n```",
    "code in tildes": f"~~~~\n{CODE}\n~~~\n~~~~",
    "indented code": "\n".join(f"    line {i}" for i in range(90)),
    "paragraph": WORDS,
    "formulas": " ".join(f"word {i} \\(a b {i} c\\) then" for i in range(90)),
    "lines": WORDS.replace(" and ", "\nand "),
    "Chinese": "这是一段很长的文字。" * 90,
    "quotation": "\n>\n".join(f"> *part* {i}" for i in range(90)),
}


@pytest.mark.parametrize("name", LONG)
@settings(max_examples=15)
@given(data=st.data())
def test_a_long_block_is_finished_in_pieces_that_are_the_whole(
    name: str, data: st.DataObject
) -> None:
    text = f"# First\n\n{LONG[name]}\n\n# Last\n"
    places = st.lists(st.integers(0, len(text)), min_size=20, max_size=40)
    step = stream(text, sorted(data.draw(places)), open_chars=100)
    blocks, whole = [*step.blocks, *step.tail], render(text)
    if name == "loose list":  # an item alone may look as in a tight one till the end
        assert words(blocks) == words(whole)
        assert len(blocks) == len(whole)
    else:
        assert blocks == whole


ENDED = LONG | {
    "table": "\n".join(TABLE.split("\n")[:18]),
    "code with gaps": "\n\n\n".join(f"    line {i}" for i in range(20)),
    "digits": "3.14159265358979" * 30,
}
# fmt: off
ENDS = (
    "\n\n# Last\n", "\n# Last\n", "\n\n[docs]: /one\n\n# Last\n", "\n\n---\n",
    "\n \n\n\nText.\n\n---\n", "\n\n> quoted\n\nLast.\n", "\n\n```\ncode\n```\n",
    "\n\n<div>\n", "\n\n$$\nx\n$$\n\nLast.\n", "\n\n+ one\n+ two\n\n# Last\n",
    "\n\n| c |\n|---|\n| 1 |\n",
)
# fmt: on


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("name", ENDED)
def test_a_long_block_may_end_wherever_it_was_cut_last(name: str, end: str) -> None:
    lines = ENDED[name].split("\n")
    block = "\n".join([*lines[:9], *lines[-9:]] if len(lines) > 18 else lines)[:1500]
    text = f"# First\n\n{block}{end}"
    whole = render(text)
    for cut in range(len(text) - len(end) - 2, len(text)):
        step = stream(text, [cut], open_chars=100)
        assert [*step.blocks, *step.tail] == whole, cut


LINES_ALONE = {"paragraph", "Chinese", "formulas"}


def words(blocks: Sequence[Block]) -> list[str]:
    return re.sub(r"</?p>", "", "".join(block.html for block in blocks)).split()


@pytest.mark.parametrize("name", LONG)
def test_what_is_open_stays_short_however_long_the_block(name: str) -> None:
    text = LONG[name] * 12 if name in LINES_ALONE else LONG[name]
    growing = GrowingMarkdown(open_chars=100, marked_chars=ALL)
    step = growing.grow("")
    longest, sent, pieces = 0, 0, 0
    for cut in range(0, len(text), 50):
        step = growing.grow(text[:cut])
        longest = max(longest, size(step.tail))
        sent += sum(size(fresh.blocks) for fresh in step.fresh)
        pieces += len(step.fresh)
    assert longest < 2_500
    assert pieces >= 10
    assert len(step.blocks) == 1
    whole = size(render(text))
    assert whole / 2 < sent < whole * (4 if name == "table" else 2)


def size(blocks: Sequence[Block]) -> int:
    return sum(len(undrawn(block.html)) for block in blocks)


@settings(max_examples=200)
@given(
    st.lists(st.sampled_from([*LINES, "a word " * 30, "- b\n- c", "| 1 |\n" * 9])),
    st.data(),
)
def test_pieces_of_any_text_have_all_its_words_once(
    lines: list[str], data: st.DataObject
) -> None:
    words = [f"{line}\nw{number}w" for number, line in enumerate(lines)]
    text = "\n".join(words)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=30)))
    step = stream(text, cuts, open_chars=data.draw(st.integers(20, 200)))
    shown = "".join(block.html for block in (*step.blocks, *step.tail))
    for number in range(len(lines)):
        assert shown.count(f"w{number}w") <= 1


def test_a_fast_text_is_taken_in_by_steps() -> None:
    text = "word " * STEP_CHARS
    growing = GrowingMarkdown(marked_chars=ALL)
    growing.grow(text)
    assert growing.taken == STEP_CHARS
    assert growing.is_behind(text)


def test_half_a_line_break_at_the_end_waits() -> None:
    growing = GrowingMarkdown(marked_chars=ALL)
    growing.grow("a\r")
    assert not growing.is_behind("a\r")
    step = growing.grow("a\r\nb\n\n")
    assert [*step.blocks, *step.tail] == render("a\nb")


@settings(max_examples=100)
@given(st.lists(st.sampled_from(LINES), max_size=20), st.data())
def test_a_text_that_has_ended_leaves_nothing_open(
    lines: list[str], data: st.DataObject
) -> None:
    text = "\n".join(lines)
    growing = GrowingMarkdown(marked_chars=ALL)
    for cut in sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=8))):
        growing.grow(text[:cut])
    step = growing.finish(text)
    assert not step.tail
    assert words(list(step.blocks)) == words(render(text))
