"""What the routes work with once the store is open."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from backend.services.activity import Activity
    from backend.services.conversations import ConversationService
    from backend.services.engines import EngineService
    from backend.services.images import ImageService
    from backend.services.settings import SettingService


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """One of each service."""

    activity: "Activity"
    conversations: "ConversationService"
    engines: "EngineService"
    images: "ImageService"
    settings: "SettingService"


Opened = Callable[[], Awaitable[Services]]
"""Waits until the store is open.

Raises:
    StoreError: It cannot be opened.
"""
