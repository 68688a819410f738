"""Says what a file is by what is in it; its name only tells kinds of text apart."""

from typing import Final

from backend.documents import epub, pages, tables, texts, word
from backend.documents.encodings import decode
from backend.documents.limits import UnreadableError, damaged
from backend.documents.reading import FileReading
from backend.documents.zips import PackedParts

_CONVERT: Final = "This is {what}, which Hearth cannot read. {how}"
_AS_WORD: Final = "Open it in its program, save it as .docx or PDF, and attach that."
_AS_PDF: Final = "Open it in its program, save it as PDF, and attach that."
_AS_CSV: Final = "Open it in its program, save the sheet as CSV, and attach that."
_UNPACK: Final = "Unpack it and attach the files you need."
_AS_TEXT: Final = "Attach a text about it instead."
_PICTURE: Final = "Attach it as a picture, to a model that sees."

# By the first bytes.
_FOREIGN: Final = (
    (b"{\\rtf", "a Rich Text file", _AS_WORD),
    (b"\x89PNG", "a picture", _PICTURE),
    (b"\xff\xd8\xff", "a picture", _PICTURE),
    (b"GIF8", "a picture", _PICTURE),
    (b"II*\0", "a picture", _PICTURE),
    (b"MM\0*", "a picture", _PICTURE),
    (b"\x1f\x8b", "an archive", _UNPACK),
    (b"BZh", "an archive", _UNPACK),
    (b"\xfd7zXZ\0", "an archive", _UNPACK),
    (b"7z\xbc\xaf\x27\x1c", "an archive", _UNPACK),
    (b"\x28\xb5\x2f\xfd", "an archive", _UNPACK),
    (b"Rar!", "an archive", _UNPACK),
    (b"\x7fELF", "a program", _AS_TEXT),
    (b"MZ", "a program", _AS_TEXT),
    (b"ID3", "a recording", "Write down what is said in it, and attach that."),
    (b"OggS", "a recording", "Write down what is said in it, and attach that."),
    (b"fLaC", "a recording", "Write down what is said in it, and attach that."),
    (b"SQLite format 3\0", "a database", "Export the table you need as CSV."),
    (b"AT&TFORM", "a DjVu document", "Convert it to PDF and attach that."),
)
# By bytes at a place.
_INSIDE: Final = (
    (60, b"BOOKMOBI", "a Kindle book", "Convert it to EPUB and attach that."),
    (257, b"ustar", "an archive", _UNPACK),
    (4, b"ftyp", "a film or recording", "Write down what is said in it."),
    (8, b"WEBP", "a picture", _PICTURE),
    (8, b"WAVE", "a recording", "Write down what is said in it, and attach that."),
    (8, b"AVI ", "a film", "Write down what is said in it, and attach that."),
)
_COMPOUND: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
# Old Office files name their streams in UTF-16.
_STREAMS: Final = (
    ("EncryptedPackage", "a file with a password", "Save a copy without one."),
    ("WordDocument", "an old Word document (.doc)", _AS_WORD),
    ("Workbook", "an old Excel file (.xls)", _AS_CSV),
    ("PowerPoint Document", "an old PowerPoint file (.ppt)", _AS_PDF),
    ("__properties_version1.0", "an Outlook message", "Save it as text or PDF."),
)
# By the beginning of a name in an archive.
_PACKED: Final = (
    ("xl/", "an Excel file", _AS_CSV),
    ("ppt/", "a PowerPoint file", _AS_PDF),
    ("Index/", "a file of Pages, Numbers or Keynote", _AS_PDF),
    ("content.xml", "a document of LibreOffice", _AS_WORD),
)
_UNKNOWN: Final = (
    "Hearth cannot read this kind of file. Attach text, a table as CSV, a PDF, a Word "
    "document, a web page or an EPUB book."
)
_WORDLIKE: Final = 3
"""Letters that text may begin with as well."""
_PDF_WITHIN: Final = 1024
_ZIP: Final = b"PK\x03\x04"


def open_reading(content: bytes, name: str) -> FileReading:
    """Begin to read a file.

    Raises:
        UnreadableError: It cannot be read; the sentence says what to do next.
    """
    if not content.strip(b"\0 \t\r\n"):
        raise UnreadableError(
            "This file is empty. Save it again in its program, then attach it anew."
        )
    if b"%PDF-" in content[:_PDF_WITHIN]:
        from backend.documents import pdf  # noqa: PLC0415 its library is slow to load

        return pdf.read(content)
    if content.startswith(_ZIP):
        return _packed(PackedParts(content))
    _refuse_foreign(content)
    return _text(content, name)


def _text(content: bytes, name: str) -> FileReading:
    decoded = decode(content)
    if decoded is None:
        raise _unknown(name)
    if pages.is_html(decoded.text) or name.lower().endswith(
        (".html", ".htm", ".xhtml")
    ):
        return pages.read(pages.decode_page(content) or decoded)
    if name.lower().endswith(tables.ENDINGS):
        return tables.read(decoded, name)
    return texts.read(decoded, name)


def _packed(archive: PackedParts) -> FileReading:
    names = archive.names
    if "META-INF/container.xml" in names:
        return epub.read(archive)
    if any(name.startswith("word/") for name in names):
        return word.read(archive)
    for start, what, how in _PACKED:
        if any(name.startswith(start) for name in names):
            raise _foreign(what, how)
    raise _foreign("an archive", _UNPACK)


def _refuse_foreign(content: bytes) -> None:
    head = content[:512]
    for start, what, how in _FOREIGN:
        if content.startswith(start) and (len(start) > _WORDLIKE or b"\0" in head):
            raise _foreign(what, how)
    for at, mark, what, how in _INSIDE:
        if content[at : at + len(mark)] == mark and b"\0" in head:
            raise _foreign(what, how)
    if content.startswith(_COMPOUND):
        for stream, what, how in _STREAMS:
            if stream.encode("utf-16-le") in content:
                raise _foreign(what, how)
        raise _foreign("an old Office file", _AS_PDF)


def _foreign(what: str, how: str) -> UnreadableError:
    return UnreadableError(_CONVERT.format(what=what, how=how))


def _unknown(name: str) -> UnreadableError:
    """Return the error for bytes that are nothing known."""
    if name.lower().endswith((".pdf", ".docx", ".epub")):
        return damaged()
    return UnreadableError(_UNKNOWN)
