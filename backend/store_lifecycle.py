"""Opens the store beside the first page, exchanges it while Hearth runs, closes it."""

import asyncio
import gc
import logging
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

from backend.errors import (
    ConflictError,
    HearthError,
    StoreClosedError,
    StoreLockedError,
)
from backend.keys.database_key import DatabaseKey
from backend.keys.key_files import key_names
from backend.keys.keyring import FindVault, OsKeyring
from backend.live.message_feed import MessageFeed
from backend.live.notices import PageNotices, Toast
from backend.protocol import Hello
from backend.runtime.logs import describe_bug
from backend.web.events import EventHub
from backend.web.rendering import Renderer

if TYPE_CHECKING:
    from backend.container import Keeping, OpenedHouse, Services

log = logging.getLogger("hearth.app")

LOOK_AROUND_S: Final = 5.0
"""How often local servers are looked for, so that one that starts shows up."""

CHECK_AFTER_S: Final = 3.0
"""When the whole database is looked through: not while the first page is drawn."""

_MENDED: Final = (
    "Hearth repaired damage to its database. Letters that could not be saved show as "
    "\N{REPLACEMENT CHARACTER}; a backup keeps how it was. Check the disk."
)
_PUT_AWAY: Final = (
    "Your locked data is in the folder {name} of the data folder. If you find its "
    "key, move it back."
)
_BUG: Final = "Hearth's database cannot be opened. See the log for details."

T = TypeVar("T")


class House:
    """The services of one run: opened beside the first page, closed at the end.

    Attributes:
        state: What the health route tells: opening, connected, locked or failed.
    """

    def __init__(
        self,
        hello: Hello,
        hub: EventHub,
        renderer: Renderer,
        find_vault: FindVault | None = None,
    ) -> None:
        self._hello = hello
        self._is_safe_mode = hello.safe_mode
        self._data_dir = Path(hello.data_dir)
        self._key = DatabaseKey(
            self._data_dir, OsKeyring(find_vault), hello.database_key
        )
        self._hub = hub
        self._renderer = renderer
        self._opening: asyncio.Task[OpenedHouse] | None = None
        self._background: list[asyncio.Task[None]] = []
        self._rescuing: asyncio.Task[None] | None = None
        self._keeping: Keeping | None = None
        self._exchanging = asyncio.Lock()
        self.state = "opening"
        self.broadcast = MessageFeed(hub, renderer, self.services)
        self._notices = PageNotices(hub, renderer)

    async def start(self) -> None:
        """Begin to open the store; call on the handlers' loop."""
        self._opening = asyncio.create_task(self._open(), name="open the store")
        self._go_on()

    async def services(self) -> "Services":
        """Wait for the services.

        Raises:
            StoreClosedError: The store cannot be opened.
        """
        return (await self._wait()).services

    async def keeping(self) -> "Keeping":
        """Return what works on the store's files also when it does not open."""
        build = await asyncio.to_thread(_import_opening)
        if self._keeping is None:
            self._keeping = build(
                self._data_dir, self._key, self.exchange, self._notices
            )
        return self._keeping

    async def unlock(self, secret: str) -> None:
        """Open a locked store with a passphrase or a recovery code.

        Raises:
            InvalidInputError: It is neither.
            StoreClosedError: The store does not open for another reason.
        """
        await asyncio.to_thread(self._key.unlock, secret)
        await self.try_again()

    async def begin_anew(self) -> None:
        """Put a locked store away, whole, and begin with an empty one.

        Raises:
            ConflictError: It is not locked.
            StoreError: It could not be moved.
        """
        from backend.recovery.swap import put_away  # noqa: PLC0415 heavy
        from backend.store.database import BACKUPS  # noqa: PLC0415 heavy

        if self.state != "locked":
            raise ConflictError("Your data is not locked. Reload the page.")
        database = self._data_dir / "hearth.db"
        names = (BACKUPS, *key_names(self._data_dir))
        away = await self.exchange(lambda: put_away(database, *names))
        self._notices.say(_PUT_AWAY.format(name=away.name))

    async def try_again(self) -> None:
        """Open a store that did not open.

        Raises:
            StoreClosedError: It still does not.
        """
        async with self._exchanging:
            if self.state not in {"opening", "connected"}:
                await self._begin_anew(self._open())
        await self._wait()

    async def exchange(self, change: Callable[[], T]) -> T:
        """Close the store, have its files changed, and open it again.

        Whoever asks for the store meanwhile waits.

        Raises:
            HearthError: The change failed; the store is open as it was.
        """
        async with self._exchanging:
            outcome: asyncio.Future[T] = asyncio.get_running_loop().create_future()
            await self._begin_anew(self._exchange(self._opening, change, outcome))
            try:
                await self._wait()
            except StoreClosedError:
                log.warning("the store did not open after an exchange")
            self._hub.publish("resync")
            return await outcome

    async def stop(self) -> None:
        """Store growing answers, end engines, close the store."""
        for task in self._background:
            task.cancel()
        self._hub.close()
        try:
            opened = await self._wait()
        except HearthError:
            return
        await _close(opened)

    async def _wait(self) -> "OpenedHouse":
        if self._opening is None:
            raise RuntimeError("the house was not started")
        return await asyncio.shield(self._opening)

    async def _begin_anew(self, opening: "Coroutine[Any, Any, OpenedHouse]") -> None:
        for task in self._background:
            task.cancel()
        self.state = "opening"
        self._opening = asyncio.create_task(opening, name="open the store")
        self._go_on()

    async def _exchange(
        self,
        before: "asyncio.Task[OpenedHouse] | None",
        change: Callable[[], T],
        outcome: "asyncio.Future[T]",
    ) -> "OpenedHouse":
        try:
            if before and not before.exception():
                await _close(before.result())
            outcome.set_result(await asyncio.to_thread(change))
        except HearthError as exc:
            outcome.set_exception(exc)
        except Exception as exc:  # noqa: BLE001 the store must be opened again
            log.critical("an exchange failed: %s", describe_bug(exc))
            outcome.set_exception(StoreClosedError(_BUG))
        return await self._open()

    async def _open(self) -> "OpenedHouse":
        database = self._data_dir / "hearth.db"
        # The keyring answers while the heavy modules are imported.
        unlocking = asyncio.create_task(
            asyncio.to_thread(self._key.unlock_at_start, database)
        )
        try:
            keeping = await self.keeping()
            await unlocking
            opened = await asyncio.to_thread(
                _open,
                self._hello,
                self._key,
                keeping,
                self.broadcast,
                self._notices,
            )
        except StoreLockedError:
            self.state = "locked"
            raise
        except HearthError as exc:
            self.state = "failed"
            log.error("the store does not open: %s", exc)  # noqa: TRY400 expected
            raise StoreClosedError(str(exc)) from exc
        except Exception as exc:
            self.state = "failed"
            log.critical("the store does not open: %s", describe_bug(exc))
            raise StoreClosedError(_BUG) from exc
        finally:
            # What was imported stays: it need not be looked through ever again.
            gc.freeze()
            gc.enable()
        # Commits happen in any thread, and pages are told of them on the loop.
        loop, tell = asyncio.get_running_loop(), opened.services.activity.committed
        opened.database.on_commit = lambda said: loop.call_soon_threadsafe(tell, said)
        self.state = "connected"
        return opened

    def _go_on(self) -> None:
        """Begin what goes on behind the pages for as long as the store is open."""
        works = {
            "look around": self._look_around,
            "purge the trash": self._keep_clean,
            "look through the database": self._check,
            "watch for trouble": self._watch,
            "make backups": self._keep_backups,
            "prepare the search": self._prepare_search,
            "download models": self._download_models,
        }
        self._background = [
            asyncio.create_task(self._work(work), name=name)
            for name, work in works.items()
        ]

    async def _work(
        self, work: "Callable[[Services], Coroutine[Any, Any, None]]"
    ) -> None:
        try:
            await work(await self.services())
        except HearthError as exc:
            log.info("background work ended: %s", exc)

    async def _check(self, services: "Services") -> None:
        """Look through the database, and again whenever it turns out to be damaged."""
        from backend.recovery.restore import is_damaged, mend, rescue  # noqa: PLC0415 heavy

        if self._is_safe_mode:
            return
        path = (await self._wait()).database.path
        key, backups = self._key, (await self.keeping()).backups
        await asyncio.sleep(CHECK_AFTER_S)
        while not await asyncio.to_thread(is_damaged, path, key.of_database):
            await services.troubles.damaged.wait()
            mended = await asyncio.to_thread(mend, path, key.of_database, backups.snap)
            if mended is None:
                break
            if mended:
                self._notices.say(_MENDED, tone="warning")
                self._hub.publish("resync")
            await asyncio.sleep(CHECK_AFTER_S)
            services.troubles.damaged.clear()
        log.warning("a damaged database is exchanged")

        def change() -> None:
            rescue(path, key.value, backups.for_rescue())

        # Not in this task: the exchange cancels it.
        self._rescuing = asyncio.create_task(self._rescue(change))

    async def _rescue(self, change: Callable[[], None]) -> None:
        try:
            await self.exchange(change)
        except HearthError as exc:
            log.warning("the damaged database stays: %s", exc)
        self._notices.changed("troubles")

    async def _watch(self, services: "Services") -> None:
        await services.troubles.watch()

    async def _keep_backups(self, _services: "Services") -> None:
        if not self._is_safe_mode:
            await (await self.keeping()).backups.keep()

    async def _prepare_search(self, services: "Services") -> None:
        """Put what an earlier version left out of the index into it."""
        from backend.recovery.jobs import HeavyJob  # noqa: PLC0415 heavy

        if not await services.search.unprepared():
            return
        path, key = (await self._wait()).database.path, self._key.of_database
        job = HeavyJob(path, key, "index_rest")
        try:
            log.info("rows put into the index: %s", await asyncio.to_thread(job.result))
        finally:
            # An exchange of the database does not wait for it; the next one goes on.
            job.cancel()

    async def _download_models(self, services: "Services") -> None:
        if not self._is_safe_mode:
            await services.library.begin()

    async def _keep_clean(self, services: "Services") -> None:
        """Fold what was typed last time, end broken imports, purge the trash."""
        await services.notes.settle()
        await services.imports.recover()
        if not self._is_safe_mode:
            await services.trash.keep_clean()

    async def _look_around(self, services: "Services") -> None:
        """Tell the page when a local server appears or leaves."""
        if self._is_safe_mode:
            return
        known: set[str] | None = None
        while True:
            if services.pause.is_paused:
                await asyncio.sleep(LOOK_AROUND_S)
                continue
            found = {
                server.url: server.name for server in await services.engines.found()
            }
            if known is not None and known != set(found):
                self._hub.publish("engines")
                for url in found.keys() - known:
                    toast = Toast(f"{found[url]} is running. Choose it in Settings.")
                    self._hub.publish("toast", self._renderer.render(toast))
            known = set(found)
            await asyncio.sleep(LOOK_AROUND_S)


async def _close(opened: "OpenedHouse") -> None:
    await opened.answers.close()
    await opened.services.exports.close()
    await opened.services.imports.close()
    await opened.services.library.downloads.close()
    await opened.registry.close_all()
    await asyncio.to_thread(opened.database.close)


def _import_opening() -> "Callable[..., Keeping]":
    # SQLModel alone takes half a second to import: the first page does not wait.
    from backend.container import build_keeping  # noqa: PLC0415 SQLModel is slow

    return build_keeping


def _open(
    hello: Hello,
    key: DatabaseKey,
    keeping: "Keeping",
    broadcast: MessageFeed,
    notices: PageNotices,
) -> "OpenedHouse":
    from backend.container import open_house  # noqa: PLC0415 SQLModel is slow

    return open_house(hello, key, keeping, broadcast, notices)
