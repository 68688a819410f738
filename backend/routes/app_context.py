"""What a handler works with, besides the request."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from backend.live.message_feed import MessageFeed
from backend.routes.pages import Pages
from backend.store_lifecycle import StoreLifecycle
from backend.web.rendering import Renderer

if TYPE_CHECKING:
    from backend.container import OfflineServices, Services


@dataclass(frozen=True, kw_only=True)
class AppContext:
    """For handlers that answer whether the store is open or not."""

    pages: Pages
    store: StoreLifecycle
    feed: MessageFeed
    renderer: Renderer
    data_dir: str

    async def on_files(self) -> "OfflineContext":
        """Return the same with what works on the files of the store."""
        return OfflineContext(**vars(self), offline=await self.store.offline())

    async def on_open(self) -> "OpenContext":
        """Return the same with the services of the store, when it is open.

        Raises:
            StoreClosedError: It cannot be opened.
        """
        return OpenContext(**vars(self), services=await self.store.services())


@dataclass(frozen=True, kw_only=True)
class OfflineContext(AppContext):
    """For handlers that work on the files of the store."""

    offline: "OfflineServices"


@dataclass(frozen=True, kw_only=True)
class OpenContext(AppContext):
    """For handlers that need the store open; a request waits until it is."""

    services: "Services"
