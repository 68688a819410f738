"""A model server that says one word after the other and remembers when."""

import contextlib
import itertools
import threading
import time

from tests.helpers.model_server import HEAD, Exchange, FakeModelServer, event

PACE_S = 0.01


class TickingServer(FakeModelServer):
    """Answers every question with numbered words, until nobody listens.

    Attributes:
        said: Each word of the newest answer with the moment it was sent.
    """

    def __init__(self) -> None:
        """Prepare the server; it serves as a context manager."""
        super().__init__(self._tick)
        self.said: list[tuple[float, str]] = []
        self._answers = itertools.count(1)

    def _tick(self, exchange: Exchange) -> None:
        if exchange.path.endswith("/models"):
            exchange.answer(200, '{"data": [{"id": "ticker"}]}')
            return
        said = self.said = []
        answer = next(self._answers)
        exchange.send(HEAD)
        pause = threading.Event()
        with contextlib.suppress(OSError):
            for number in itertools.count(1):
                word = f"a{answer}w{number} "
                said.append((time.monotonic(), word))
                exchange.send(event({"content": word}))
                pause.wait(PACE_S)
        exchange.gone.set()
