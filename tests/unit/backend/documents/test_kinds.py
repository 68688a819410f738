"""Each kind of file becomes text in its places, and says what it left out."""

import json

import pytest

from backend.documents.document import Document, DocumentKind, Unit, document_of
from tests.helpers import documents
from tests.helpers.documents import heading, paragraph, read_here


def texts(document: Document) -> list[str]:
    return [section.text for section in document.sections]


WRITTEN = {
    "utf-8": "Grüße, 東京, привет",
    "utf-8-sig": "Grüße",
    "utf-16": "Grüße und ein Satz",
    "utf-16-le": "Two bytes for each letter, and no mark",
    "utf-32": "Grüße",
    "cp1252": "café déjà vu à l'école, très bon élève",
    "cp1251": "Привет, как дела? Это простой текст на русском языке.",
    "koi8_r": "Привет, как дела? Это простой текст на русском языке.",
    "cp1250": "Zażółć gęślą jaźń, proszę bardzo",
    "shift_jis": "これは日本語のテキストです。",
    "euc_jp": "これは日本語のテキストです。文字コードの判定",
    "gb18030": "这是一个中文文本文件，用来测试编码。",  # noqa: RUF001 Chinese
    "big5": "這是一個中文文字檔案，用來測試編碼。",  # noqa: RUF001 Chinese
    "euc_kr": "이것은 한국어 텍스트 파일입니다.",
}


@pytest.mark.parametrize("encoding", WRITTEN)
def test_text_is_read_however_it_is_written(encoding: str) -> None:
    text = WRITTEN[encoding]
    document = read_here(text.encode(encoding), "notes.txt")
    assert texts(document) == [text]
    is_guessed = not encoding.startswith("utf")
    assert ("guessed" in document.omissions()) is is_guessed


def test_damaged_letters_are_counted() -> None:
    document = read_here("Größe und Länge".encode() + b"\xff.", "notes.txt")
    assert texts(document) == ["Größe und Länge\ufffd."]
    assert document.omissions() == "1 character is damaged"


def test_lines_are_numbered_and_a_long_one_is_cut() -> None:
    text = "first\r\nsecond\rthird\n" + "x" * 4000 + "\nlast"
    document = read_here(text.encode(), "notes.txt")
    assert "".join(texts(document)) == text.replace("\r\n", "\n").replace("\r", "\n")
    assert (document.total, document.unit) == (5, Unit.LINE)
    assert [(s.first, s.last) for s in document.sections] == [
        (1, 3),
        (4, 4),
        (4, 4),
        (4, 5),
    ]


def test_markdown_is_cut_at_headings_but_not_in_code() -> None:
    text = "before\n# One\ntext\n```sh\n# no heading\n```\n## Two #\nmore\n"
    document = read_here(text.encode(), "read.me.md")
    assert document.kind is DocumentKind.MARKDOWN
    found = [(s.first, s.last, s.title) for s in document.sections]
    assert found == [(1, 1, ""), (2, 6, "One"), (7, 8, "Two")]


@pytest.mark.parametrize(
    ("name", "language"),
    [("a.py", "python"), ("b.rs", "rust"), ("Makefile", "make"), ("c.json", "json")],
)
def test_the_language_of_code_is_known_by_its_name(name: str, language: str) -> None:
    document = read_here(b"x = 1\n", name)
    assert (document.kind, document.language) == (DocumentKind.CODE, language)


TABLES = {
    "commas": ("t.csv", b'Name,Place\nAnn,"Rome, Italy"\n'),
    "semicolons": ("t.csv", b'Name;Place\nAnn;"Rome, Italy"\n'),
    "tabs": ("t.tsv", b"Name\tPlace\nAnn\tRome, Italy\n"),
    "bars": ("t.csv", b"Name|Place\nAnn|Rome, Italy\n"),
    "stated": ("t.csv", b"sep=;\nName;Place\nAnn;Rome, Italy\n"),
    "two bytes a letter": ("t.csv", "Name\tPlace\nAnn\tRome, Italy\n".encode("utf-16")),
}


@pytest.mark.parametrize("case", TABLES)
def test_a_table_is_read_by_its_rows_whatever_parts_its_values(case: str) -> None:
    name, content = TABLES[case]
    document = read_here(content, name)
    assert texts(document) == ['Name,Place\nAnn,"Rome, Italy"\n']
    assert document.header == "Name,Place\n"
    assert document.summary() == "2 rows, 5 words"


def test_a_table_of_numbers_has_no_header() -> None:
    document = read_here(b"1,2\n3,4\n", "t.csv")
    assert (document.header, document.total) == ("", 2)


def test_of_a_page_is_read_what_is_seen() -> None:
    source = """<!doctype html><title>Page</title><style>p {}</style>
    <p hidden>never<p>Hello <b>all</b><ul><li>one<li>two</ul>
    <table><tr><td>1<td>2<tr><td>3</table><h2>Below</h2>
    <div style="display: none">never</div><script>never()</script>
    <pre>a\n  b</pre><img src="x" alt="a cat"><noscript>never</noscript>"""
    document = read_here(source.encode(), "notes.txt")
    assert document.kind is DocumentKind.HTML
    first, second = document.sections
    assert first.text == "Hello all\n\n- one\n\n- two\n\n1 | 2\n\n3"
    assert (second.title, second.text) == ("Below", "## Below\n\na\n  b\n\na cat")
    assert document.omissions() == "1 picture was left out; hidden text was left out"


def test_a_page_names_its_own_encoding() -> None:
    source = "<html><meta charset=iso-8859-2><p>Żółw i gęś".encode("iso-8859-2")
    assert texts(read_here(source, "a.html")) == ["Żółw i gęś"]


def test_a_word_document_is_read_by_its_headings() -> None:
    cell = "<w:tc>{}</w:tc>".format
    body = (
        paragraph("Before")
        + heading("About")
        + paragraph("One", "<w:pPr><w:numPr/></w:pPr>")
        + "<w:p><w:del><w:r><w:t>deleted</w:t></w:r></w:del>"
        '<w:ins><w:r><w:t>Kept</w:t></w:r></w:ins><w:footnoteReference w:id="2"/></w:p>'
        "<w:p><w:r><w:rPr><w:vanish/></w:rPr><w:t>hidden</w:t></w:r></w:p>"
        f"<w:tbl><w:tr>{cell(paragraph('a'))}{cell(paragraph('b'))}</w:tr></w:tbl>"
        "<w:p><w:r><w:drawing><w:blip/></w:drawing></w:r></w:p>"
    )
    footnotes = (
        '<footnotes><footnote type="separator"/>'
        "<footnote id='2'><p><t>Note</t></p></footnote></footnotes>"
    )
    document = read_here(documents.word(body, footnotes=footnotes), "a.docx")
    assert [(s.title, s.text) for s in document.sections] == [
        ("", "Before"),
        ("About", "# About\n\n- One\nKept[2]\n\n\na | b\n\n[2] Note"),
    ]
    assert document.omissions() == "1 picture was left out; hidden text was left out"


def test_a_book_is_read_in_the_order_of_its_spine() -> None:
    pages = {
        "b.xhtml": "<html><title/><body><h1>One</h1>first</body></html>",
        "a.xhtml": "<html><title>Two</title><body>second</body></html>",
        "unread.xhtml": "<html>never</html>",
    }
    order = ["b.xhtml", "a.xhtml"]
    document = read_here(documents.epub(pages, order), "book.epub")
    assert [(s.first, s.title, s.text) for s in document.sections] == [
        (1, "One", "# One\n\nfirst"),
        (2, "Two", "second"),
    ]


def test_a_pdf_is_read_by_its_pages() -> None:
    document = read_here(documents.pdf(["Hello", None, "", "Bye", None]), "a.pdf")
    assert [(s.first, s.text) for s in document.sections] == [(1, "Hello"), (4, "Bye")]
    assert document.summary() == "5 pages, 2 words"
    assert document.omissions() == (
        "2 pages hold only pictures (2, 5); 1 page is empty (3)"
    )


def test_a_damaged_page_does_not_hide_the_others() -> None:
    content = documents.pdf(["Hello", "Bye"]).replace(b"(Bye) Tj", b"<G()[>Tj")
    document = read_here(content, "a.pdf")
    assert [section.first for section in document.sections] == [1]
    assert "(2)" in document.omissions()


def test_a_document_is_the_same_after_it_was_stored() -> None:
    document = read_here(documents.pdf(["Grüße", None]), "a.pdf")
    assert document_of(document.dumps()) == document


@pytest.mark.parametrize(
    "changed",
    [
        {"total": "1"},
        {"header": None},
        {"unit": "YARD"},
        {"sections": [{"first": 1, "last": 2, "text": 5}]},
        {"sections": [{"first": 1, "last": 10**12, "text": ""}]},
        {"left_out": [{"why": "REST", "count": [], "places": []}]},
        {"sections": None},
    ],
    ids=str,
)
def test_what_another_program_wrote_is_no_document_unless_it_is_one(
    changed: dict[str, object],
) -> None:
    document = read_here(documents.pdf(["Hello"]), "a.pdf")
    assert document_of(json.dumps(json.loads(document.dumps()) | changed)) is None
