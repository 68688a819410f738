"""Runs calls on files that may hang for ever, in threads nobody has to wait for.

A file on a share that is gone blocks whoever opens it, without end and without a way to
call it off. The loop's own pool has few threads, and pages need them: such calls get
threads of their own, one for each file, and few in all.
"""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, Final, TypeVar

MOST: Final = 16

T = TypeVar("T")


class SideThreads:
    """A small pool whose threads may be lost."""

    def __init__(self, most: int = MOST) -> None:
        """Allow so many calls at a time, those that hang among them."""
        self._most = most
        self._running: dict[str, Future[Any]] = {}
        self._late: set[Future[Any]] = set()

    async def run(self, name: str, call: Callable[[], T], patience_s: float) -> T:
        """Return what the call returns.

        Args:
            name: Of what it works on. While an earlier call of that name runs, its
                outcome is waited for instead; while one hangs, nobody waits again.
            call: Runs in a thread, also after we have stopped waiting for it.
            patience_s: How long we wait.

        Raises:
            TimeoutError: It took too long, still hangs, or too much hangs.
        """
        outcome = self._running.get(name) or self._begin(name, call)
        if outcome in self._late:
            raise TimeoutError
        waiting = asyncio.wrap_future(outcome)
        waiting.add_done_callback(_look_at)
        try:
            async with asyncio.timeout(patience_s):
                return await asyncio.shield(waiting)
        except TimeoutError:
            if not outcome.done():
                self._late.add(outcome)
            raise

    def _begin(self, name: str, call: Callable[[], T]) -> "Future[T]":
        if len(self._running) >= self._most:
            raise TimeoutError
        outcome: Future[T] = Future()
        self._running[name] = outcome

        def work() -> None:
            try:
                result = call()
            except BaseException as exc:  # noqa: BLE001 handed to who waits for it
                self._end(name, outcome)
                outcome.set_exception(exc)
            else:
                self._end(name, outcome)
                outcome.set_result(result)

        threading.Thread(target=work, name=f"side: {name}", daemon=True).start()
        return outcome

    def _end(self, name: str, outcome: "Future[Any]") -> None:
        self._running.pop(name, None)
        self._late.discard(outcome)


def _look_at(waiting: "asyncio.Future[Any]") -> None:
    """Take note of an error that comes when nobody waits any more."""
    if not waiting.cancelled():
        waiting.exception()
