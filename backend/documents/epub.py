"""Reads books: the pages of an EPUB in the order in which they are read."""

from collections.abc import Iterator
from posixpath import join, normpath
from typing import Final
from urllib.parse import unquote
from xml.etree.ElementTree import Element

from backend.documents.document import (
    DocumentKind,
    DocumentPart,
    DocumentSection,
    LeftOut,
    Omission,
    Unit,
)
from backend.documents.limits import UnreadableError, damaged
from backend.documents.pages import VisibleText, decode_page
from backend.documents.reading import FileReading
from backend.documents.zips import PackedParts, attribute, local

_PAGES: Final = ("application/xhtml+xml", "text/html")


def read(archive: PackedParts) -> FileReading:
    """Read a book by its pages.

    Raises:
        UnreadableError: It is damaged or protected.
    """
    _refuse_protected(archive)
    names = _spine(archive)
    return FileReading(
        kind=DocumentKind.EPUB,
        unit=Unit.SECTION,
        total=len(names),
        parts=_parts(archive, names),
    )


def _parts(archive: PackedParts, names: list[str]) -> Iterator[DocumentPart]:
    pictures, hides = 0, False
    unreadable: list[int] = []
    for number, name in enumerate(names, 1):
        content = archive.read(name)
        decoded = decode_page(content) if content is not None else None
        if decoded is None:
            unreadable.append(number)
            continue
        page = VisibleText(decoded.text)
        pictures += page.pictures
        hides |= any(each.why is Omission.HIDDEN for each in page.left_out())
        titles = [title for title, _ in page.sections if title]
        whole = "\n\n".join(text for _, text in page.sections)
        if whole:
            title = titles[0] if titles else " ".join(page.title.split())[:120]
            yield DocumentSection(number, number, whole, title)
    if unreadable:
        yield LeftOut(Omission.UNREADABLE, len(unreadable), tuple(unreadable))
    if pictures:
        yield LeftOut(Omission.PICTURES, pictures)
    if hides:
        yield LeftOut(Omission.HIDDEN)


def _spine(archive: PackedParts) -> list[str]:
    """Return the names of the pages in their order."""
    container = archive.xml("META-INF/container.xml")
    paths = [attribute(e, "full-path") for e in _named(container, "rootfile")]
    if not paths:
        raise damaged("book")
    package = archive.xml(paths[0])
    folder = paths[0].rpartition("/")[0]
    files = {
        attribute(item, "id"): normpath(join(folder, unquote(attribute(item, "href"))))
        for item in _named(package, "item")
        if attribute(item, "media-type") in _PAGES
    }
    listed = (attribute(ref, "idref") for ref in _named(package, "itemref"))
    names = [files[each] for each in listed if each in files]
    if not names:
        raise damaged("book")
    return names


def _named(root: Element | None, name: str) -> list[Element]:
    return [] if root is None else [e for e in root.iter() if local(e) == name]


def _refuse_protected(archive: PackedParts) -> None:
    """Refuse a book whose pages are encrypted; some encrypt their letters only."""
    for method in _named(archive.xml("META-INF/encryption.xml"), "EncryptionMethod"):
        if "xmlenc" in attribute(method, "Algorithm"):
            raise UnreadableError(
                "This book is protected against copying, so Hearth cannot read it. "
                "Attach a copy without protection."
            )
