"""Reads the elements of a piece of HTML."""

from html.parser import HTMLParser
from typing import Final

# fmt: off
DRAWN_ATTRIBUTES: Final = frozenset({
    "accent", "accentunder", "alttext", "class", "columnspan", "depth", "display",
    "displaystyle", "fence", "form", "height", "largeop", "linethickness", "lspace",
    "mathvariant", "maxsize", "minsize", "movablelimits", "notation", "rspace",
    "scriptlevel", "separator", "stretchy", "symmetric", "voffset", "width",
})
# fmt: on
"""What may stand at the elements of a formula."""


class Elements(HTMLParser):
    """Collects every element with its attributes, and the text around them."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.odd: list[str] = []
        self.words: list[str] = []
        self.linked: list[str] = []
        self._in_link = False
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        self._in_link = tag == "a" or (self._in_link and tag != "a")
        if tag == "a" and "href" in dict(attrs):
            self.linked.append("")

    def handle_endtag(self, tag: str) -> None:
        self._in_link = self._in_link and tag != "a"

    def handle_data(self, data: str) -> None:
        self.words.append(data)
        if self._in_link and self.linked:
            self.linked[-1] += data

    def handle_comment(self, data: str) -> None:
        self.odd.append(data)

    def handle_decl(self, decl: str) -> None:
        self.odd.append(decl)

    handle_pi = unknown_decl = handle_comment

    @property
    def tags(self) -> list[str]:
        return [tag for tag, _ in self.found]
