"""Has a file read in a process of its own, and says what came of it."""

import contextlib
from dataclasses import replace
from typing import Any, Final

from backend.documents.document import (
    Document,
    DocumentSection,
    LeftOut,
    Omission,
    Unit,
    head_of,
    omitted_of,
)
from backend.documents.limits import (
    DEADLINE_S,
    MAX_ANSWER_BYTES,
    MAX_FILE_BYTES,
    UnreadableError,
    too_large,
)
from backend.runtime.worker import Job

_DIED: Final = (
    "This file needs more time or memory than Hearth gives to reading one. Attach a "
    "smaller part of it, or save it anew in its program."
)
_PICTURES: Final = (
    "This PDF holds only pictures, so there is no text to read. Have its text "
    "recognised (OCR) first, or attach its pages as pictures to a model that sees."
)
_NOTHING: Final = (
    "Hearth found no text in this file. Check in its program that it holds any; what "
    "is in pictures cannot be read."
)


def read_document(content: bytes, name: str) -> Document:
    """Return what can be read of a file; it blocks while that is done.

    Raises:
        UnreadableError: Nothing can; the sentence says why and what to do next.
    """
    if len(content) > MAX_FILE_BYTES:
        raise too_large()
    job = Job(
        "backend.documents", {"name": name}, content=content, deadline_s=DEADLINE_S
    )
    with contextlib.closing(job.answers(MAX_ANSWER_BYTES)) as answers:
        return checked(gathered([*answers]))


def gathered(answers: list[dict[str, Any]]) -> Document:
    """Return what a process answered, which may have ended before it was done.

    Raises:
        UnreadableError: It said why there is nothing, or died without a word.
    """
    if not answers:
        raise UnreadableError(_DIED)
    errors = [each["error"] for each in answers if "error" in each]
    sections = tuple(DocumentSection(**e["section"]) for e in answers if "section" in e)
    if errors and not sections:
        raise UnreadableError(errors[0])
    end = answers[-1]
    if "left_out" in end:
        left_out, words = omitted_of(end["left_out"]), end["words"]
    elif sections:
        left_out, words = (LeftOut(Omission.BROKEN_OFF),), _words(sections)
    else:
        raise UnreadableError(_DIED)
    head = head_of({**answers[0], "words": words})
    return replace(head, sections=sections, left_out=left_out)


def checked(document: Document) -> Document:
    """Return a document that has text.

    Raises:
        UnreadableError: It has none.
    """
    if any(section.text.strip() for section in document.sections):
        return document
    reasons = {each.why for each in document.left_out}
    is_scan = document.unit is Unit.PAGE and Omission.PICTURE_PAGES in reasons
    raise UnreadableError(_PICTURES if is_scan else _NOTHING)


def _words(sections: tuple[DocumentSection, ...]) -> int:
    return sum(len(section.text.split()) for section in sections)
