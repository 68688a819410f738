"""The store opens, fails, opens again, is swapped and closed, in any order asked."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from backend.errors import ConflictError, StoreClosedError, StoreError
from backend.keys.database_key import DATABASE_NAME, DatabaseKey
from backend.keys.keyring import OsKeyring
from backend.lifecycle.background import JOBS
from backend.lifecycle.store_lifecycle import StoreLifecycle
from backend.store.states.store_state import StoreState
from tests.helpers.store_operations import Silence
from tests.unit.backend.services.chat.test_activity import Silence as Unheard

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    """Run on the loop of the standard library."""
    return "asyncio"


def build(folder: Path, *, is_safe_mode: bool = True) -> StoreLifecycle:
    key = DatabaseKey(folder, OsKeyring(lambda: None))
    path = folder / DATABASE_NAME
    return StoreLifecycle(path, key, Silence(), is_safe_mode=is_safe_mode)


@asynccontextmanager
async def started(folder: Path) -> AsyncIterator[StoreLifecycle]:
    store = build(folder)
    await store.start(Unheard())
    yield store
    if store.state is not StoreState.CLOSED:
        await store.stop()


def state_of(store: StoreLifecycle) -> StoreState:
    return store.state


def running() -> set[str]:
    return {task.get_name() for task in asyncio.all_tasks()}


async def test_it_opens_runs_its_jobs_and_closes(tmp_path: Path) -> None:
    async with started(tmp_path) as store:
        assert state_of(store) is StoreState.OPENING
        await store.services()
        assert state_of(store) is StoreState.OPEN
        assert "watch writing" in running()
    assert state_of(store) is StoreState.CLOSED
    await asyncio.sleep(0)
    assert "watch writing" not in running()


async def test_an_open_store_never_holds_the_loop(tmp_path: Path) -> None:
    async with started(tmp_path) as store:
        services = await store.services()
        with pytest.raises(RuntimeError, match="hold the event loop"):
            services.notes.page()
        assert await asyncio.to_thread(services.notes.page) == []


async def test_safe_mode_runs_only_what_the_table_says(tmp_path: Path) -> None:
    async with started(tmp_path) as store:
        await store.services()
        names = running()
    left_out = {job.name for job in JOBS if not job.runs_in_safe_mode}
    assert left_out
    assert not left_out & names


async def test_a_swap_asked_for_while_it_opens_waits_for_it(tmp_path: Path) -> None:
    async with started(tmp_path) as store:
        seen = await store.swap(lambda: store.state)
        assert seen is StoreState.SWAPPING
        await store.services()
        assert state_of(store) is StoreState.OPEN


async def test_a_swap_that_fails_leaves_the_store_open(tmp_path: Path) -> None:
    def fail() -> None:
        raise StoreError("No.")

    async with started(tmp_path) as store:
        with pytest.raises(StoreError, match="No"):
            await store.swap(fail)
        await store.services()
        assert state_of(store) is StoreState.OPEN


@pytest.mark.expects_errors
async def test_a_store_that_failed_opens_when_what_was_in_the_way_is_gone(
    tmp_path: Path,
) -> None:
    (tmp_path / DATABASE_NAME).mkdir()
    async with started(tmp_path) as store:
        with pytest.raises(StoreClosedError):
            await store.services()
        assert state_of(store) is StoreState.FAILED
        with pytest.raises(ConflictError):
            await store.start_over()
        (tmp_path / DATABASE_NAME).rmdir()
        await store.try_again()
        assert state_of(store) is StoreState.OPEN


@pytest.mark.expects_errors
async def test_who_asks_twice_at_once_opens_it_once(tmp_path: Path) -> None:
    (tmp_path / DATABASE_NAME).mkdir()
    async with started(tmp_path) as store:
        with pytest.raises(StoreClosedError):
            await store.services()
        (tmp_path / DATABASE_NAME).rmdir()
        await asyncio.gather(store.try_again(), store.try_again())
        assert state_of(store) is StoreState.OPEN


async def test_nothing_opens_a_closed_store_again(tmp_path: Path) -> None:
    async with started(tmp_path) as store:
        await store.services()
        await store.stop()
        with pytest.raises(StoreClosedError):
            await store.swap(lambda: None)
        assert state_of(store) is StoreState.CLOSED


async def test_what_is_said_of_the_connection_holds_whatever_is_open(
    tmp_path: Path,
) -> None:
    async with started(tmp_path) as store:
        store.connection_is(is_metered=True)
        before = await store.services()
        assert before.devices._now.report.is_metered
        await store.swap(lambda: None)
        after = await store.services()
        assert after.devices is not before.devices
        assert after.devices._now.report.is_metered
        store.connection_is(is_metered=False)
        assert not after.devices._now.report.is_metered
