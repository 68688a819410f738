"""What was read of a file: its text in places, and what was left out of it and why."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from enum import Enum
from typing import Any, Final, TypeAlias

MAX_CHARS: Final = 10_000_000
SECTION_CHARS: Final = 1_500
"""About so much of a text without places of its own stands in one section."""
_FEW: Final = 5
_MOST_PLACES: Final = 10**9


class DocumentKind(Enum):
    """What a file is, as a person reads it."""

    TEXT = "text"
    MARKDOWN = "Markdown"
    CODE = "source code"
    TABLE = "table"
    PDF = "PDF"
    WORD = "Word document"
    HTML = "web page"
    EPUB = "book"


class Unit(Enum):
    """What the places of a file are counted in."""

    PAGE = "page"
    ROW = "row"
    LINE = "line"
    SECTION = "section"


class Omission(Enum):
    """Why a part is not among what was read.

    The sentences are for one and for several; the places follow in brackets.
    """

    PICTURE_PAGES = ("{n} {unit} holds only a picture", "{n} {unit} hold only pictures")
    EMPTY = ("{n} {unit} is empty", "{n} {unit} are empty")
    UNREADABLE = ("{n} {unit} cannot be read", "{n} {unit} cannot be read")
    REST = ("the last {unit} was left out", "the last {n} {unit} were left out")
    BROKEN_OFF = ("reading stopped early: the rest needs too much time or memory",) * 2
    CUT_OFF = ("the end of the file is missing",) * 2
    CHARACTERS = ("{n} character is damaged", "{n} characters are damaged")
    PICTURES = ("{n} picture was left out", "{n} pictures were left out")
    HIDDEN = ("hidden text was left out",) * 2
    GUESSED = (
        "its letters were guessed, as the file does not say how it is written",
    ) * 2


@dataclass(frozen=True, slots=True)
class DocumentSection:
    """A piece of text and its place.

    Attributes:
        first: The number of the first page, row, line or section it holds.
        last: That of the last.
        title: The heading it stands under; "" without one.
    """

    first: int
    last: int
    text: str
    title: str = ""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Parts that were left out for one reason.

    Attributes:
        places: Their numbers, where they have some.
    """

    why: Omission
    count: int = 1
    places: tuple[int, ...] = ()


DocumentPart: TypeAlias = DocumentSection | LeftOut
"""What a reader yields."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """What was read of a file.

    Attributes:
        total: How many pages, rows, lines or sections it has.
        words: How many words were read.
        header: What stands above every row of a table; "" without.
        language: What code is written in, as it stands after a fence.
    """

    kind: DocumentKind
    unit: Unit
    total: int = 0
    words: int = 0
    header: str = ""
    language: str = ""
    sections: tuple[DocumentSection, ...] = ()
    left_out: tuple[LeftOut, ...] = ()

    def summary(self) -> str:
        """Say what was read, for example "12 pages, 4,300 words"."""
        return f"{counted(self.total, self.unit)}, {number_of(self.words, 'word')}"

    def notice(self) -> str:
        """Say what it is, what was read and what was not."""
        said = (f"{self.kind.value}, {self.summary()}", self.omissions())
        whole = "; ".join(filter(None, said))
        return whole[0].upper() + whole[1:]

    def omissions(self) -> str:
        """Say what was left out; "" when nothing was."""
        said = [_omission(each, self.unit) for each in self.left_out]
        return "; ".join(said)

    def dumps(self) -> str:
        """Return it as text that `loads` reads."""
        data = asdict(self) | {"kind": self.kind.name, "unit": self.unit.name}
        data["left_out"] = [asdict(o) | {"why": o.why.name} for o in self.left_out]
        return json.dumps(data, ensure_ascii=False)

    @classmethod
    def loads(cls, text: str) -> "Document":
        """Read it as `dumps` wrote it."""
        data: dict[str, Any] = json.loads(text)
        sections = tuple(DocumentSection(**each) for each in data.pop("sections"))
        return replace(
            head_of(data), sections=sections, left_out=omitted_of(data["left_out"])
        )


def head_of(data: dict[str, Any]) -> Document:
    """Return a document of its named parts, still without sections."""
    kept = {name: data[name] for name in ("total", "words", "header", "language")}
    return Document(kind=DocumentKind[data["kind"]], unit=Unit[data["unit"]], **kept)


def omitted_of(listed: Iterable[dict[str, Any]]) -> tuple[LeftOut, ...]:
    """Return what was left out, from JSON."""
    return tuple(
        LeftOut(Omission[each["why"]], each["count"], tuple(each["places"]))
        for each in listed
    )


def document_of(text: str) -> Document | None:
    """Return what was read of a file, as it was stored; None for what is no such.

    It may come from an export that somebody else made.
    """
    try:
        document = Document.loads(text)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
    numbers = [document.total, document.words]
    texts = [document.header, document.language]
    for section in document.sections:
        numbers += [section.first, section.last]
        texts += [section.text, section.title]
    numbers += [each.count for each in document.left_out]
    is_sound = all(isinstance(text, str) for text in texts)
    is_counted = all(type(n) is int and 0 <= n <= _MOST_PLACES for n in numbers)
    is_narrow = all(s.last - s.first <= SECTION_CHARS for s in document.sections)
    return document if is_sound and is_counted and is_narrow else None


def number_of(count: int, noun: str) -> str:
    """Say how many there are of something."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def counted(count: int, unit: Unit) -> str:
    """Say how many pages, rows, lines or sections."""
    return number_of(count, unit.value)


def ranges(numbers: Iterable[int]) -> str:
    """Say numbers briefly: "3, 7–9"."""  # noqa: RUF002 a dash between numbers
    return ", ".join(
        str(first) if first == last else f"{first}–{last}"  # noqa: RUF001 the same
        for first, last in _runs(sorted(set(numbers)))
    )


def _runs(numbers: list[int]) -> Iterator[tuple[int, int]]:
    start = 0
    for at, number in enumerate(numbers):
        if at + 1 == len(numbers) or numbers[at + 1] != number + 1:
            yield numbers[start], number
            start = at + 1


def pieces(
    lines: Iterable[str], first: int = 1, title: str = ""
) -> Iterator[DocumentSection]:
    """Yield lines as sections that say which lines they hold.

    Args:
        lines: With their ends; one that is too long becomes several sections.
        first: The number of the first.
        title: The heading of them all.
    """
    held: list[str] = []
    size, start, number = 0, first, first
    for number, line in enumerate(lines, first):
        if held and size + len(line) > SECTION_CHARS:
            yield DocumentSection(start, number - 1, "".join(held), title)
            held, size, start = [], 0, number
        for at in range(0, len(line) - SECTION_CHARS, SECTION_CHARS):
            yield DocumentSection(number, number, line[at : at + SECTION_CHARS], title)
        rest = (len(line) - 1) // SECTION_CHARS * SECTION_CHARS if line else 0
        held.append(line[rest:])
        size += len(line) - rest
    if held:
        yield DocumentSection(start, number, "".join(held), title)


def _omission(left_out: LeftOut, unit: Unit) -> str:
    one, several = left_out.why.value
    said = (one if left_out.count == 1 else several).format(
        n=f"{left_out.count:,}",
        unit=f"{unit.value}{'' if left_out.count == 1 else 's'}",
    )
    shown = ranges(left_out.places)
    is_short = shown and shown.count(",") < _FEW
    return f"{said} ({shown})" if is_short else said
