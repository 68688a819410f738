"""An open store: the services over it, and those of temporary conversations."""

import asyncio
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from backend.keys.api_keys import KeyStore
from backend.keys.database_key import DatabaseKey
from backend.llm.engines import EngineRegistry
from backend.services.actions.actions import ActionService
from backend.services.assistants.assistants import AssistantService
from backend.services.attachments import AttachmentService
from backend.services.chat.activity import AnswerActivity
from backend.services.chat.answers import AnswerService
from backend.services.chat.arranging import ArrangingService
from backend.services.chat.context import ContextService
from backend.services.chat.conversations import ConversationService
from backend.services.chat.folders import FolderService
from backend.services.chat.pictures import QuestionPictures
from backend.services.chat.setups.parameters import ParameterService
from backend.services.chat.side_by_side import SideBySide
from backend.services.chat.summaries import SummaryService
from backend.services.chat.title_writer import TitleWriter
from backend.services.engines.engines import EngineService
from backend.services.engines.graphics import Graphics
from backend.services.engines.library import LibraryService
from backend.services.engines.model_choices import ModelChoices
from backend.services.engines.purposes import Purposes
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
from backend.services.temporary import TemporaryService
from backend.services.transfer.exports import ExportService
from backend.services.transfer.imports import ImportService
from backend.services.trash import TrashService
from backend.services.updates.updates import UpdateService
from backend.store.chat.temporary import TemporaryStore
from backend.store.database import Database
from backend.store.drafts import DraftStore
from backend.store.messages import MessageStore

if TYPE_CHECKING:
    from collections.abc import Sequence

    from backend.store.change_log import RowChange

    OnCommit = Callable[[Sequence[RowChange]], object]


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
    assistants: AssistantService
    attachments: AttachmentService
    context: ContextService
    conversations: ConversationService
    devices: DeviceService
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
    temporary: TemporaryService
    trash: TrashService
    updates: UpdateService


GetServices = Callable[[Collection[str]], Awaitable[Services]]
"""Waits until the store is open; returns the services that have what these ids name.

Raises:
    StoreError: It cannot be opened.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenStore:
    """An open store, the services over it, and what its background jobs work with."""

    services: Services
    temporary: "TemporaryServices"
    offline: OfflineServices
    answers: AnswerService
    registry: EngineRegistry
    database: Database
    key: DatabaseKey
    swap: Swap
    notices: NoticeSink
    is_safe_mode: bool

    async def services_of(self, ids: Collection[str]) -> Services:
        """Return the services that have what one of these ids names.

        Raises:
            GoneError: It was temporary, and is no more.
        """
        if ids and await self.services.temporary.holds(ids):
            return self.temporary.services
        return self.services

    def listen(self, on_commit: "OnCommit", loop_thread: int) -> None:
        """Tell of every commit, and refuse to be waited for in a thread."""
        for database in (self.database, self.temporary.store):
            database.on_commit = on_commit
            database.loop_thread = loop_thread

    async def close(self) -> None:
        """Store growing answers, end engines, close the database."""
        await self.answers.close()
        await self.temporary.close()
        await self.services.exports.close()
        await self.services.imports.close()
        await self.services.library.close()
        await self.registry.close_all()
        await asyncio.to_thread(self.database.close)


class TemporaryServices:
    """The services of temporary conversations, made when there is one.

    Attributes:
        store: Where those are.
    """

    def __init__(self, store: TemporaryStore, build: Callable[[], Services]) -> None:
        self.store = store
        self._build = build

    @cached_property
    def services(self) -> Services:
        """Those of the other conversations, with some in place of theirs."""
        return self._build()

    async def close(self) -> None:
        """Store growing answers, as far as there may be some."""
        if "services" in vars(self):
            await self.services.answers.close()

    async def stop_all(self) -> None:
        """Stop growing answers, as far as there may be some."""
        if "services" in vars(self):
            await self.services.answers.stop_all()
