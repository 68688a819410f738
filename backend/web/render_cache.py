"""Keeps texts as HTML for a while: a page opened again costs no rendering."""

import asyncio
import logging
from collections.abc import Collection, Iterable, Iterator, Sequence
from html import escape
from typing import Final

from backend.web.markdown.markdown import Block, render

log = logging.getLogger("hearth.web")

KEPT_CHARS: Final = 1_000_000
"""How much text is kept rendered, in memory only."""
_TOGETHER_CHARS: Final = 10_000
"""Rendered without a word to the event loop between: going to a thread for each of a
hundred short texts takes longer than rendering them."""


def rendered(text: str) -> list[Block]:
    """Render a text; as it was written where that fails, so that no page does."""
    try:
        return render(text)
    except Exception:
        log.exception("a text could not be rendered")
        return [Block(escape(text, quote=False), is_code=True)]


def _batches(texts: Iterable[str]) -> Iterator[Sequence[str]]:
    together: list[str] = []
    chars = 0
    for text in texts:
        together.append(text)
        chars += len(text)
        if chars >= _TOGETHER_CHARS:
            yield together
            together, chars = [], 0
    if together:
        yield together


def _rendered_together(texts: Sequence[str]) -> dict[str, list[Block]]:
    return {text: rendered(text) for text in texts}


class Rendered:
    """The texts rendered of late. Use on the event loop."""

    def __init__(self, kept_chars: int = KEPT_CHARS) -> None:
        self._kept_chars = kept_chars
        self._kept: dict[str, list[Block]] = {}
        self._chars = 0

    async def prepare(self, texts: Collection[str]) -> None:
        """Render texts beside the event loop, which a long one would hold.

        However long they are, all of them are kept until others are prepared.
        """
        found = {text: self._kept[text] for text in texts if text in self._kept}
        for together in _batches([text for text in texts if text not in found]):
            found |= await asyncio.to_thread(_rendered_together, together)
        for text in texts:
            self._keep(text, found[text])
        while self._chars > self._kept_chars and len(self._kept) > len(texts):
            self._drop(next(iter(self._kept)))

    def blocks(self, text: str) -> list[Block]:
        """Return the blocks of a text, rendered now if it was not prepared."""
        blocks = self._kept.get(text)
        return rendered(text) if blocks is None else blocks

    def _keep(self, text: str, blocks: list[Block]) -> None:
        self._drop(text)
        self._kept[text] = blocks
        self._chars += len(text)

    def _drop(self, text: str) -> None:
        if self._kept.pop(text, None) is not None:
            self._chars -= len(text)
