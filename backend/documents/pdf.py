"""Reads PDF files page by page."""

import io
import logging
import unicodedata
from collections.abc import Iterator
from typing import Final

from pypdf import PageObject, PasswordType, PdfReader

from backend.documents.document import (
    DocumentKind,
    DocumentPart,
    DocumentSection,
    LeftOut,
    Omission,
    Unit,
)
from backend.documents.limits import UnreadableError, damaged
from backend.documents.reading import FileReading

_PROTECTED: Final = (
    "This PDF is protected by a password. Save a copy without one and attach that."
)
_ENDS: Final = b"%%EOF"
_END_BYTES: Final = 2048
_MOST_STRANGE: Final = 0.3
"""Of a text of whose letters nobody knows the meaning."""


def read(content: bytes) -> FileReading:
    """Read a file by its pages.

    Raises:
        UnreadableError: It is damaged or protected.
    """
    # What it says of damaged files would be words of the file.
    logging.getLogger("pypdf").disabled = True
    try:
        reader = PdfReader(io.BytesIO(content))
        is_closed = reader.is_encrypted and not _opens(reader)
        total = 0 if is_closed else len(reader.pages)
    except MemoryError:
        raise
    except Exception as exc:  # damage makes it raise what it likes
        raise damaged("PDF") from exc
    if is_closed:
        raise UnreadableError(_PROTECTED)
    return FileReading(
        kind=DocumentKind.PDF,
        unit=Unit.PAGE,
        total=total,
        parts=_parts(reader, total, is_whole=_ENDS in content[-_END_BYTES:]),
    )


def _opens(reader: PdfReader) -> bool:
    """Whether it opens without a password: some forbid only to print or change."""
    return reader.decrypt("") is not PasswordType.NOT_DECRYPTED


def _parts(reader: PdfReader, total: int, *, is_whole: bool) -> Iterator[DocumentPart]:
    left_out: dict[Omission, list[int]] = {}
    for number in range(1, total + 1):
        read = _read_page(reader, number)
        if isinstance(read, str):
            yield DocumentSection(number, number, read)
        else:
            left_out.setdefault(read, []).append(number)
    for why, places in left_out.items():
        yield LeftOut(why, len(places), tuple(places))
    if not is_whole:
        yield LeftOut(Omission.CUT_OFF)


def _read_page(reader: PdfReader, number: int) -> str | Omission:
    """Return the text of a page, or why there is none."""
    try:
        page = reader.pages[number - 1]
        text = page.extract_text().strip()
        if text:
            return Omission.UNREADABLE if _is_strange(text) else text
        return Omission.PICTURE_PAGES if _shows_something(page) else Omission.EMPTY
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001 one damaged page must not hide the others
        return Omission.UNREADABLE


def _is_strange(text: str) -> bool:
    """Whether a font does not say which letters its shapes are."""
    letters = [char for char in text if not char.isspace()]
    strange = sum(unicodedata.category(char) in ("Cc", "Cn", "Co") for char in letters)
    return strange + text.count("\ufffd") > _MOST_STRANGE * len(letters)


def _shows_something(page: PageObject) -> bool:
    contents = page.get_contents()
    return contents is not None and bool(contents.get_data().strip())
