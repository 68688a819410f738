"""What a handler works with, besides the request."""

from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import asdict

from backend.ids import is_id
from backend.lifecycle.store_lifecycle import StoreLifecycle
from backend.live.message_feed import MessageFeed
from backend.routes.pages import Pages
from backend.web.http import Request
from backend.web.rendering import Renderer

if TYPE_CHECKING:
    from backend.lifecycle.open_store import OfflineServices, Services


class AppContext(Struct, frozen=True, kw_only=True):
    """For handlers that answer whether the store is open or not.

    Attributes:
        window_version: Of the shell, which goes on as it was when files are replaced.
    """

    pages: Pages
    store: StoreLifecycle
    feed: MessageFeed
    renderer: Renderer
    data_dir: str
    window_version: str

    async def on_files(self, _request: Request) -> "OfflineContext":
        """Return the same with what works on the files of the store."""
        return OfflineContext(**asdict(self), offline=await self.store.offline())

    async def on_open(self, request: Request) -> "OpenContext":
        """Return the same with the services of the store, when it is open.

        Those of temporary conversations are over another one: which a request needs
        follows from the ids it names.

        Raises:
            StoreClosedError: It cannot be opened.
            GoneError: It is about a temporary conversation that is no more.
        """
        services = await self.store.services(_ids_in(request))
        return OpenContext(**asdict(self), services=services)


class OfflineContext(AppContext, frozen=True, kw_only=True):
    """For handlers that work on the files of the store."""

    offline: "OfflineServices"


class OpenContext(AppContext, frozen=True, kw_only=True):
    """For handlers that need the store open; a request waits until it is."""

    services: "Services"


def _ids_in(request: Request) -> list[str]:
    """Return the ids in the address; that of a draft may say more before it."""
    named = (*request.path_params.values(), *request.query.values())
    ids = (value.rpartition(":")[2] for value in named)
    return [row_id for row_id in ids if is_id(row_id)]
