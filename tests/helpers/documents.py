"""Makes files that people attach: PDF, Word, EPUB and other archives."""

import io
import zipfile
from collections.abc import Mapping, Sequence

from pypdf import PdfReader, PdfWriter

from backend.documents.__main__ import answers
from backend.documents.document import Document
from backend.documents.reader import checked, gathered

_W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_STYLES = (
    f'<w:styles xmlns:w="{_W}"><w:style w:styleId="berschrift1">'
    '<w:name w:val="heading 1"/></w:style></w:styles>'
)
_CONTAINER = (
    '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
    '<rootfile full-path="OEBPS/book.opf"/></rootfiles></container>'
)


def read_here(content: bytes, name: str) -> Document:
    """Read a file in this process, as the reading process does."""
    return checked(gathered([*answers(content, name)]))


def pdf(
    pages: Sequence[str | None],
    *,
    password: str = "",
    streams: Mapping[int, str] | None = None,
) -> bytes:
    """Return a PDF.

    Args:
        pages: The texts of its pages; None stands for a picture.
        password: What it is encrypted with.
        streams: What is drawn on pages instead, by their place.
    """
    objects = ["<</Type/Catalog/Pages 2 0 R>>", ""]
    kids = []
    for at, text in enumerate(pages):
        drawn = "10 0 0 10 0 0 cm /I Do" if text is None else ""
        if text:
            escaped = text.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")
            drawn = f"BT /F 12 Tf 72 700 Td ({escaped}) Tj ET"
        stream = f"<</Length {len(drawn)}>>stream\n{drawn}\nendstream"
        objects.append((streams or {}).get(at, stream))
        kids.append(len(objects) + 1)
        objects.append(
            "<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]"
            f"/Contents {kids[-1] - 1} 0 R"
            "/Resources<</Font<</F<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>>>>>>>"
        )
    listed = " ".join(f"{kid} 0 R" for kid in kids)
    objects[1] = f"<</Type/Pages/Count {len(kids)}/Kids[{listed}]>>"
    content = _joined(objects)
    return _locked(content, password) if password else content


def _joined(objects: Sequence[str]) -> bytes:
    content, offsets = b"%PDF-1.4\n", []
    for number, each in enumerate(objects, 1):
        offsets.append(len(content))
        content += f"{number} 0 obj\n{each}\nendobj\n".encode("latin-1")
    table = "".join(f"{offset:010} 00000 n \n" for offset in offsets)
    size = len(objects) + 1
    end = f"trailer<</Size {size}/Root 1 0 R>>\nstartxref\n{len(content)}\n%%EOF\n"
    return content + f"xref\n0 {size}\n0000000000 65535 f \n{table}{end}".encode()


def _locked(content: bytes, password: str) -> bytes:
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(content)))
    writer.encrypt(password, algorithm="AES-256")
    held = io.BytesIO()
    writer.write(held)
    return held.getvalue()


def archive(parts: Mapping[str, str | bytes]) -> bytes:
    """Return a zip archive with these parts."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, part in parts.items():
            packed.writestr(name, part)
    return held.getvalue()


def word(body: str, **more: str) -> bytes:
    """Return a Word document with this body.

    Args:
        body: XML, with the prefix "w".
        more: Other parts in its folder, by their names.
    """
    document = f'<w:document xmlns:w="{_W}"><w:body>{body}</w:body></w:document>'
    others = {f"word/{name}.xml": part for name, part in more.items()}
    return archive(
        {"word/document.xml": document, "word/styles.xml": _STYLES, **others}
    )


def paragraph(text: str, settings: str = "") -> str:
    """Return a paragraph of a Word document."""
    return f"<w:p>{settings}<w:r><w:t>{text}</w:t></w:r></w:p>"


def heading(text: str) -> str:
    """Return a heading of a Word document."""
    return paragraph(text, '<w:pPr><w:pStyle w:val="berschrift1"/></w:pPr>')


def epub(pages: Mapping[str, str], order: Sequence[str], **more: str) -> bytes:
    """Return a book.

    Args:
        pages: By their names.
        order: The names as they are read.
        more: Other parts in META-INF, by their names.
    """
    items = "".join(
        f'<item id="i-{name}" href="{name}" media-type="application/xhtml+xml"/>'
        for name in pages
    )
    spine = "".join(f'<itemref idref="i-{name}"/>' for name in order)
    package = (
        '<package xmlns="http://www.idpf.org/2007/opf">'
        f"<manifest>{items}</manifest><spine>{spine}</spine></package>"
    )
    return archive(
        {
            "mimetype": "application/epub+zip",
            "META-INF/container.xml": _CONTAINER,
            "OEBPS/book.opf": package,
            **{f"OEBPS/{name}": page for name, page in pages.items()},
            **{f"META-INF/{name}.xml": part for name, part in more.items()},
        }
    )
