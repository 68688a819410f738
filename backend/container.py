"""Opens the store and builds the services over it; imported late, it is heavy."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from backend.attachments.files import ATTACHMENTS
from backend.keys.api_keys import KeyStore
from backend.keys.database_key import DatabaseKey
from backend.keys.key_files import key_names
from backend.llm.engines import EngineRegistry
from backend.llm.safe_mode import in_safe_mode
from backend.recovery.swap import put_away
from backend.runtime.side_threads import SideThreads
from backend.services.actions.actions import ActionService
from backend.services.attachments import AttachmentService
from backend.services.chat.activity import AnswerActivity, PageAudience
from backend.services.chat.answers import AnswerService
from backend.services.chat.arranging import ArrangingService
from backend.services.chat.asking import Asking
from backend.services.chat.context import ContextService
from backend.services.chat.conversations import ConversationService
from backend.services.chat.documents import QuestionDocuments
from backend.services.chat.folders import FolderService
from backend.services.chat.parameters import ParameterService
from backend.services.chat.pictures import QuestionPictures
from backend.services.chat.side_by_side import SideBySide
from backend.services.chat.summaries import SummaryService
from backend.services.chat.title_writer import TitleWriter
from backend.services.engines.engines import EngineService
from backend.services.engines.graphics import Graphics
from backend.services.engines.library import LibraryService
from backend.services.engines.model_choices import ModelChoices
from backend.services.engines.model_files import ModelFiles
from backend.services.engines.model_folders import ModelFolders
from backend.services.engines.purposes import Purposes
from backend.services.engines.sights import Sights
from backend.services.history import HistoryService
from backend.services.images import ImageService
from backend.services.notes import NoteService
from backend.services.notices import NoticeSink
from backend.services.protection.alerts import AlertService
from backend.services.protection.backups import BackupService, Swap
from backend.services.protection.encryption import EncryptionService
from backend.services.protection.going_back import GoingBack
from backend.services.search import SearchService
from backend.services.settings import SettingService
from backend.services.transfer.exports import ExportService
from backend.services.transfer.imports import ImportService
from backend.services.trash import TrashService
from backend.services.updates.updates import UpdateService
from backend.store.actions import ActionStore
from backend.store.attachments.attachments import AttachmentStore
from backend.store.changes import ChangeStore
from backend.store.chat.folders import FolderStore
from backend.store.chat.summaries import SummaryStore
from backend.store.conversations import ConversationStore
from backend.store.database import BACKUPS, Database
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
from backend.store_opening import open_database


@dataclass(frozen=True, slots=True, kw_only=True)
class OfflineServices:
    """What can be done with the files of the store, whether it is open or not."""

    backups: BackupService
    encryption: EncryptionService
    going_back: GoingBack


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """One of each service, over an open store, and the stores that need none."""

    actions: ActionService
    activity: AnswerActivity
    alerts: AlertService
    answers: AnswerService
    arranging: ArrangingService
    attachments: AttachmentService
    context: ContextService
    conversations: ConversationService
    drafts: DraftStore
    engines: EngineService
    model_choices: ModelChoices
    purposes: Purposes
    titles: TitleWriter
    exports: ExportService
    folders: FolderService
    graphics: Graphics
    history: HistoryService
    images: ImageService
    imports: ImportService
    keys: KeyStore
    library: LibraryService
    messages: MessageStore
    notes: NoteService
    parameters: ParameterService
    pictures: QuestionPictures
    search: SearchService
    settings: SettingService
    side_by_side: SideBySide
    summaries: SummaryService
    trash: TrashService
    updates: UpdateService


GetServices = Callable[[], Awaitable[Services]]
"""Waits until the store is open.

Raises:
    StoreError: It cannot be opened.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenStore:
    """An open store, the services over it, and what its background jobs work with."""

    services: Services
    offline: OfflineServices
    answers: AnswerService
    registry: EngineRegistry
    database: Database
    key: DatabaseKey
    swap: Swap
    notices: NoticeSink
    is_safe_mode: bool

    async def close(self) -> None:
        """Store growing answers, end engines, close the database."""
        await self.answers.close()
        await self.services.exports.close()
        await self.services.imports.close()
        await self.services.library.close()
        await self.registry.close_all()
        await asyncio.to_thread(self.database.close)


class _Stores:
    """The stores that several services share, over an open database."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.attachments = AttachmentStore(database)
        self.changes = ChangeStore(database)
        self.conversations = ConversationStore(database)
        self.drafts = DraftStore(database)
        self.folders = FolderStore(database)
        self.messages = MessageStore(database)
        self.notes = NoteStore(database)
        self.settings = SettingStore(database)
        self.summaries = SummaryStore(database)


class Container:
    """Builds the services of one run.

    Attributes:
        offline: Needs no open database.
    """

    def __init__(
        self,
        database: Path,
        key: DatabaseKey,
        swap: Swap,
        notices: NoticeSink,
        *,
        is_safe_mode: bool,
    ) -> None:
        self._path = database
        self._key = key
        self._swap = swap
        self._notices = notices
        self._is_safe_mode = is_safe_mode
        backups = BackupService(database, key, swap, notices)
        encryption = EncryptionService(database, key, backups, swap, notices)
        self.offline = OfflineServices(
            backups=backups,
            encryption=encryption,
            going_back=GoingBack(database, key, backups),
        )

    def put_away(self) -> Path:
        """Move a locked database, its backups and keys into a folder; return it.

        Raises:
            StoreReadOnlyError: The folder cannot be written.
        """
        return put_away(self._path, BACKUPS, ATTACHMENTS, *key_names(self._path.parent))

    def open(self, audience: PageAudience) -> OpenStore:
        """Open the store and build the services over it; blocks.

        Raises:
            StoreError: The store cannot be opened.
        """
        database = open_database(self._path, self._key, self.offline.backups)
        stores = _Stores(database)
        keys, files = KeyStore(), SideThreads()
        registry = EngineRegistry(
            keys, in_safe_mode if self._is_safe_mode else None, files
        )
        activity = AnswerActivity(audience)
        answers = AnswerService(stores.messages, activity)
        engines = EngineService(
            EngineStore(database),
            stores.settings,
            registry,
            keys,
            lambda: self._notices.changed("engines"),
            stop_answers=answers.stop_all,
            is_safe_mode=self._is_safe_mode,
            model_files=ModelFiles(files),
        )
        return OpenStore(
            services=self._services(stores, keys, activity, answers, engines),
            offline=self.offline,
            answers=answers,
            registry=registry,
            database=database,
            key=self._key,
            swap=self._swap,
            notices=self._notices,
            is_safe_mode=self._is_safe_mode,
        )

    def _services(
        self,
        stores: _Stores,
        keys: KeyStore,
        activity: AnswerActivity,
        answers: AnswerService,
        engines: EngineService,
    ) -> Services:
        parameters = ParameterService(stores.settings, stores.conversations)
        settings = SettingService(stores.settings)
        act, kept = stores.database.act, stores.settings
        pictures = QuestionPictures(stores.attachments, Sights(engines, kept, act))
        asking = Asking(
            stores.messages,
            stores.summaries,
            engines,
            settings,
            parameters,
            pictures=pictures,
            documents=QuestionDocuments(stores.attachments),
            folders=stores.folders,
        )
        folders = FolderService(stores.folders)
        talking = _conversations(stores, answers, engines, asking)
        choices = ModelChoices(engines, kept, act)
        shared = talking, answers, engines
        revisions = RevisionStore(stores.database)
        return Services(
            actions=self._actions(stores, talking, answers),
            activity=activity,
            alerts=self._alerts(stores),
            answers=answers,
            arranging=ArrangingService(stores.conversations, folders, answers, act),
            attachments=AttachmentService(stores.attachments, self._notices),
            context=ContextService(
                asking, stores.summaries, talking, stores.drafts, engines
            ),
            conversations=talking,
            drafts=stores.drafts,
            engines=engines,
            exports=ExportService(
                ExportStore(stores.database), self._notices, self._path.parent
            ),
            folders=folders,
            graphics=Graphics(lambda: self._notices.changed("engines")),
            history=HistoryService(stores.changes, answers.stop_these),
            images=ImageService(),
            imports=ImportService(ImportStore(stores.database), self._notices),
            keys=keys,
            library=self._library(stores, engines, keys),
            messages=stores.messages,
            model_choices=choices,
            notes=NoteService(stores.notes),
            parameters=parameters,
            pictures=pictures,
            purposes=Purposes(stores.settings),
            search=SearchService(SearchStore(stores.database)),
            settings=settings,
            side_by_side=SideBySide(
                asking, stores.messages, revisions, talking, engines
            ),
            summaries=SummaryService(asking, stores.summaries, *shared),
            titles=_titles(stores, engines, choices, activity),
            trash=TrashService(TrashStore(stores.database), stores.changes),
            updates=UpdateService(
                stores.settings, lambda: self._notices.changed("updates")
            ),
        )

    def _actions(
        self, stores: _Stores, talking: ConversationService, answers: AnswerService
    ) -> ActionService:
        return ActionService(
            actions=ActionStore(stores.database),
            conversations=talking,
            messages=stores.messages,
            answers=answers,
            notes=stores.notes,
            drafts=stores.drafts,
            purposes=Purposes(stores.settings),
            act=stores.database.act,
            refused=lambda: self._notices.changed("actions"),
        )

    def _alerts(self, stores: _Stores) -> AlertService:
        is_used = stores.conversations.is_there_any
        backups, notices = self.offline.backups, self._notices
        return AlertService(stores.database, self._key, backups, notices, is_used)

    def _library(
        self, stores: _Stores, engines: EngineService, keys: KeyStore
    ) -> LibraryService:
        folders = ModelFolders(self._path.parent / "models", stores.settings)
        return LibraryService(folders, engines, stores.settings, keys, self._notices)


def _conversations(
    stores: _Stores, answers: AnswerService, engines: EngineService, asking: Asking
) -> ConversationService:
    return ConversationService(
        conversations=stores.conversations,
        messages=stores.messages,
        revisions=RevisionStore(stores.database),
        drafts=stores.drafts,
        answers=answers,
        engines=engines,
        asking=asking,
        act=stores.database.act,
    )


def _titles(
    stores: _Stores,
    engines: EngineService,
    choices: ModelChoices,
    activity: AnswerActivity,
) -> TitleWriter:
    return TitleWriter(
        conversations=stores.conversations,
        messages=stores.messages,
        engines=engines,
        choices=choices,
        settings=stores.settings,
        activity=activity,
    )
