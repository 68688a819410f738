"""Opens the store in the background, swaps its files, and closes it."""

import asyncio
import gc
import logging
import threading
from collections.abc import Callable, Collection, Coroutine, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

from backend.errors import (
    ConflictError,
    HearthError,
    StoreClosedError,
    StoreLockedError,
)
from backend.keys.database_key import DatabaseKey
from backend.runtime.logs import describe_bug
from backend.services.notices import NoticeSink
from backend.services.sync.shell_report import ShellReport
from backend.store.states.store_state import StoreState, move

if TYPE_CHECKING:
    from backend.lifecycle.container import Container
    from backend.lifecycle.open_store import OfflineServices, OpenStore, Services
    from backend.services.chat.activity import PageAudience
    from backend.services.sync.devices import DeviceService
    from backend.store.change_log import RowChange

    StartJobs = Callable[[OpenStore], list[asyncio.Task[None]]]

log = logging.getLogger("hearth.app")

_PUT_AWAY: Final = (
    "Your locked data is in the folder {name} of the data folder. If you find its "
    "key, move it back."
)
_BUG: Final = "Hearth's database cannot be opened. See the log for details."

T = TypeVar("T")


class StoreLifecycle:
    """The store of one run: opened beside the first page, closed at the end.

    Attributes:
        state: Where it is; only `move` changes it.
    """

    def __init__(
        self,
        database: Path,
        key: DatabaseKey,
        notices: NoticeSink,
        *,
        is_safe_mode: bool,
        report: ShellReport | None = None,
    ) -> None:
        self._report = report or ShellReport()
        self._database = database
        self._key = key
        self._notices = notices
        self._is_safe_mode = is_safe_mode
        self._container: Container | None = None
        self._start_jobs: StartJobs
        self._opening: asyncio.Task[OpenStore] | None = None
        self._jobs: list[asyncio.Task[None]] = []
        self._one_at_a_time = asyncio.Lock()
        self.state = StoreState.OPENING

    async def start(self, audience: "PageAudience") -> None:
        """Begin to open the store; call on the handlers' loop.

        Args:
            audience: Hears how answers go.
        """
        self._audience = audience
        self._begin(self._open())

    async def services(self, ids: Collection[str] = ()) -> "Services":
        """Wait for the services that have what one of these ids names.

        Raises:
            StoreClosedError: The store cannot be opened.
            GoneError: It was temporary, and is no more.
        """
        return await (await self._store()).services_of(ids)

    def connection_is(self, *, is_metered: bool) -> None:
        """Take note of what the shell says of the connection, open or not."""
        self._report.is_metered = is_metered
        if devices := self._devices():
            devices.connection_changed()

    def window_is(self, *, is_in_view: bool) -> None:
        """Take note of what the shell says of the window, open or not."""
        self._report.is_in_view = is_in_view
        if is_in_view and (devices := self._devices()):
            devices.soon()

    def _devices(self) -> "DeviceService | None":
        if self.state is StoreState.OPEN and self._opening and self._opening.done():
            return self._opening.result().services.devices
        return None

    async def offline(self) -> "OfflineServices":
        """Return what works on the store's files also when it does not open."""
        return (await self._load()).offline

    async def unlock(self, secret: str) -> None:
        """Open a locked store with a passphrase or a recovery code.

        Raises:
            InvalidInputError: It is neither.
            StoreClosedError: The store does not open for another reason.
        """
        await asyncio.to_thread(self._key.unlock, secret)
        await self.try_again()

    async def try_again(self) -> None:
        """Open a store that did not open.

        Raises:
            StoreClosedError: It still does not.
        """
        async with self._one_at_a_time:
            if self.state in {StoreState.LOCKED, StoreState.FAILED}:
                self.state = move(self.state, StoreState.OPENING)
                self._begin(self._open())
        await self._store()

    async def start_over(self) -> None:
        """Put a locked store away, whole, and begin with an empty one.

        Raises:
            ConflictError: It is not locked.
            StoreError: It could not be moved.
        """
        if self.state is not StoreState.LOCKED:
            raise ConflictError("Your data is not locked. Reload the page.")
        away = await self.swap((await self._load()).put_away)
        self._notices.say(_PUT_AWAY.format(name=away.name))

    async def swap(self, change: Callable[[], T]) -> T:
        """Close the store, have its files changed, and open it again.

        Whoever asks for the store meanwhile waits.

        Raises:
            HearthError: The change failed; the store is open as it was.
        """
        async with self._one_at_a_time:
            with suppress(HearthError):
                await self._store()
            self.state = move(self.state, StoreState.SWAPPING)
            self._cancel_jobs()
            outcome: asyncio.Future[T] = asyncio.get_running_loop().create_future()
            self._begin(self._swap(self._opening, change, outcome))
            try:
                await self._store()
            except StoreClosedError:
                log.warning("the store did not open after a swap")
            self._notices.changed("resync")
            return await outcome

    async def stop(self) -> None:
        """Store growing answers, end engines, close the store."""
        store = None
        with suppress(HearthError):
            store = await self._store()
        self.state = move(self.state, StoreState.CLOSED)
        self._cancel_jobs()
        if store:
            await store.close()

    def _begin(self, opening: "Coroutine[Any, Any, OpenStore]") -> None:
        self._opening = asyncio.create_task(opening, name="open the store")

    async def _store(self) -> "OpenStore":
        if self._opening is None:
            raise RuntimeError("the store was not started")
        return await asyncio.shield(self._opening)

    def _cancel_jobs(self) -> None:
        for task in self._jobs:
            # A job that swaps the files itself sees the end of it.
            if task is not asyncio.current_task():
                task.cancel()

    async def _swap(
        self,
        before: "asyncio.Task[OpenStore] | None",
        change: Callable[[], T],
        outcome: "asyncio.Future[T]",
    ) -> "OpenStore":
        try:
            if before and not before.exception():
                await before.result().close()
            outcome.set_result(await asyncio.to_thread(change))
        except HearthError as exc:
            outcome.set_exception(exc)
        except Exception as exc:  # noqa: BLE001 the store must be opened again
            log.critical("a swap failed: %s", describe_bug(exc))
            outcome.set_exception(StoreClosedError(_BUG))
        self.state = move(self.state, StoreState.OPENING)
        return await self._open()

    async def _open(self) -> "OpenStore":
        # The keyring answers while the heavy modules are imported.
        unlocking = asyncio.create_task(
            asyncio.to_thread(self._key.unlock_at_start, self._database)
        )
        try:
            container = await self._load()
            await unlocking
            store = await asyncio.to_thread(container.open, self._audience)
        except StoreLockedError:
            self.state = move(self.state, StoreState.LOCKED)
            raise
        except HearthError as exc:
            self.state = move(self.state, StoreState.FAILED)
            log.error("the store does not open: %s", exc)  # noqa: TRY400 expected
            raise StoreClosedError(str(exc)) from exc
        except Exception as exc:
            self.state = move(self.state, StoreState.FAILED)
            log.critical("the store does not open: %s", describe_bug(exc))
            raise StoreClosedError(_BUG) from exc
        finally:
            # What was imported stays: it need not be looked through ever again.
            gc.freeze()
            gc.enable()
        # Commits happen in any other thread, and pages hear of them on the loop.
        loop, services = asyncio.get_running_loop(), store.services

        def tell(rows: "Sequence[RowChange]") -> None:
            services.activity.committed(rows)
            services.devices.soon()
            services.search.committed(rows)
            services.notes.committed(rows)

        store.listen(
            lambda rows: loop.call_soon_threadsafe(tell, rows), threading.get_ident()
        )
        self.state = move(self.state, StoreState.OPEN)
        self._jobs = self._start_jobs(store)
        return store

    async def _load(self) -> "Container":
        build, self._start_jobs = await asyncio.to_thread(_import_heavy)
        if self._container is None:
            self._container = build(
                self._database,
                self._key,
                self.swap,
                self._notices,
                report=self._report,
                is_safe_mode=self._is_safe_mode,
            )
        return self._container


def _import_heavy() -> "tuple[type[Container], StartJobs]":
    # SQLModel alone takes half a second to import: the first page does not wait.
    from backend.lifecycle.background import start_jobs  # noqa: PLC0415 SQLModel is slow
    from backend.lifecycle.container import Container  # noqa: PLC0415 SQLModel is slow

    return Container, start_jobs
