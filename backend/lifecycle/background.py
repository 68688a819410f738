"""What runs in the background for as long as the store is open."""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Final

from backend.errors import HearthError
from backend.lifecycle.open_store import OpenStore
from backend.recovery.jobs import HeavyJob
from backend.recovery.restore import is_damaged, repair, rescue
from backend.services.notices import Tone
from backend.services.protection.alerts import NOUN as ALERTS

log = logging.getLogger("hearth.app")

LOOK_EVERY_S: Final = 5.0
"""How often local servers are looked for, so that one that starts shows up."""

CHECK_AFTER_S: Final = 3.0
"""When the whole database is checked: not while the first page is drawn."""

_REPAIRED: Final = (
    "Hearth repaired damage to its database. Letters that could not be saved show as "
    "\N{REPLACEMENT CHARACTER}; a backup keeps how it was. Check the disk."
)


@dataclass(frozen=True, slots=True)
class BackgroundJob:
    """One row of the table below.

    Attributes:
        run: Ends by itself, or when it is cancelled.
    """

    name: str
    run: Callable[[OpenStore], Coroutine[Any, Any, None]]
    runs_in_safe_mode: bool


async def finish_last_run(store: OpenStore) -> None:
    """Fold what was typed last time, and take back imports that were cut off."""
    await asyncio.to_thread(store.services.notes.fold_drafts)
    await asyncio.to_thread(store.services.imports.recover)


async def fold_notes(store: OpenStore) -> None:
    """Make what is typed the text of notes when the typing rests."""
    await store.services.notes.keep_folded()


async def purge_trash(store: OpenStore) -> None:
    """Delete for good what has been in the trash for long enough."""
    await store.services.trash.keep_clean()


async def watch_writing(store: OpenStore) -> None:
    """Notice when the store can be written again."""
    await store.services.alerts.watch()


async def keep_backups(store: OpenStore) -> None:
    """Make the daily backups."""
    await store.offline.backups.keep()


async def resume_downloads(store: OpenStore) -> None:
    """Go on with models that were being downloaded."""
    await store.services.library.begin()


async def write_titles(store: OpenStore) -> None:
    """Let a model write the titles that are asked for."""
    await store.services.titles.keep_writing()


async def look_for_updates(store: OpenStore) -> None:
    """Look for a newer Hearth, where somebody asked for that."""
    await store.services.updates.keep_looking()


async def exchange_changes(store: OpenStore) -> None:
    """Exchange changes with the person's other computers, where they asked for that."""
    await store.services.devices.keep_exchanging()


async def index_the_rest(store: OpenStore) -> None:
    """Put what an earlier version left out of the index into it."""
    if not await asyncio.to_thread(store.services.search.unprepared):
        return
    job = HeavyJob(store.database.path, store.key.of_database, "index_rest")
    try:
        log.info("rows put into the index: %s", await asyncio.to_thread(job.result))
    finally:
        # A swap of the database does not wait for it; the next opening resumes it.
        job.cancel()


async def index_files(store: OpenStore) -> None:
    """Put the text of attached files into the index."""
    await store.services.search.keep_indexed()


async def look_for_servers(store: OpenStore) -> None:
    """Tell the pages when a local server appears or leaves."""
    engines = store.services.engines
    known: set[str] | None = None
    while True:
        if not engines.is_paused:
            found = {server.url: server.name for server in await engines.found()}
            if known is not None and known != set(found):
                store.notices.changed("engines")
                for url in found.keys() - known:
                    store.notices.say(
                        f"{found[url]} is running. Choose it in Settings."
                    )
            known = set(found)
        await asyncio.sleep(LOOK_EVERY_S)


async def check_database(store: OpenStore) -> None:
    """Check the database, and again whenever it turns out to be damaged."""
    path, key, backups = store.database.path, store.key, store.offline.backups
    damaged = store.services.alerts.damaged
    await asyncio.sleep(CHECK_AFTER_S)
    while not await asyncio.to_thread(is_damaged, path, key.of_database):
        await damaged.wait()
        repaired = await asyncio.to_thread(repair, path, key.of_database, backups.snap)
        if repaired is None:
            break
        if repaired:
            store.notices.say(_REPAIRED, tone=Tone.WARNING)
            store.notices.changed("resync")
            store.services.search.index_files()
        await asyncio.sleep(CHECK_AFTER_S)
        damaged.clear()
    log.warning("a damaged database is replaced")
    try:
        await store.swap(lambda: rescue(path, key.value, backups.for_rescue()))
    except HearthError as exc:
        log.warning("the damaged database stays: %s", exc)
    store.notices.changed(ALERTS)


JOBS: Final = (
    BackgroundJob("look for local servers", look_for_servers, runs_in_safe_mode=False),
    BackgroundJob("finish the last run", finish_last_run, runs_in_safe_mode=True),
    BackgroundJob("fold notes", fold_notes, runs_in_safe_mode=True),
    BackgroundJob("purge the trash", purge_trash, runs_in_safe_mode=False),
    BackgroundJob("check the database", check_database, runs_in_safe_mode=False),
    BackgroundJob("watch writing", watch_writing, runs_in_safe_mode=True),
    BackgroundJob("make backups", keep_backups, runs_in_safe_mode=False),
    BackgroundJob("download models", resume_downloads, runs_in_safe_mode=False),
    BackgroundJob("write titles", write_titles, runs_in_safe_mode=False),
    BackgroundJob("look for updates", look_for_updates, runs_in_safe_mode=False),
    BackgroundJob("exchange changes", exchange_changes, runs_in_safe_mode=False),
    BackgroundJob("prepare the search", index_the_rest, runs_in_safe_mode=True),
    BackgroundJob("index attached files", index_files, runs_in_safe_mode=True),
)


def start_jobs(store: OpenStore) -> list[asyncio.Task[None]]:
    """Start what runs beside an open store; cancel the tasks before it closes."""
    return [
        asyncio.create_task(_run(job, store), name=job.name)
        for job in JOBS
        if job.runs_in_safe_mode or not store.is_safe_mode
    ]


async def _run(job: BackgroundJob, store: OpenStore) -> None:
    try:
        await job.run(store)
    except HearthError as exc:
        log.info("background job %r ended: %s", job.name, exc)
