"""What may hang runs beside everything else, and is not waited for twice."""

import asyncio
import threading
from collections.abc import Iterator

import pytest

from backend.runtime.side_threads import SideThreads


@pytest.fixture
def released() -> Iterator[threading.Event]:
    """What hanging calls wait for."""
    event = threading.Event()
    yield event
    event.set()


def test_a_call_gives_its_result_or_its_error() -> None:
    async def main() -> None:
        threads = SideThreads()
        assert await threads.run("a", lambda: 5, 5) == 5
        with pytest.raises(OSError, match="gone"):
            await threads.run("a", _fail, 5)
        assert await threads.run("a", lambda: 6, 5) == 6

    asyncio.run(main())


def test_one_that_hangs_costs_one_thread_however_often_it_is_asked(
    released: threading.Event,
) -> None:
    begun = list[str]()

    def hang() -> None:
        begun.append(threading.current_thread().name)
        released.wait()

    async def main() -> None:
        threads = SideThreads()
        for patience_s in (0.01, 60, 60):
            with pytest.raises(TimeoutError):
                await threads.run("share", hang, patience_s)
        assert await threads.run("disk", lambda: 5, 5) == 5

    asyncio.run(main())
    assert begun == ["side: share"]


def test_who_asks_meanwhile_waits_for_the_same_call(released: threading.Event) -> None:
    calls = list[int]()

    def work() -> int:
        calls.append(1)
        released.wait()
        return len(calls)

    async def main() -> None:
        threads = SideThreads()
        both = [asyncio.create_task(threads.run("a", work, 60)) for _ in range(2)]
        await asyncio.sleep(0)
        released.set()
        assert await asyncio.gather(*both) == [1, 1]

    asyncio.run(main())


def test_no_more_threads_hang_than_allowed(released: threading.Event) -> None:
    async def main() -> None:
        threads = SideThreads(most=2)
        for name in ("a", "b", "c"):
            with pytest.raises(TimeoutError):
                await threads.run(name, released.wait, 0.01)
        hanging = [t for t in threading.enumerate() if t.name.startswith("side: ")]
        assert len(hanging) == 2

    asyncio.run(main())


def test_one_that_comes_back_is_asked_again(released: threading.Event) -> None:
    async def main() -> None:
        threads = SideThreads()
        with pytest.raises(TimeoutError):
            await threads.run("share", released.wait, 0.01)
        released.set()
        async with asyncio.timeout(30):
            while any(t.name == "side: share" for t in threading.enumerate()):
                await asyncio.sleep(0.001)
        assert await threads.run("share", lambda: "here", 5) == "here"

    asyncio.run(main())


def _fail() -> None:
    raise OSError("gone")
