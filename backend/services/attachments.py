"""Attaches files to what is typed: each is checked and made ready first."""

from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from backend.attachments.pictures import (
    media_type_of,
    prepare_picture,
)
from backend.documents.document import Document, document_of
from backend.documents.passages import Passage, load_passages, place_of
from backend.documents.reader import read_document
from backend.errors import (
    ConflictError,
    InvalidInputError,
    NotFoundError,
    TooLargeError,
)
from backend.runtime.regular_files import open_regular
from backend.services.notices import NoticeSink
from backend.store.attachments.attachments import CheckedFile
from backend.web.http import FILE_TOO_LARGE, MAX_FILE_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from backend.store.attachments.attachments import AttachmentStore
    from backend.store.models import AttachedFile, Attachment, DraftAttachment
    from backend.store.rows import AnyMessage

_MOST_READ: Final = 1_000
_WORDS_CHARS: Final = 100
NOUN: Final = "attachments"
MAX_NAME_CHARS: Final = 200
_UNREADABLE: Final = (
    "This file cannot be read. Check that it is still there and may be opened."
)
_LOST: Final = "no longer there, or damaged"
_EMPTY: Final = (
    "This is an empty file, or a folder. Choose a file with something in it."
)


class ShownPassage(Struct, frozen=True):
    """A passage an answer was given.

    Attributes:
        file_id: What it is of.
        name: What that is called.
        place: Where in that it is, or that it is lost.
        words: How it begins.
        passage: None for one that is lost.
    """

    file_id: str
    name: str
    place: str
    words: str = ""
    passage: Passage | None = None


class AttachmentService:
    """What a person does with files; methods block, so call them in a thread."""

    def __init__(
        self, attachments: "AttachmentStore", notices: NoticeSink, refusal: str = ""
    ) -> None:
        """Work on a store.

        Args:
            attachments: The store.
            notices: Hear of what is added and removed.
            refusal: Why nothing can be attached here; "" where it can.
        """
        self._attachments = attachments
        self._notices = notices
        self._refusal = refusal

    def add(self, draft_id: str, name: str, content: bytes) -> "DraftAttachment":
        """Attach a file to a draft.

        Raises:
            InvalidInputError: It cannot be read; the sentence says what to do.
            ConflictError: The draft has as many as may be, or may have none.
        """
        if self._refusal:
            raise ConflictError(self._refusal)
        if not content:
            raise InvalidInputError(_EMPTY)
        name = PurePath(name).name[:MAX_NAME_CHARS]
        is_picture = media_type_of(content) is not None
        made = _picture(name, content) if is_picture else _document(name, content)
        added = self._attachments.add(draft_id, made)
        self._notices.changed(NOUN)
        return added

    def add_path(self, draft_id: str, path: Path) -> "DraftAttachment":
        """Attach a file of this computer, which a person chose in a dialog.

        Raises:
            InvalidInputError: As for `add`, or it is no file.
            TooLargeError: It is too large.
        """
        try:
            with open_regular(path) as file:
                content = file.read(MAX_FILE_BYTES + 1)
        except (OSError, ValueError) as exc:
            raise InvalidInputError(_UNREADABLE) from exc
        if len(content) > MAX_FILE_BYTES:
            raise TooLargeError(FILE_TOO_LARGE)
        return self.add(draft_id, path.name, content)

    def remove(self, id: str) -> str:
        """Take a file off its draft; return which that is.

        Raises:
            NotFoundError: It is not there any more.
        """
        draft_id = self._attachments.remove(id)
        self._notices.changed(NOUN)
        return draft_id

    def of_draft(self, draft_id: str) -> "list[DraftAttachment]":
        """Return the files of a draft."""
        return list(self._attachments.of_draft(draft_id))

    def of_messages(self, message_ids: "Sequence[str]") -> "list[Attachment]":
        """Return the files of questions, one question after the other."""
        found = self._attachments.of_messages(message_ids)
        return [one for files in found.values() for one in files]

    def document(self, id: str) -> "tuple[AttachedFile, Document]":
        """Return a file and what was read of it.

        Raises:
            NotFoundError: There is none, or not any more.
        """
        found = self._attachments.get(id)
        document = document_of(self._attachments.text(found))
        if document is None:
            raise NotFoundError("Nothing was read of this file.")
        return found, document

    def passages(self, answer: "AnyMessage") -> "list[ShownPassage]":
        """Return the passages an answer was given; of lost files the names alone."""
        shown: list[ShownPassage] = []
        given = load_passages(answer.passages)
        for row in self._attachments.of_conversation(answer.conversation_id, given):
            try:
                _, document = self.document(row.id)
            except NotFoundError:
                shown.append(ShownPassage(row.id, row.name, _LOST))
            else:
                shown += _shown(row, document, given[row.sha256])
        return shown

    def open(self, id: str) -> "tuple[AttachedFile, bytes]":
        """Return a file and what is in it.

        Raises:
            NotFoundError: There is none, or not any more.
        """
        found = self._attachments.get(id)
        return found, self._attachments.content(found)


def _shown(
    file: "Attachment", document: Document, passages: "Sequence[Passage]"
) -> "Iterator[ShownPassage]":
    for one in passages:
        if one.section < len(document.sections):
            section = document.sections[one.section]
            words = one.piece(section).text[:_MOST_READ].split()
            begin = " ".join(words)[:_WORDS_CHARS]
            yield ShownPassage(
                file.id, file.name, place_of(document, section), begin, one
            )


def _picture(name: str, content: bytes) -> CheckedFile:
    made = prepare_picture(content)
    return CheckedFile(
        kind="picture",
        name=name or "picture",
        media_type=made.media_type,
        content=made.content,
        width=made.width,
        height=made.height,
    )


def _document(name: str, content: bytes) -> CheckedFile:
    document = read_document(content, name)
    return CheckedFile(
        kind="document",
        name=name or document.kind.value,
        media_type="application/octet-stream",
        content=content,
        text=document.dumps(),
        notice=document.notice(),
    )
