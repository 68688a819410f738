"""Reads Word documents: paragraphs, headings, lists, tables and footnotes."""

import re
from collections.abc import Iterator
from typing import Final
from xml.etree.ElementTree import Element

from backend.documents.document import (
    DocumentKind,
    DocumentPart,
    DocumentSection,
    LeftOut,
    Omission,
    Unit,
)
from backend.documents.limits import damaged
from backend.documents.reading import FileReading
from backend.documents.zips import PackedParts, attribute, local

_HEADING: Final = re.compile(r"heading (\d)", re.I)
_SKIPPED: Final = frozenset(
    # Deleted or moved away; the second form of what is there already; settings.
    ("del", "moveFrom", "Fallback", "pPr", "rPr", "tblPr", "trPr", "tcPr", "sectPr")
)
_SIGNS: Final = {"tab": "\t", "br": "\n", "cr": "\n", "noBreakHyphen": "-"}
_MOST_DEPTH: Final = 200


def read(archive: PackedParts) -> FileReading:
    """Read a document by its headings.

    Raises:
        UnreadableError: It is damaged.
    """
    name = _main_part(archive)
    root = archive.xml(name)
    if root is None:
        raise damaged("Word document")
    folder = name.rpartition("/")[0]
    text = _Text(_levels(archive.xml(f"{folder}/styles.xml")))
    text.add(root)
    text.add_notes(archive.xml(f"{folder}/footnotes.xml"))
    text.add_notes(archive.xml(f"{folder}/endnotes.xml"))
    sections = [(title, "\n".join(lines).strip()) for title, lines in text.sections]
    filled = [(title, whole) for title, whole in sections if whole]
    return FileReading(
        kind=DocumentKind.WORD,
        unit=Unit.SECTION,
        total=len(filled),
        parts=_parts(filled, text),
    )


def _parts(filled: list[tuple[str, str]], text: "_Text") -> Iterator[DocumentPart]:
    for number, (title, whole) in enumerate(filled, 1):
        yield DocumentSection(number, number, whole, title)
    if text.pictures:
        yield LeftOut(Omission.PICTURES, text.pictures)
    if text.hides:
        yield LeftOut(Omission.HIDDEN)


def _main_part(archive: PackedParts) -> str:
    links = archive.xml("_rels/.rels")
    for link in links if links is not None else ():
        if attribute(link, "Type").endswith("/officeDocument"):
            return attribute(link, "Target").lstrip("/")
    return "word/document.xml"


def _levels(styles: Element | None) -> dict[str, int]:
    """Return the level of headings by their styles, whose names are English always."""
    levels: dict[str, int] = {}
    for style in styles if styles is not None else ():
        names = [attribute(e, "val") for e in style if local(e) == "name"]
        named = names[0] if names else ""
        if found := _HEADING.fullmatch(named):
            levels[attribute(style, "styleId")] = int(found[1])
        elif named.lower() == "title":
            levels[attribute(style, "styleId")] = 1
    return levels


class _Text:
    """The text of a document while it is gathered."""

    def __init__(self, levels: dict[str, int]) -> None:
        self.sections: list[tuple[str, list[str]]] = [("", [])]
        self.pictures = 0
        self.hides = False
        self._levels = levels

    def add(self, element: Element, depth: int = 0) -> None:
        """Take the paragraphs and tables in an element."""
        if depth > _MOST_DEPTH:
            raise damaged("Word document")
        for child in element:
            match local(child):
                case "p":
                    self._add_paragraph(child)
                case "tbl":
                    self.sections[-1][1].extend(["", *self._rows(child, depth), ""])
                case name:
                    if name not in _SKIPPED:
                        self.add(child, depth + 1)

    def add_notes(self, notes: Element | None) -> None:
        """Take foot- or endnotes; the first ones are lines that part them."""
        for note in notes if notes is not None else ():
            text = " ".join(self._words(note).split())
            if text and not attribute(note, "type"):
                self.sections[-1][1].append(f"[{attribute(note, 'id')}] {text}")

    def _add_paragraph(self, paragraph: Element) -> None:
        text = self._words(paragraph).strip()
        if not text:
            return
        style, is_item = _style_of(paragraph)
        if level := self._levels.get(style):
            title = " ".join(text.split())
            self.sections.append((title[:120], [f"{'#' * level} {title}", ""]))
        else:
            self.sections[-1][1].extend([f"- {text}"] if is_item else [text, ""])

    def _rows(self, table: Element, depth: int) -> Iterator[str]:
        for row in _below(table, "tr"):
            cells = (" ".join(self._words(c, depth).split()) for c in _below(row, "tc"))
            yield " | ".join(cells)

    def _words(self, element: Element, depth: int = 0) -> str:
        if depth > _MOST_DEPTH:
            raise damaged("Word document")
        said: list[str] = []
        for child in element:
            name = local(child)
            if name == "t":
                said.append(child.text or "")
            elif name == "r" and _is_hidden(child):
                self.hides = True
            elif name in ("footnoteReference", "endnoteReference"):
                said.append(f"[{attribute(child, 'id')}]")
            elif name in _SIGNS:
                said.append(_SIGNS[name])
            elif name not in _SKIPPED:
                self.pictures += name in ("blip", "imagedata")
                said.append(self._words(child, depth + 1))
                said.extend(["\n"] if name in ("p", "tr") else [])
        return "".join(said)


def _below(element: Element, name: str) -> Iterator[Element]:
    """Yield children of a name, also those inside of a content control."""
    for child in element:
        if local(child) == name:
            yield child
        elif local(child) in ("sdt", "sdtContent", "ins"):
            yield from _below(child, name)


def _style_of(paragraph: Element) -> tuple[str, bool]:
    """Return the style of a paragraph, and whether it is an item of a list."""
    settings = [e for each in paragraph if local(each) == "pPr" for e in each]
    style = next((attribute(e, "val") for e in settings if local(e) == "pStyle"), "")
    return style, any(local(e) == "numPr" for e in settings)


def _is_hidden(run: Element) -> bool:
    settings = (e for each in run if local(each) == "rPr" for e in each)
    return any(
        local(e) == "vanish" and attribute(e, "val") not in ("0", "false")
        for e in settings
    )
