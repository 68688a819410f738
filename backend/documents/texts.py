"""Reads plain text, Markdown and source code."""

import re
from collections.abc import Iterator
from pathlib import PurePath
from typing import Final

from pygments.lexers import find_lexer_class_for_filename

from backend.documents.document import (
    DocumentKind,
    DocumentPart,
    LeftOut,
    Omission,
    Unit,
    pieces,
)
from backend.documents.encodings import Decoded
from backend.documents.reading import FileReading

_MARKDOWN: Final = (".md", ".markdown", ".mdown", ".mkd")
_HEADING: Final = re.compile(r" {0,3}#{1,6}[ \t]+(.*?)[ \t#]*$")
_FENCE: Final = re.compile(r" {0,3}(`{3,}|~{3,})")
_LINE: Final = re.compile(r"[^\n]*\n|[^\n]+")
_TITLE_CHARS: Final = 120


def read(decoded: Decoded, name: str) -> FileReading:
    """Read text, by its lines."""
    lines = lines_of(decoded.text)
    kind, language = kind_of(name)
    return FileReading(
        kind=kind,
        unit=Unit.LINE,
        total=len(lines),
        language=language,
        parts=_parts(lines, decoded, kind),
    )


def lines_of(text: str) -> list[str]:
    """Return the lines of a text, each with its end."""
    return _LINE.findall(text.replace("\r\n", "\n").replace("\r", "\n"))


def kind_of(name: str) -> tuple[DocumentKind, str]:
    """Return what text is by the name of its file, and the language of code."""
    if PurePath(name).suffix.lower() in _MARKDOWN:
        return DocumentKind.MARKDOWN, ""
    lexer = find_lexer_class_for_filename(PurePath(name).name)
    if lexer is None or "text" in lexer.aliases:
        return DocumentKind.TEXT, ""
    return DocumentKind.CODE, lexer.aliases[0] if lexer.aliases else ""


def omissions(decoded: Decoded) -> Iterator[LeftOut]:
    """Yield what is to be said of how text was decoded."""
    if decoded.damaged:
        yield LeftOut(Omission.CHARACTERS, decoded.damaged)
    if decoded.is_guessed:
        yield LeftOut(Omission.GUESSED)


def _parts(
    lines: list[str], decoded: Decoded, kind: DocumentKind
) -> Iterator[DocumentPart]:
    if kind is DocumentKind.MARKDOWN:
        for first, title, below in _headed(lines):
            yield from pieces(below, first, title)
    else:
        yield from pieces(lines)
    yield from omissions(decoded)


def _headed(lines: list[str]) -> Iterator[tuple[int, str, list[str]]]:
    """Yield the number of the first line, the title and the lines of each heading."""
    start, title, fence = 0, "", ""
    for at, line in enumerate(lines):
        if found := _FENCE.match(line):
            if not fence:
                fence = found[1]
            elif found[1].startswith(fence):
                fence = ""
        elif not fence and (heading := _HEADING.match(line)):
            if at > start:
                yield start + 1, title, lines[start:at]
            start, title = at, heading[1][:_TITLE_CHARS]
    yield start + 1, title, lines[start:]
