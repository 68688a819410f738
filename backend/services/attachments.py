"""Attaches files to what is typed: each is checked and made ready first."""

from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Final

from backend.attachments.pictures import (
    media_type_of,
    prepare_picture,
)
from backend.documents.document import Document, document_of
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
    from collections.abc import Sequence

    from backend.store.attachments.attachments import AttachmentStore
    from backend.store.models import AttachedFile, Attachment, DraftAttachment

NOUN: Final = "attachments"
MAX_NAME_CHARS: Final = 200
_UNREADABLE: Final = (
    "This file cannot be read. Check that it is still there and may be opened."
)
_EMPTY: Final = (
    "This is an empty file, or a folder. Choose a file with something in it."
)


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

    def open(self, id: str) -> "tuple[AttachedFile, bytes]":
        """Return a file and what is in it.

        Raises:
            NotFoundError: There is none, or not any more.
        """
        found = self._attachments.get(id)
        return found, self._attachments.content(found)


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
