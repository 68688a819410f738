"""Keeps texts as HTML for a while: a page opened again costs no rendering."""

import asyncio
import logging
from collections.abc import Collection
from html import escape
from typing import Final

from backend.web.markdown import Block, render

log = logging.getLogger("hearth.web")

KEPT_CHARS: Final = 1_000_000
"""How much text is kept rendered, in memory only."""


def rendered(text: str) -> list[Block]:
    """Render a text; as it was written where that fails, so that no page does."""
    try:
        return render(text)
    except Exception:
        log.exception("a text could not be rendered")
        return [Block(escape(text, quote=False), is_code=True)]


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
        for text in texts:
            blocks = self._kept.get(text)
            if blocks is None:
                blocks = await asyncio.to_thread(rendered, text)
            self._keep(text, blocks)
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
