"""Opens the store and builds the services over it; imported late, it is heavy."""

import contextlib
import logging
import os
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from backend.errors import (
    StoreBusyError,
    StoreFullError,
    StoreKeyError,
    StoreReadOnlyError,
    StoreTooNewError,
)
from backend.keys.api_keys import KeyStore
from backend.keys.database_key import DatabaseKey
from backend.llm.engines import EngineRegistry
from backend.llm.safe_mode import let_rest
from backend.protocol import Hello
from backend.recovery.encryption_probe import mend_header
from backend.recovery.restore import is_damaged, is_gone, mend, rescue
from backend.recovery.swap import drop_staged
from backend.runtime.logs import describe_bug
from backend.runtime.side_threads import SideThreads
from backend.services.actions.actions import ActionService
from backend.services.actions.builtin_actions import BUILTIN, VERSION
from backend.services.chat.activity import Activity, PageAudience
from backend.services.chat.answers import AnswerService
from backend.services.chat.conversations import ConversationService
from backend.services.engines.engines import EngineService
from backend.services.engines.library import LibraryService
from backend.services.engines.model_files import ModelFiles
from backend.services.history import HistoryService
from backend.services.images import ImageService
from backend.services.notes import NoteService
from backend.services.notices import Notices
from backend.services.pause import PauseService
from backend.services.protection.backups import BackupService, Exchange
from backend.services.protection.encryption import EncryptionService
from backend.services.protection.troubles import TroubleService
from backend.services.search import SearchService
from backend.services.settings import SettingService
from backend.services.transfer.exports import ExportService
from backend.services.transfer.imports import ImportService
from backend.services.trash import TrashService
from backend.sqlite.files import check_is_file
from backend.store.actions import ActionStore
from backend.store.changes import ChangeStore
from backend.store.conversations import ConversationStore
from backend.store.database import Database
from backend.store.drafts import DraftStore
from backend.store.engines import EngineStore
from backend.store.exports import ExportStore
from backend.store.imports.imports import ImportStore
from backend.store.messages import MessageStore
from backend.store.notes import NoteStore
from backend.store.revisions import RevisionStore
from backend.store.search.search import SearchStore
from backend.store.settings import SettingStore
from backend.store.trash import TrashStore

log = logging.getLogger("hearth.store")

DATABASE_NAME: Final = "hearth.db"


@dataclass(frozen=True, slots=True, kw_only=True)
class Keeping:
    """What can be done with the files of the store, whether it is open or not."""

    backups: BackupService
    encryption: EncryptionService


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """One of each service, over an open store."""

    actions: ActionService
    activity: Activity
    conversations: ConversationService
    engines: EngineService
    exports: ExportService
    history: HistoryService
    images: ImageService
    imports: ImportService
    library: LibraryService
    notes: NoteService
    pause: PauseService
    search: SearchService
    settings: SettingService
    trash: TrashService
    troubles: TroubleService


GetServices = Callable[[], Awaitable[Services]]
"""Waits until the store is open.

Raises:
    StoreError: It cannot be opened.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedHouse:
    """Everything that must be let go of at the end."""

    services: Services
    answers: AnswerService
    registry: EngineRegistry
    database: Database


def build_keeping(
    data_dir: Path, key: DatabaseKey, exchange: Exchange, notices: Notices
) -> Keeping:
    """Build what needs no open database."""
    database = data_dir / DATABASE_NAME
    backups = BackupService(database, key, exchange, notices)
    encryption = EncryptionService(database, key, backups, exchange, notices)
    return Keeping(backups=backups, encryption=encryption)


def open_database(path: Path, key: DatabaseKey, backups: BackupService) -> Database:
    """Open the store; bring it back from a backup when it is damaged or gone.

    Raises:
        StoreError: It cannot be opened, and is as it was.
    """
    check_is_file(path)
    _tidy(path)
    key.settle(path)
    snapshots = backups.for_rescue()
    if is_gone(path, snapshots):
        rescue(path, key.value, snapshots)
        return _ready(path, key)
    try:
        return _ready(path, key)
    except (StoreFullError, StoreReadOnlyError, StoreBusyError, StoreTooNewError):
        raise
    except Exception as exc:  # a damaged file raises what it likes
        log.warning("the database does not open: %s", describe_bug(exc))
        if isinstance(exc, StoreKeyError) and key.is_given:
            raise
        mended = _mend(path, key, backups)
        if mended == 0:
            raise
    if mended is None:
        rescue(path, key.value, snapshots)
    return _ready(path, key)


def _tidy(path: Path) -> None:
    if os.access(path.parent, os.W_OK):
        drop_staged(path)
        with contextlib.suppress(OSError):
            mend_header(path)


def _mend(path: Path, key: DatabaseKey, backups: BackupService) -> int | None:
    """Return in how many places it was mended; None when only a backup helps."""
    if is_damaged(path, key.of_database, look_at_schema=True):
        return None
    return mend(path, key.of_database, backups.snap)


def _ready(path: Path, key: DatabaseKey) -> Database:
    """Open the database and end the answers an earlier run left open."""
    database = Database.open(path, key.settle(path))
    try:
        if database.refusal is None:
            MessageStore(database).interrupt_open()
            ActionStore(database).seed(VERSION, BUILTIN)
    except BaseException:
        database.close()
        raise
    return database


def open_house(
    hello: Hello,
    key: DatabaseKey,
    keeping: Keeping,
    audience: PageAudience,
    notices: Notices,
) -> OpenedHouse:
    """Open the store and build the services over it.

    Raises:
        StoreError: The store cannot be opened.
    """
    data_dir = Path(hello.data_dir)
    database = open_database(data_dir / DATABASE_NAME, key, keeping.backups)
    messages, settings = MessageStore(database), SettingStore(database)
    changes = ChangeStore(database)
    keys, files = KeyStore(), SideThreads()
    registry = EngineRegistry(keys, let_rest if hello.safe_mode else None, files)
    activity = Activity(audience)
    answers = AnswerService(messages, activity)
    setting_service = SettingService(settings, keys)
    engine_service = EngineService(
        EngineStore(database),
        settings,
        registry,
        keys,
        lambda: notices.changed("engines"),
        is_resting=hello.safe_mode,
        model_files=ModelFiles(files),
    )
    conversations = ConversationStore(database)
    conversation_service = ConversationService(
        conversations=conversations,
        messages=messages,
        revisions=RevisionStore(database),
        drafts=DraftStore(database),
        answers=answers,
        engines=engine_service,
        settings=setting_service,
    )
    actions = ActionStore(database)
    services = Services(
        actions=ActionService(
            actions,
            conversation_service,
            answers,
            NoteStore(database),
            lambda: notices.changed("actions"),
        ),
        activity=activity,
        conversations=conversation_service,
        engines=engine_service,
        exports=ExportService(ExportStore(database), notices, data_dir),
        history=HistoryService(changes, answers.stop_these),
        images=ImageService(),
        imports=ImportService(ImportStore(database), notices),
        library=LibraryService(
            data_dir / "models", engine_service, settings, keys, notices
        ),
        notes=NoteService(NoteStore(database)),
        pause=PauseService(answers, engine_service, registry),
        search=SearchService(SearchStore(database)),
        settings=setting_service,
        trash=TrashService(TrashStore(database), changes),
        troubles=TroubleService(
            database, key, keeping.backups, notices, conversations.is_there_any
        ),
    )
    return OpenedHouse(
        services=services,
        answers=answers,
        registry=registry,
        database=database,
    )
