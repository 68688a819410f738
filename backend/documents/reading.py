"""What a reader gives: a head, and then its parts as they are read."""

from collections.abc import Iterator
from dataclasses import dataclass

from backend.documents.document import DocumentKind, DocumentPart, Unit


@dataclass(frozen=True, slots=True, kw_only=True)
class FileReading:
    """A file that is being read; see `Document` for what is said of it."""

    kind: DocumentKind
    unit: Unit
    total: int
    parts: Iterator[DocumentPart]
    header: str = ""
    language: str = ""
