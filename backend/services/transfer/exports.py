"""Exports: one conversation or everything, into a file the user chose."""

import asyncio
import contextlib
import errno
import logging
import os
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final

from msgspec import Struct
from msgspec.structs import replace

from backend.errors import ConflictError, HearthError, InvalidInputError, StoreFullError
from backend.services.notices import NoticeSink, Tone
from backend.services.transfer.export_files import (
    Archive,
    ExportFormat,
    Pieces,
    Render,
    all_as_json,
    archive_in,
    conversation_pieces,
    note_pieces,
    write_pieces,
)
from backend.sqlite.files import (
    FileInUseError,
    check_replaceable,
    is_ordinary,
    move_over,
    sync_dir,
)

if TYPE_CHECKING:
    from backend.store.exports import ExportStore
    from backend.store.models import Conversation

log = logging.getLogger("hearth.exports")

NOUN: Final = "exports"
EVERYTHING: Final = "all"
_REPORT_EVERY: Final = 25
_BUG: Final = (
    "The export failed because of an error in Hearth. See the log for details."
)
_NO_ROOM: Final = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class _CancelledError(Exception):
    """The user cancelled."""


class Export(Struct, frozen=True):
    """The export that is under way."""

    path: Path
    done: int = 0
    total: int = 0


class ExportService:
    """One export at a time, as a task of its own."""

    def __init__(
        self, store: "ExportStore", notices: NoticeSink, data_dir: Path
    ) -> None:
        self._store = store
        self._notices = notices
        self._data_dir = data_dir.resolve()
        self._current: Export | None = None
        self._cancelled = threading.Event()
        self._task: asyncio.Task[None] | None = None

    @property
    def current(self) -> Export | None:
        """The export under way."""
        return self._current

    def begin(self, what: str, form: ExportFormat, path: Path, show: Render) -> None:
        """Begin to write a file; a notice tells when it is there.

        Args:
            what: The id of a conversation, or `EVERYTHING`.
            form: Everything as Markdown or HTML becomes a zip of such files.
            path: What the user chose; replaced when it is there.
            show: Renders the contexts of `export_files`.

        Raises:
            ConflictError: Another export is under way.
            InvalidInputError: Nothing can be written there.
        """
        if self._current:
            raise ConflictError("Another export is running. Wait until it ends.")
        self._check(path)
        self._cancelled.clear()
        self._current = Export(path)
        work = self._run(what, form, path, show)
        self._task = asyncio.create_task(work, name="export")

    def cancel(self) -> None:
        """End the export; the file is as it was before."""
        self._cancelled.set()

    async def close(self) -> None:
        """End what is under way."""
        self.cancel()
        if self._task:
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(
        self, what: str, form: ExportFormat, path: Path, show: Render
    ) -> None:
        try:
            await asyncio.to_thread(self._write, what, form, path, show)
        except HearthError as exc:
            self._notices.say(f"The export failed. {exc}", tone=Tone.DANGER)
        except _CancelledError:
            self._notices.say("The export was cancelled; no file was written.")
        except Exception:
            log.exception("an export failed")
            self._notices.say(_BUG, tone=Tone.DANGER)
        else:
            self._notices.say(f"Exported to {path}.", tone=Tone.SUCCESS)
        finally:
            self._current = None
            self._notices.changed(NOUN)

    def _write(self, what: str, form: ExportFormat, path: Path, show: Render) -> None:
        with _replacing(path) as file:
            if what != EVERYTHING:
                conversation = self._store.conversation(what)
                messages = self._store.messages(conversation.id)
                how = self._store.parameters(conversation.id)
                files = self._store.attachments(conversation.id)
                pieces = conversation_pieces(
                    form, conversation, messages, show, how, files
                )
                write_pieces(self._while_wanted(pieces), file)
            elif form is ExportFormat.JSON:
                pieces = all_as_json(
                    self._counted(),
                    lambda one: self._store.messages(one.id),
                    self._store.notes(),
                    self._store.assistants(),
                    self._store.actions(),
                    folders=self._store.folders(),
                    parameters=self._store.parameters,
                    attached=self._store.attachments(),
                )
                write_pieces(self._while_wanted(pieces), file)
            else:
                with archive_in(file) as archive:
                    self._fill(archive, form, show)

    def _fill(self, archive: Archive, form: ExportFormat, show: Render) -> None:
        for conversation in self._counted():
            messages = self._store.messages(conversation.id)
            files = self._store.attachments(conversation.id)
            pieces = conversation_pieces(
                form, conversation, messages, show, attached=files
            )
            with archive.add("conversations", conversation, form) as file:
                write_pieces(self._while_wanted(pieces), file)
        for note in self._store.notes():
            with archive.add("notes", note, form) as file:
                write_pieces(note_pieces(form, note, show), file)

    def _while_wanted(self, pieces: Pieces) -> Pieces:
        for piece in pieces:
            if self._cancelled.is_set():
                raise _CancelledError
            yield piece

    def _counted(self) -> Iterator["Conversation"]:
        total = self._store.counts().conversations
        for number, conversation in enumerate(self._store.conversations()):
            if self._current and number % _REPORT_EVERY == 0:
                self._current = replace(self._current, done=number, total=total)
                self._notices.changed(NOUN)
            yield conversation

    def _check(self, path: Path) -> None:
        if not path.is_absolute() or not path.name or "\0" in str(path):
            raise InvalidInputError("Choose a file in one of your own folders.")
        if self._data_dir in path.resolve().parents:
            raise InvalidInputError(
                "That is Hearth's own folder. Choose another one for the export."
            )
        if path.is_dir() or not path.parent.is_dir():
            raise InvalidInputError("There is no such folder. Choose another one.")
        if os.path.lexists(path) and not is_ordinary(path):
            raise InvalidInputError(
                "A link or a device with this name is already there. Choose another "
                "name."
            )


@contextmanager
def _replacing(path: Path) -> Iterator[IO[bytes]]:
    """Lend a private file that takes the place of `path` when all went well.

    Raises:
        InvalidInputError: The folder cannot be written.
        StoreFullError: The disk is full.
    """
    part = path.with_name(f".{secrets.token_hex(8)}.part")
    try:
        flags = os.O_CREAT | os.O_EXCL | os.O_RDWR | getattr(os, "O_BINARY", 0)
        with os.fdopen(os.open(part, flags, 0o600), "wb+") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        check_replaceable(path)
        move_over(part, path)
        sync_dir(path.parent)
    except OSError as exc:
        raise _translated(exc) from exc
    finally:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)


def _translated(exc: OSError) -> HearthError:
    if isinstance(exc, FileInUseError):
        return InvalidInputError(
            "Another program has this file open. Close it there, or choose another "
            "name."
        )
    if exc.errno in _NO_ROOM:
        return StoreFullError("The disk is full. Make room, or choose another disk.")
    return InvalidInputError(
        "The file could not be written there. Choose another folder."
    )
