"""What the routes work with once the store is open."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from backend.services.actions import ActionService
    from backend.services.activity import Activity
    from backend.services.conversations import ConversationService
    from backend.services.engines import EngineService
    from backend.services.exports import ExportService
    from backend.services.history import HistoryService
    from backend.services.images import ImageService
    from backend.services.imports import ImportService
    from backend.services.notes import NoteService
    from backend.services.pause import PauseService
    from backend.services.search import SearchService
    from backend.services.settings import SettingService
    from backend.services.trash import TrashService
    from backend.services.troubles import TroubleService


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
