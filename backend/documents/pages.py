"""Reads web pages: what a person would see of them, with headings, lists and tables."""

import re
from collections.abc import Iterable, Iterator
from html.parser import HTMLParser
from typing import Final

from backend.documents.document import (
    DocumentKind,
    DocumentPart,
    DocumentSection,
    LeftOut,
    Omission,
    Unit,
)
from backend.documents.encodings import Decoded, decode
from backend.documents.reading import FileReading
from backend.documents.texts import omissions

_CHARSET: Final = re.compile(
    rb"""<(?:meta|\?xml)\b[^>]*?(?:charset|encoding)=["']?\s*([\w-]+)""", re.I
)
_OPENING: Final = re.compile(
    r"\s*(?:<\?xml[^>]*>\s*|<!--.*?-->\s*)*<(?:!doctype html|html|head|body)\b",
    re.I | re.S,
)
_CLOSED_ITSELF: Final = re.compile(
    r"<(title|script|style|iframe|textarea|noscript|template|object|canvas)\b([^<>]*)/>",
    re.I,
)
_HIDING: Final = re.compile(r"(?:display\s*:\s*none|visibility\s*:\s*hidden)", re.I)
_UNSHOWN: Final = frozenset(
    (
        *("script", "style", "template", "noscript", "iframe", "object"),
        *("canvas", "svg", "select", "datalist", "audio", "video"),
    )
)
_BLOCKS: Final = frozenset(
    (
        *("address", "article", "aside", "blockquote", "body", "dd"),
        *("details", "dialog", "div", "dl", "dt", "fieldset"),
        *("figcaption", "figure", "footer", "form", "h1", "h2"),
        *("h3", "h4", "h5", "h6", "header", "hr"),
        *("html", "li", "main", "nav", "ol", "p"),
        *("pre", "section", "summary", "table", "tbody", "tfoot"),
        *("thead", "tr", "ul"),
    )
)
_VOID: Final = frozenset(
    (
        *("area", "base", "br", "col", "embed", "hr", "img"),
        *("input", "link", "meta", "source", "track", "wbr"),
    )
)
_ENDS_BEFORE: Final = {
    "p": _BLOCKS - {"body", "html", "p"} | {"p"},
    **dict.fromkeys(("dt", "dd"), frozenset(("dt", "dd"))),
    **dict.fromkeys(("td", "th"), frozenset(("td", "th", "tr", "tbody", "tfoot"))),
    "li": frozenset(("li",)),
    "tr": frozenset(("tr", "tbody", "tfoot")),
    "head": frozenset(("body",)),
}
"""An element that is still open ends where one of these begins."""
_HEADINGS: Final = ("h1", "h2", "h3", "h4", "h5", "h6")
_SPACE: Final = re.compile(r"[ \t\n\r\f\xa0]+")
_TITLE_CHARS: Final = 120


def is_html(text: str) -> bool:
    """Whether text is a web page, whatever its file is called."""
    return bool(_OPENING.match(text[:10_000]))


def decode_page(content: bytes) -> Decoded | None:
    """Return the source of a page, in the encoding it names."""
    found = _CHARSET.search(content[:4096])
    return decode(content, found[1].decode("ascii") if found else "")


def read(decoded: Decoded) -> FileReading:
    """Read a page by its headings."""
    page = VisibleText(decoded.text)
    return FileReading(
        kind=DocumentKind.HTML,
        unit=Unit.SECTION,
        total=len(page.sections),
        parts=_parts(page, decoded),
    )


def _parts(page: "VisibleText", decoded: Decoded) -> Iterator[DocumentPart]:
    for number, (title, text) in enumerate(page.sections, 1):
        yield DocumentSection(number, number, text, title)
    yield from page.left_out()
    yield from omissions(decoded)


class VisibleText(HTMLParser):
    """What is seen of a page.

    Attributes:
        sections: The title and the text of what stands below each heading.
        title: What the page calls itself.
        pictures: How many it shows.
    """

    def __init__(self, source: str) -> None:
        super().__init__()
        self.title = ""
        self.pictures = 0
        self._open: list[str] = []
        self._hidden_from: int | None = None
        self._hides = False
        self._held: list[str] = []
        self._heading: int | None = None
        self._cut: list[tuple[str, list[str]]] = [("", self._held)]
        self.feed(_CLOSED_ITSELF.sub(r"<\1\2></\1>", source))
        self.close()
        self.sections = [*_filled(self._cut)]

    def left_out(self) -> Iterable[LeftOut]:
        """Yield what of it is not among its text."""
        if self.pictures:
            yield LeftOut(Omission.PICTURES, self.pictures)
        if self._hides:
            yield LeftOut(Omission.HIDDEN)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Open an element, and end what it cannot stand in."""
        while self._open and tag in _ENDS_BEFORE.get(self._open[-1], ()):
            self.handle_endtag(self._open[-1])
        known = dict(attrs)
        if tag not in _VOID:
            self._open.append(tag)
            if self._hidden_from is None and _is_hidden(tag, known):
                self._hidden_from = len(self._open)
                self._hides |= tag not in _UNSHOWN
        if self._hidden_from is None:
            self._begin(tag, known)

    def handle_endtag(self, tag: str) -> None:
        """End an element and what is still open in it."""
        if tag not in self._open[-200:]:
            return
        while self._open:
            depth, ended = len(self._open), self._open.pop()
            if self._hidden_from is None:
                self._end(ended)
            elif depth == self._hidden_from:
                self._hidden_from = None
            if ended == tag:
                return

    def handle_data(self, data: str) -> None:
        """Take text, unless it is hidden."""
        if self._hidden_from is not None:
            return
        if "title" in self._open[-1:]:
            self.title += data
        elif "pre" in self._open[-10:]:
            self._held.append(data.replace(" ", "\xa0").replace("\n", "\v"))
        else:
            self._held.append(_SPACE.sub(" ", data))

    def _begin(self, tag: str, attributes: dict[str, str | None]) -> None:
        if tag in _HEADINGS:
            self._held = []
            self._cut.append(("", self._held))
            self._held.append("#" * int(tag[1]) + " ")
        elif tag in _BLOCKS or tag == "br":
            self._held.append("\n" if tag in ("br", "li", "tr") else "\n\n")
        if tag == "li":
            self._held.append("- ")
        elif tag in ("img", "image"):
            self.pictures += 1
            self._held.append(_SPACE.sub(" ", attributes.get("alt") or ""))

    def _end(self, tag: str) -> None:
        if tag in ("td", "th"):
            self._held.append(" | ")
        elif tag in _HEADINGS:
            title = " ".join("".join(self._held).lstrip("# ").split())
            self._cut[-1] = (title[:_TITLE_CHARS], self._held)
            self._held.append("\n\n")
        elif tag in _BLOCKS:
            self._held.append("\n" if tag in ("li", "tr") else "\n\n")


def _is_hidden(tag: str, attributes: dict[str, str | None]) -> bool:
    style = attributes.get("style") or ""
    return tag in _UNSHOWN or "hidden" in attributes or bool(_HIDING.search(style))


def _filled(cut: list[tuple[str, list[str]]]) -> Iterator[tuple[str, str]]:
    for title, held in cut:
        if text := _tidy("".join(held)):
            yield title, text


def _tidy(text: str) -> str:
    lines = (
        re.sub(" +", " ", line).strip(" ").removesuffix(" |")
        for line in text.split("\n")
    )
    whole = re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
    whole = whole.replace("\v", "\n").replace("\xa0", " ")
    return whole if whole.strip("#- |\n") else ""
