"""What is finished of a growing text is the same as in the whole text."""

from hypothesis import given, settings
from hypothesis import strategies as st

from backend.growing_markdown import settled_length
from backend.markdown import Block, render

# fmt: off
LINES = (
    "# Title", "text", "text *slanted", "more* words", "- item", "  - inner", "1. one",
    "> quote", "```python", "```", "~~~", "    code", "| a | b |", "|---|---|", "", "",
    "| 1 | 2 |", "", "---", "***", "<div>", "<!--", "-->", "\ttab", "===", "&amp;", "`",
    "![x](https://example.com/i.png)", "[x](javascript:y)", "日本語", "  ", "\\",
)
# fmt: on


def _stream(text: str, cuts: list[int]) -> tuple[list[Block], list[Block]]:
    """Return what was settled and the open tail, as the stream of an answer does."""
    settled, blocks = 0, list[Block]()
    for cut in [*cuts, len(text)]:
        grown = text[settled:cut]
        length = settled_length(grown)
        blocks += render(grown[:length])
        settled += length
    return blocks, render(text[settled:])


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(LINES), max_size=20), st.data())
def test_streamed_blocks_and_tail_are_the_whole(
    lines: list[str], data: st.DataObject
) -> None:
    text = "\n".join(lines)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=8)))
    blocks, tail = _stream(text, cuts)
    assert blocks + tail == render(text)


def test_a_line_that_grows_settles_nothing() -> None:
    text = "1. one\n-->"
    for cut in range(len(text)):
        blocks, tail = _stream(text, [cut])
        assert blocks + tail == render(text), cut
