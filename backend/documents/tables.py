"""Reads tables that are text: values parted by commas, semicolons, tabs or bars."""

import csv
import io
import itertools
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Final

from backend.documents import texts
from backend.documents.document import (
    DocumentKind,
    DocumentPart,
    Unit,
    pieces,
)
from backend.documents.encodings import Decoded
from backend.documents.reading import FileReading

ENDINGS: Final = (".csv", ".tsv", ".tab")
_DELIMITERS: Final = ",;\t|"
_LOOKED_AT: Final = 100
_SAMPLE_CHARS: Final = 64 * 1024
_MOST_FIELD_CHARS: Final = 1_000_000


def read(decoded: Decoded, name: str) -> FileReading:
    """Read a table by its rows; text that is none, by its lines."""
    csv.field_size_limit(_MOST_FIELD_CHARS)
    text = decoded.text.lstrip("\ufeff")
    stated = text[4:5] if text[:4].lower() == "sep=" else ""
    if stated:
        text = text.partition("\n")[2]
    delimiter = stated or _delimiter(text[:_SAMPLE_CHARS], name)
    try:
        rows = [*_rows(text, delimiter)]
    except csv.Error:
        return texts.read(decoded, "table.txt")
    header = _line(rows[0]) if len(rows) > 1 and _is_header(rows) else ""
    return FileReading(
        kind=DocumentKind.TABLE,
        unit=Unit.ROW,
        total=len(rows),
        header=header,
        parts=_parts(rows, decoded),
    )


def _parts(rows: list[list[str]], decoded: Decoded) -> Iterator[DocumentPart]:
    yield from pieces(map(_line, rows))
    yield from texts.omissions(decoded)


def _rows(text: str, delimiter: str) -> Iterator[list[str]]:
    lines = io.StringIO(text, newline="")
    return (row for row in csv.reader(lines, delimiter=delimiter) if any(row))


def _delimiter(sample: str, name: str) -> str:
    """Return what parts the values: what makes the most rows equally wide."""
    if name.lower().endswith((".tsv", ".tab")) and "\t" in sample:
        return "\t"

    def score(delimiter: str) -> tuple[float, int]:
        try:
            rows = [*itertools.islice(_rows(sample, delimiter), _LOOKED_AT)]
        except csv.Error:
            return 0, 0
        widths = Counter(map(len, rows))
        (width, count), *_ = widths.most_common(1) or [(0, 0)]
        return (count / len(rows), width) if width > 1 else (0, 0)

    return max(_DELIMITERS, key=score)


def _is_header(rows: list[list[str]]) -> bool:
    """Whether the first row names the columns: words, none twice, none left out."""
    first = [value.strip() for value in rows[0]]
    are_words = all(value and not _is_number(value) for value in first)
    return are_words and len(set(first)) == len(first) > 1


def _is_number(value: str) -> bool:
    return any(map(str.isdigit, value)) and not any(map(str.isalpha, value))


def _line(row: Iterable[str]) -> str:
    held = io.StringIO()
    csv.writer(held, lineterminator="\n").writerow(row)
    return held.getvalue()
