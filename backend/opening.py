"""Opens the store and builds the services over it; imported late, it is heavy."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from backend.keys import KeyStore
from backend.llm.engines import EngineRegistry
from backend.llm.resting import let_rest
from backend.protocol import Hello
from backend.services.actions import ActionService
from backend.services.activity import Activity
from backend.services.answers import AnswerService, Audience
from backend.services.builtin_actions import BUILTIN, VERSION
from backend.services.conversations import ConversationService
from backend.services.engines import EngineService
from backend.services.exports import ExportService
from backend.services.history import HistoryService
from backend.services.images import ImageService
from backend.services.imports import ImportService
from backend.services.notes import NoteService
from backend.services.notices import Notices
from backend.services.pause import PauseService
from backend.services.registry import Services
from backend.services.search import SearchService
from backend.services.settings import SettingService
from backend.services.trash import TrashService
from backend.store.actions import ActionStore
from backend.store.changes import ChangeStore
from backend.store.conversations import ConversationStore
from backend.store.database import Database
from backend.store.drafts import DraftStore
from backend.store.engines import EngineStore
from backend.store.exports import ExportStore
from backend.store.imports import ImportStore
from backend.store.messages import MessageStore
from backend.store.notes import NoteStore
from backend.store.search import SearchStore
from backend.store.settings import SettingStore
from backend.store.trash import TrashStore

DATABASE_NAME: Final = "hearth.db"


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedHouse:
    """Everything that must be let go of at the end."""

    services: Services
    answers: AnswerService
    registry: EngineRegistry
    close: Callable[[], None]


def open_house(hello: Hello, audience: Audience, notices: Notices) -> OpenedHouse:
    """Open the store and end the answers an earlier run left open.

    Raises:
        StoreError: The store cannot be opened.
    """
    database = Database.open(Path(hello.data_dir) / DATABASE_NAME, hello.database_key)
    messages, settings = MessageStore(database), SettingStore(database)
    messages.interrupt_open()
    changes = ChangeStore(database)
    keys = KeyStore()
    registry = EngineRegistry(keys, let_rest if hello.safe_mode else None)
    activity = Activity(audience)
    answers = AnswerService(messages, activity)
    setting_service = SettingService(settings, keys)
    engine_service = EngineService(EngineStore(database), settings, registry, keys)
    conversation_service = ConversationService(
        ConversationStore(database),
        messages,
        DraftStore(database),
        answers,
        engine_service,
        setting_service,
    )
    actions = ActionStore(database)
    actions.seed(VERSION, BUILTIN)
    services = Services(
        actions=ActionService(
            actions, conversation_service, answers, NoteStore(database)
        ),
        activity=activity,
        conversations=conversation_service,
        engines=engine_service,
        exports=ExportService(ExportStore(database), notices, Path(hello.data_dir)),
        history=HistoryService(changes),
        images=ImageService(),
        imports=ImportService(ImportStore(database), notices),
        notes=NoteService(NoteStore(database)),
        pause=PauseService(answers, engine_service, registry),
        search=SearchService(SearchStore(database)),
        settings=setting_service,
        trash=TrashService(TrashStore(database), changes),
    )
    return OpenedHouse(
        services=services, answers=answers, registry=registry, close=database.close
    )
