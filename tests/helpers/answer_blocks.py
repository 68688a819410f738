"""What a page shows of an answer, put together of what it hears."""

import re
from collections.abc import Mapping, Sequence
from typing import Final

_BLOCK: Final = re.compile(r"(?=<div hx-disable>|<div data-kept>|<form class=\"remote)")
_PROSE: Final = re.compile(
    r'(?s)<div class="blocks"(?: data-shown="(\d+)")?>(.*?)</div>\s*'
    r'(?:<div class="tail">(.*?)</div>\s*<div class="wait">.*?</p>\s*)?</div>\s*'
    r'(?:<p class="note|<div class="message-actions|</article>)'
)
_CODE: Final = re.compile(r"(?s)(<pre.*?</pre>)")


class ShownAnswer:
    """The blocks of an answer, as messages.js has them in a page.

    Attributes:
        kept: Which of them its end left alone.
    """

    kept: Sequence[bool] = ()

    def __init__(self, html: str) -> None:
        """Begin with a page as it was rendered."""
        self._render(html)

    def _render(self, html: str) -> None:
        found = _PROSE.search(html)
        assert found, html
        self.blocks, self.tail = _split(found[2]), _split(found[3] or "")

    def hear(self, event: Mapping[str, str]) -> None:
        """Take an event as a page does."""
        html = event["html"]
        match event["part"]:
            case "whole":
                self._render(html)
            case "cleared":
                self.blocks = self.tail = []
            case "tail":
                self.tail = _split(html)
            case "blocks" if into := event.get("into"):
                self.blocks[-1] = _joined(self.blocks[-1], html, into)
                self.tail = []
            case "blocks":
                self.blocks += _split(html)
                self.tail = []
            case "ended":
                self._end(html)
            case _:
                pass

    def _end(self, html: str) -> None:
        found = _PROSE.search(html)
        assert found, html
        assert (len(self.blocks), self.tail) == (int(found[1]), [])
        had, now = iter(self.blocks), _split(found[2])
        old = ["" if block.startswith("<form") else next(had, "") for block in now]
        self.kept = [block.startswith("<div data-kept>") for block in now]
        found_blocks = zip(self.kept, old, now, strict=True)
        self.blocks = [
            one if is_kept else other for is_kept, one, other in found_blocks
        ]


def bare(html: str) -> str:
    """Return HTML without the white space that shows nothing.

    A space at the end of a paragraph stays: the next piece of it goes on from there.
    """
    parts = _CODE.split(html)
    for number in range(0, len(parts), 2):
        words = re.sub(r"\s+", " ", parts[number])
        parts[number] = re.sub(r"(?<=>) | (?=<(?!/p>))", "", words)
    return "".join(parts)


def _split(html: str) -> list[str]:
    return [block for block in _BLOCK.split(bare(html)) if block]


def _joined(block: str, html: str, into: str) -> str:
    (more,) = _split(html)
    inside, end = more.index(">", more.index(f"<{into}")) + 1, more.rindex(f"</{into}>")
    place = block.rindex(f"</{into}>")
    return block[:place] + more[inside:end] + block[place:]
