"""Keeps attached files: first of a draft, then of the question it becomes."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from backend.attachments.files import FileKey
from backend.errors import ConflictError, NotFoundError
from backend.store.attachments.rows import (
    named_files,
    of_conversation,
    of_draft,
    of_messages,
)
from backend.store.change_log import StoreSession
from backend.store.database import Database
from backend.store.models import AttachedFile, Attachment, DraftAttachment
from backend.store.text import clean_text

MAX_FILES: Final = 20
"""As many go with one question."""
_GONE: Final = "This file is no longer attached."
_MANY: Final = (
    f"A question takes {MAX_FILES} files. Send this one first, or remove a file."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedFile:
    """A file that was looked through, as it will be kept.

    Attributes:
        kind: "picture" or "document".
        text: What was read out of a document.
        notice: What of it could not be read, in a sentence.
    """

    kind: str
    name: str
    media_type: str
    content: bytes
    width: int = 0
    height: int = 0
    text: str = ""
    notice: str = ""


class AttachmentStore:
    """Reads and changes attached files."""

    def __init__(self, database: Database) -> None:
        """Work on a database."""
        self._database = database
        self._files = database.files

    def add(self, draft_id: str, checked: CheckedFile) -> DraftAttachment:
        """Attach a file to a draft.

        Raises:
            ConflictError: It has as many as may be.
            StoreError: It could not be kept.
        """
        kept = self._files.put(checked.content)
        text_file = ""
        if checked.text:
            text_file = self._files.put(checked.text.encode(), kept.key).name
        row = DraftAttachment(
            draft_id=draft_id,
            kind=checked.kind,
            name=clean_text(checked.name),
            media_type=checked.media_type,
            size=len(checked.content),
            sha256=hashlib.sha256(checked.content).hexdigest(),
            width=checked.width,
            height=checked.height,
            file=kept.name,
            text_file=text_file,
            file_key=kept.key,
            notice=clean_text(checked.notice),
        )
        with self._kept_if_stored(kept.name, text_file) as session:
            before = of_draft(session, draft_id)
            if len(before) >= MAX_FILES:
                raise ConflictError(_MANY)
            row.position = before[-1].position + 1 if before else 0
            session.add(row)
        return row

    def remove(self, id: str) -> str:
        """Take a file off its draft; return the id of that."""
        with self._database.write() as session:
            row = session.get(DraftAttachment, id)
            if row is None:
                raise NotFoundError(_GONE)
            session.delete(row)
            session.flush()
            unnamed = {row.file, row.text_file} - named_files(session)
        self._files.drop(unnamed)
        return row.draft_id

    def of_draft(self, draft_id: str) -> Sequence[DraftAttachment]:
        """Return the files of a draft."""
        with self._database.read() as session:
            return of_draft(session, draft_id)

    def of_messages(
        self, message_ids: Iterable[str]
    ) -> Mapping[str, Sequence[Attachment]]:
        """Return the files of those of these messages that have some."""
        found: dict[str, list[Attachment]] = {}
        with self._database.read() as session:
            for row in of_messages(session, message_ids):
                found.setdefault(row.message_id, []).append(row)
        return found

    def of_conversation(
        self, conversation_id: str, sums: Iterable[str]
    ) -> Sequence[Attachment]:
        """Return the files of a conversation with these sums, each once."""
        with self._database.read() as session:
            return of_conversation(session, conversation_id, sums)

    def get(self, id: str) -> AttachedFile:
        """Return a file of a question or of a draft.

        Raises:
            NotFoundError: There is none.
        """
        with self._database.read() as session:
            found = session.get(Attachment, id) or session.get(DraftAttachment, id)
            if found is None:
                raise NotFoundError(_GONE)
            return found

    def content(self, file: AttachedFile) -> bytes:
        """Return what is in a file.

        Raises:
            NotFoundError: It is not in the data folder any more, or is damaged.
        """
        return self._files.read(FileKey(file.file, file.file_key))

    def text(self, file: AttachedFile) -> str:
        """Return what was read out of a document; "" for nothing.

        Raises:
            NotFoundError: As for `content`.
        """
        if not file.text_file:
            return ""
        return self._files.read(FileKey(file.text_file, file.file_key)).decode()

    def settle(self) -> None:
        """Make files and rows fit each other, before anything uses them."""
        with self._database.read() as session:
            named = named_files(session)
        self._files.settle(named)

    @contextmanager
    def _kept_if_stored(self, *names: str) -> Iterator[StoreSession]:
        try:
            with self._database.write() as session:
                yield session
        except BaseException:
            self._files.drop(names)
            raise
