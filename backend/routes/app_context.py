"""What a handler works with, besides the request; made once in `app`."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from backend.live.message_feed import MessageFeed
from backend.routes.pages import Pages
from backend.store_lifecycle import StoreLifecycle
from backend.web.rendering import Renderer

if TYPE_CHECKING:
    from backend.container import OfflineServices, Services


@dataclass(frozen=True, slots=True, kw_only=True)
class AppContext:
    """For handlers that answer whether the store is open or not."""

    pages: Pages
    store: StoreLifecycle


@dataclass(frozen=True, slots=True, kw_only=True)
class OfflineContext(AppContext):
    """For handlers that work on the files of the store."""

    offline: "OfflineServices"


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenContext(AppContext):
    """For handlers that need the store open; a request waits until it is."""

    services: "Services"
    feed: MessageFeed
    renderer: Renderer
    data_dir: str
