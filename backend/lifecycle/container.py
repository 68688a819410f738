"""Opens the store and builds the services over it; imported late, it is heavy."""

import platform
from dataclasses import replace
from pathlib import Path
from typing import Final

from backend.attachments.files import ATTACHMENTS
from backend.keys.api_keys import KeyStore
from backend.keys.database_key import DatabaseKey
from backend.keys.key_files import key_names
from backend.lifecycle.open_store import (
    OfflineServices,
    OpenStore,
    Services,
    TemporaryServices,
)
from backend.lifecycle.store_opening import open_database
from backend.llm.engines import EngineRegistry
from backend.llm.safe_mode import in_safe_mode
from backend.recovery.swap import put_away
from backend.runtime.side_threads import SideThreads
from backend.services.actions.actions import ActionService
from backend.services.assistants.assistants import AssistantService
from backend.services.attachments import AttachmentService
from backend.services.chat.activity import AnswerActivity, PageAudience
from backend.services.chat.answers import AnswerService
from backend.services.chat.arranging import ArrangingService
from backend.services.chat.asking import Asking
from backend.services.chat.context import ContextService
from backend.services.chat.conversations import ConversationService
from backend.services.chat.documents import QuestionDocuments
from backend.services.chat.folders import FolderService
from backend.services.chat.pictures import QuestionPictures
from backend.services.chat.setups.parameters import ParameterService
from backend.services.chat.setups.setups import SetupService
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
from backend.services.sync.devices import DeviceService
from backend.services.sync.shell_report import ShellReport
from backend.services.temporary import TemporaryService
from backend.services.transfer.exports import ExportService
from backend.services.transfer.imports import ImportService
from backend.services.trash import TrashService
from backend.services.updates.updates import UpdateService
from backend.store.actions import ActionStore
from backend.store.attachments.attachments import AttachmentStore
from backend.store.chat.assistants import AssistantStore
from backend.store.chat.folders import FolderStore
from backend.store.chat.summaries import SummaryStore
from backend.store.chat.temporary import TemporaryStore
from backend.store.conversations import ConversationStore
from backend.store.database import BACKUPS, Database
from backend.store.drafts import DraftStore
from backend.store.engines import EngineStore
from backend.store.exports import ExportStore
from backend.store.history.changes import ChangeStore
from backend.store.history.joins import JoinStore
from backend.store.history.revisions import RevisionStore
from backend.store.history.trash import TrashStore
from backend.store.imports.imports import ImportStore
from backend.store.messages import MessageStore
from backend.store.notes import NoteStore
from backend.store.search.search import SearchStore
from backend.store.settings import SettingStore
from backend.store.sync.sync import SyncStore

_OF_CONVERSATIONS: Final = (
    "answers",
    "assistants",
    "attachments",
    "context",
    "conversations",
    "drafts",
    "history",
    "messages",
    "parameters",
    "pictures",
    "side_by_side",
    "summaries",
    "trash",
)
"""The services that temporary conversations have of their own; they share the rest."""
_NO_FILES: Final = (
    "Files cannot be attached to a temporary chat, as Hearth would have to store them. "
    "Choose Keep this conversation first, or ask in a new conversation."
)


class _Stores:
    """The stores that several services share, over an open database."""

    def __init__(self, database: Database, shared: "_Stores | None" = None) -> None:
        """Work on a database.

        Args:
            database: Has the conversations.
            shared: Has what belongs to none of them; None when all is in one.
        """
        self.database = database
        self.attachments = AttachmentStore(database)
        self.changes = ChangeStore(database)
        self.conversations = ConversationStore(database)
        self.drafts = DraftStore(database)
        self.messages = MessageStore(database)
        self.summaries = SummaryStore(database)
        of_all = shared.database if shared else database
        self.sync: SyncStore = shared.sync if shared else SyncStore(database)
        self.assistants = AssistantStore(of_all)
        self.folders = FolderStore(of_all)
        self.notes = NoteStore(of_all)
        self.settings = SettingStore(of_all)


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
        report: ShellReport,
        is_safe_mode: bool,
    ) -> None:
        self._report = report
        self._path = database
        self._key = key
        self._swap = swap
        self._notices = notices
        self._is_safe_mode = is_safe_mode
        self._temporary = TemporaryStore()
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
        temporary = TemporaryServices(
            self._temporary,
            lambda: self._in_memory(services, stores, keys, engines),
        )

        async def stop_all() -> None:
            await answers.stop_all()
            await temporary.stop_all()

        engines = EngineService(
            EngineStore(database),
            stores.settings,
            registry,
            keys,
            lambda: self._notices.changed("engines"),
            stop_answers=stop_all,
            is_safe_mode=self._is_safe_mode,
            model_files=ModelFiles(files),
        )
        services = self._services(stores, keys, activity, answers, engines)
        return OpenStore(
            services=services,
            temporary=temporary,
            offline=self.offline,
            answers=answers,
            registry=registry,
            database=database,
            key=self._key,
            swap=self._swap,
            notices=self._notices,
            is_safe_mode=self._is_safe_mode,
        )

    def _in_memory(
        self,
        services: Services,
        shared: _Stores,
        keys: KeyStore,
        engines: EngineService,
    ) -> Services:
        """Return the same services, those of conversations over what is in memory."""
        stores, activity = _Stores(self._temporary.database, shared), services.activity
        answers = AnswerService(stores.messages, activity)
        own = self._services(stores, keys, activity, answers, engines)
        refusing = AttachmentService(stores.attachments, self._notices, _NO_FILES)
        of_conversations = {name: getattr(own, name) for name in _OF_CONVERSATIONS}
        return replace(services, **{**of_conversations, "attachments": refusing})

    def _services(
        self,
        stores: _Stores,
        keys: KeyStore,
        activity: AnswerActivity,
        answers: AnswerService,
        engines: EngineService,
    ) -> Services:
        act = stores.database.act
        # Where the conversations are: instructions are words of theirs.
        own_settings = SettingStore(stores.database)
        parameters = ParameterService(own_settings, stores.conversations, act)
        settings = SettingService(stores.settings)
        kept = stores.settings
        assistants = AssistantService(
            stores.assistants,
            stores.conversations,
            stores.folders,
            kept,
            stores.drafts,
            act,
        )
        pictures = QuestionPictures(stores.attachments, Sights(engines, kept, act))
        asking = Asking(
            stores.messages,
            stores.summaries,
            engines,
            SetupService(settings, assistants, parameters, stores.folders),
            pictures=pictures,
            documents=QuestionDocuments(stores.attachments),
        )
        folders = FolderService(stores.folders, stores.assistants)
        talking = _conversations(stores, answers, engines, asking, parameters)
        choices = ModelChoices(engines, kept, act)
        shared = talking, answers, engines
        revisions = RevisionStore(stores.database)
        return Services(
            actions=self._actions(stores, talking, answers, assistants),
            activity=activity,
            assistants=assistants,
            alerts=self._alerts(stores),
            answers=answers,
            arranging=ArrangingService(stores.conversations, folders, answers, act),
            attachments=AttachmentService(stores.attachments, self._notices),
            context=ContextService(
                asking, stores.summaries, talking, stores.drafts, engines, assistants
            ),
            conversations=talking,
            devices=DeviceService(
                stores.sync,
                self._notices,
                platform.node(),
                keys,
                lambda rows: stores.changes.forget_all(rows, is_shared=False),
                take_back=JoinStore(stores.database).take_back,
                report=self._report,
            ),
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
            temporary=TemporaryService(
                self._temporary, stores.database, stores.changes
            ),
            titles=_titles(stores, engines, choices, activity),
            trash=TrashService(TrashStore(stores.database), stores.changes),
            updates=UpdateService(
                stores.settings, lambda: self._notices.changed("updates")
            ),
        )

    def _actions(
        self,
        stores: _Stores,
        talking: ConversationService,
        answers: AnswerService,
        assistants: AssistantService,
    ) -> ActionService:
        return ActionService(
            actions=ActionStore(stores.database),
            conversations=talking,
            messages=stores.messages,
            answers=answers,
            notes=stores.notes,
            drafts=stores.drafts,
            purposes=Purposes(stores.settings),
            assistants=assistants,
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
    stores: _Stores,
    answers: AnswerService,
    engines: EngineService,
    asking: Asking,
    parameters: ParameterService,
) -> ConversationService:
    return ConversationService(
        conversations=stores.conversations,
        messages=stores.messages,
        revisions=RevisionStore(stores.database),
        drafts=stores.drafts,
        answers=answers,
        engines=engines,
        asking=asking,
        parameters=parameters,
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
