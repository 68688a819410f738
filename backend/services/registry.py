"""What the routes work with once the store is open."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from backend.services.actions.actions import ActionService
    from backend.services.chat.activity import Activity
    from backend.services.chat.conversations import ConversationService
    from backend.services.engines.engines import EngineService
    from backend.services.history import HistoryService
    from backend.services.images import ImageService
    from backend.services.notes import NoteService
    from backend.services.pause import PauseService
    from backend.services.protection.troubles import TroubleService
    from backend.services.search import SearchService
    from backend.services.settings import SettingService
    from backend.services.transfer.exports import ExportService
    from backend.services.transfer.imports import ImportService
    from backend.services.trash import TrashService


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """One of each service."""

    actions: "ActionService"
    activity: "Activity"
    conversations: "ConversationService"
    engines: "EngineService"
    exports: "ExportService"
    history: "HistoryService"
    images: "ImageService"
    imports: "ImportService"
    notes: "NoteService"
    pause: "PauseService"
    search: "SearchService"
    settings: "SettingService"
    trash: "TrashService"
    troubles: "TroubleService"


Opened = Callable[[], Awaitable[Services]]
"""Waits until the store is open.

Raises:
    StoreError: It cannot be opened.
"""
