"""Does one act on the files of a store for ever, until it is killed.

The store is encrypted and its keyring a file; under `rekey` it is plain every other
time. Each commit is said on stdout.
"""

import asyncio
import functools
import json
import random
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final, TypeVar

from sqlmodel import select

from backend.attachments.files import FileKey, names_in
from backend.documents.document import Document, DocumentKind, DocumentSection, Unit
from backend.ids import NEW
from backend.keys.database_key import DATABASE_NAME, DatabaseKey
from backend.keys.keyring import OsKeyring
from backend.lifecycle.store_opening import open_database
from backend.services.protection.backups import BackupService
from backend.services.protection.encryption import EncryptionService
from backend.services.transfer.import_states import ImportState
from backend.services.transfer.imports import ImportService
from backend.store.attachments.attachments import AttachmentStore, CheckedFile
from backend.store.attachments.rows import named_files
from backend.store.branches.paths import branches_in
from backend.store.conversations import ConversationStore
from backend.store.database import Database
from backend.store.history.changes import ChangeStore
from backend.store.history.revisions import RevisionStore
from backend.store.imports.imports import ImportStore
from backend.store.messages import MessageStore
from backend.store.models import Conversation
from backend.store.notes import NoteStore
from backend.store.search.indexes import DocumentIndex
from tests.helpers.export_samples import chatgpt
from tests.helpers.fake_keyrings import FileVault

T = TypeVar("T")

KEYRING: Final = "keyring.json"
BRANCHED: Final = "Which way?"
ABOUT_A_FILE: Final = "About a file"
SECTIONS: Final = 100
SHOWN: Final = 6
EDITED_SHARE: Final = 0.5


class Silence:
    """Notices nobody hears."""

    def changed(self, noun: str) -> None:
        pass

    def say(self, sentence: str, *, tone: str = "info", undo: str = "") -> None:
        pass


class Store:
    """A store that is opened, exchanged and closed without a sidecar.

    Attributes:
        TALKS: How many conversations an import brings.
    """

    TALKS: Final = 60

    def __init__(self, folder: Path, *, is_encrypted: bool = True) -> None:
        self.path = folder / DATABASE_NAME
        vault = FileVault(folder / KEYRING) if is_encrypted else None
        self.key = DatabaseKey(folder, OsKeyring(lambda: vault))
        self.backups = BackupService(self.path, self.key, self.exchange, Silence())
        self.encryption = EncryptionService(
            self.path, self.key, self.backups, self.exchange, Silence()
        )
        self.database = self.open()

    def open(self) -> Database:
        self.key.unlock_at_start(self.path)
        self.database = open_database(self.path, self.key, self.backups)
        return self.database

    async def exchange(self, change: Callable[[], T]) -> T:
        self.database.close()
        try:
            return change()
        finally:
            self.open()

    def keep(self) -> str:
        """Commit a note and return which."""
        return NoteStore(self.database).create(title="kept", body="word " * 50).id

    def write(self) -> None:
        """Commit a note and say which."""
        sys.stdout.write(f"{self.keep()}\n")
        sys.stdout.flush()

    def ids(self) -> set[str]:
        """Return the notes there are."""
        notes = NoteStore(self.database)
        return {note.id for note in notes.page(limit=1_000_000)}

    def imported(self) -> int:
        """Return how many conversations there are."""
        talks = ConversationStore(self.database).page(limit=1_000)
        return sum(talk.title not in {BRANCHED, ABOUT_A_FILE} for talk in talks)

    def attach_and_purge(self) -> None:
        """Attach a document, ask about it, index it, and delete all of it for good."""
        sections = tuple(DocumentSection(n, n, "word " * 200) for n in range(SECTIONS))
        read = Document(kind=DocumentKind.PDF, unit=Unit.PAGE, sections=sections)
        file = CheckedFile(
            kind="document",
            name="a.pdf",
            media_type="application/octet-stream",
            content=bytes(100_000),
            text=read.dumps(),
        )
        AttachmentStore(self.database).add(NEW, file)
        messages = MessageStore(self.database)
        talk, _, answer = messages.begin_conversation(
            "What?", engine_id="", engine_name="", model="", title=ABOUT_A_FILE
        )
        messages.interrupt([answer.id])
        self.index()
        ChangeStore(self.database).forget("conversation", talk.id)

    def index(self) -> None:
        """Put documents into the index."""
        index = DocumentIndex(self.database)
        index.settle()
        while index.add_some():
            pass

    def check_files(self) -> None:
        """See that files, their rows and their index fit each other."""
        self.index()
        files = self.database.files
        with self.database.read() as session:
            assert names_in(files.folder) == named_files(session)
            run = session.connection().exec_driver_sql
            rows = run("select file, text_file, file_key from attachment").all()
            done = run("select text_file, sections from indexed_document").all()
        for file, text, key in rows:
            assert files.read(FileKey(file, key))
            assert files.read(FileKey(text, key))
        assert {(text, SECTIONS) for _, text, _ in rows} == {(*row,) for row in done}

    def go_another_way(self) -> None:
        """Retry, edit, switch or ask several models somewhere in a conversation."""
        messages, revisions = MessageStore(self.database), RevisionStore(self.database)
        messages.interrupt_open()  # as at a start
        talks = ConversationStore(self.database)
        found = [one.id for one in talks.page() if one.title == BRANCHED]
        talk = found[0] if found else talks.create(title=BRANCHED).id
        names = {"engine_name": "E", "model": "m"}
        shown = messages.of_conversation(talk)
        if len(shown) < SHOWN:
            messages.add_exchange(talk, "Q", **names)
            return
        chosen = random.choice(shown)
        revisions.show(chosen.id, random.choice((-1, 1)))
        if chosen.role == "assistant":
            revisions.answer_again(chosen.id, **names)
        elif random.random() < EDITED_SHARE:
            revisions.ask_again(chosen.id, "Q", **names)
        else:
            revisions.answer_side_by_side(chosen.id, [("E", "a"), ("E", "b")])

    def misplaced(self) -> list[str]:
        """Return the messages that are not marked as their trees say."""
        with self.database.read() as session:
            return [
                message_id
                for talk in session.exec(select(Conversation)).all()
                for message_id in branches_in(session, talk.id).moved(talk.shown_leaf)
            ]

    def recover(self) -> None:
        """Take back an import that was cut off."""
        ImportService(ImportStore(self.database), Silence()).recover()

    async def import_and_undo(self) -> None:
        """Import a foreign file, and take all of it back."""
        path = self.path.with_name("conversations.json")
        path.write_text(json.dumps([chatgpt(n) for n in range(self.TALKS)]), "utf-8")
        imports = ImportService(ImportStore(self.database), Silence())
        imports.recover()
        run = imports.look(path)
        await _until(imports, ImportState.READY)
        imports.begin(run.id)
        await _until(imports, ImportState.DONE)
        await imports.undo(run.id)
        await _until(imports, ImportState.UNDONE)


async def act_for_ever(act: str, store: Store) -> None:
    """Do it again and again."""
    while True:
        store.write()
        match act:
            case "backup":
                await store.backups.make()
            case "restore":
                made = await store.backups.make()
                await store.backups.restore(made.name)
            case "import":
                await store.import_and_undo()
            case "versions":
                store.go_another_way()
            case "attach":
                store.attach_and_purge()
            case "rekey":
                store.key.keep_in_keyring()
                flip = None if store.key.of_database else store.key.value
                await store.exchange(functools.partial(store.encryption._rekey, flip))
            case _:
                assert act == "commit"


async def _until(imports: ImportService, state: ImportState) -> None:
    while imports.current is None or imports.current.state is not state:
        await asyncio.sleep(0.01)
