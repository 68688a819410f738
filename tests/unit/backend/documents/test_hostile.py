"""What cannot be read ends in a sentence that says what to do next."""

import random
import zlib

import pytest

from backend.documents import reader
from backend.documents.__main__ import answers
from backend.documents.limits import UnreadableError
from backend.documents.reader import gathered, read_document
from tests.helpers import documents
from tests.helpers.documents import heading, paragraph, read_here
from tests.helpers.mutations import mutate

_OLD = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)
_PDF = documents.pdf(["Hello"])
_WORD = documents.word(heading("One") + paragraph("Two"))
_EPUB = documents.epub({"a.xhtml": "<html><p>Hello</html>"}, ["a.xhtml"])
_XML = "application/xml"

REFUSED = {
    "empty": ("is empty", "a.txt", b""),
    "only spaces": ("is empty", "a.txt", b" \n"),
    "zeros": ("is empty", "a.pdf", bytes(100)),
    "old Word": (
        r"\.doc\).*\.docx",
        "a.doc",
        _OLD + "WordDocument".encode("utf-16-le"),
    ),
    "old Excel": ("CSV", "a.xls", _OLD + "Workbook".encode("utf-16-le")),
    "Word with a password": (
        "password",
        "a.docx",
        _OLD + "EncryptedPackage".encode("utf-16-le"),
    ),
    "PDF with a password": ("password", "a.pdf", documents.pdf(["x"], password="p")),
    "PDF of pictures": (r"OCR", "a.pdf", documents.pdf([None, None])),
    "PDF of nothing": ("no text", "a.pdf", documents.pdf(["", ""])),
    "half a PDF": ("cut off", "a.pdf", _PDF[: len(_PDF) // 2]),
    "half a Word document": ("cut off", "a.docx", _WORD[: len(_WORD) // 2]),
    "Excel": ("CSV", "a.docx", documents.archive({"xl/workbook.xml": "<a/>"})),
    "PowerPoint": ("as PDF", "a.pptx", documents.archive({"ppt/a.xml": "<a/>"})),
    "LibreOffice": (r"\.docx", "a.odt", documents.archive({"content.xml": "<a/>"})),
    "an archive": ("Unpack", "a.pdf", documents.archive({"a.txt": "text"})),
    "a picture": ("picture", "a.txt", b"\x89PNG\r\n\x1a\n" + bytes(50)),
    "a film": ("film", "a.txt", bytes(4) + b"ftypmp42" + bytes(50)),
    "a program": ("program", "a.txt", b"MZ\x90\0" + bytes(50)),
    "Rich Text": (r"\.docx", "a.doc", rb"{\rtf1 Hello}"),
    "noise": ("this kind", "a.txt", bytes(range(256)) * 10),
    "noise with a name": ("cut off", "a.pdf", bytes(range(256)) * 10),
    "a page of scripts": ("no text", "a.html", b"<html><script>x()</script></html>"),
    "a book with a lock": (
        "protected",
        "a.epub",
        documents.epub(
            {"a.xhtml": "<html>"},
            ["a.xhtml"],
            encryption='<e><EncryptionMethod Algorithm="xmlenc#aes128"/></e>',
        ),
    ),
    "a book that names no page": ("cut off", "a.epub", documents.epub({}, [])),
    "XML that grows": (
        "cut off",
        "a.docx",
        documents.archive(
            {
                "word/document.xml": '<!DOCTYPE l [<!ENTITY a "ha">'
                '<!ENTITY b "&a;&a;">]><l>&b;</l>'
            }
        ),
    ),
    "XML that reads files": (
        "cut off",
        "a.docx",
        documents.archive(
            {
                "word/document.xml": "<!DOCTYPE l [<!ENTITY a SYSTEM "
                '"file:///etc/passwd">]><l>&a;</l>'
            }
        ),
    ),
    "paragraphs without end": (
        "cut off",
        "a.docx",
        documents.word("<w:p>" * 500 + "</w:p>" * 500),
    ),
    "a zip bomb": (
        "holds more",
        "a.docx",
        documents.archive({"word/document.xml": bytes(51 * 1024 * 1024)}),
    ),
    "a PDF whose pages hold each other": (
        "cut off|no text",
        "a.pdf",
        _PDF.replace(b"Kids[4 0 R]", b"Kids[2 0 R]"),
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_read_says_what_to_do(case: str) -> None:
    why, name, content = REFUSED[case]
    with pytest.raises(UnreadableError, match=why):
        read_here(content, name)


def test_a_pdf_whose_text_unpacks_without_end_is_read_without_that_page() -> None:
    packed = zlib.compress(bytes(100 * 1024 * 1024)).decode("latin-1")
    stream = f"<</Filter/FlateDecode/Length {len(packed)}>>stream\n{packed}\nendstream"
    content = documents.pdf(["Hello", "Bye"], streams={1: stream})
    document = read_here(content, "a.pdf")
    assert [section.text for section in document.sections] == ["Hello"]
    assert "(2)" in document.omissions()


def test_deep_nesting_and_a_long_line_are_text_like_any_other() -> None:
    nested = b"<html>" + b"<div><b>" * 10_000 + b"Hello"
    assert [s.text for s in read_here(nested, "a.html").sections] == ["Hello"]
    line = b"x" * 1_000_000
    assert sum(len(s.text) for s in read_here(line, "a.txt").sections) == len(line)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.pdf", documents.pdf(["Hello", None, "Bye"])),
        ("a.docx", _WORD),
        ("a.epub", _EPUB),
        ("a.html", b"<html><table><tr><td>1<td>2</table><p hidden>x</html>" * 5),
        ("a.csv", 'Name;Größe\nAnn;"a\nb"\n'.encode() * 5),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_damage_anywhere_is_read_around_or_said(name: str, content: bytes) -> None:
    chance = random.Random(name)
    for _ in range(60):
        damaged = _damaged(content, chance)
        *_, last = answers(damaged, name)
        assert last.keys() in ({"left_out", "words"}, {"error"})


def _damaged(content: bytes, chance: random.Random) -> bytes:
    if chance.random() < 0.7 and len(content) < 4096:
        # The helper's damage is that of disks, a page at least.
        at = chance.randrange(len(content))
        return content[:at] + chance.randbytes(2) + content[at + chance.randrange(9) :]
    return mutate(bytearray(content.ljust(4096, b" ")), chance)


def test_a_process_reads_and_ends_when_its_time_is_over(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert read_document(_PDF, "a.pdf") == read_here(_PDF, "a.pdf")
    monkeypatch.setattr(reader, "DEADLINE_S", 0.0)
    with pytest.raises(UnreadableError, match="more time or memory"):
        read_document(_PDF, "a.pdf")


def test_what_was_read_before_the_end_of_a_process_is_kept() -> None:
    whole = [*answers(documents.pdf(["Hello", "Bye"]), "a.pdf")]
    document = gathered(whole[:2])
    assert [section.text for section in document.sections] == ["Hello"]
    assert "stopped early" in document.omissions()
    with pytest.raises(UnreadableError, match="more time or memory"):
        gathered(whole[:1])
