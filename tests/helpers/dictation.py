"""A model that says what a test dictates, when the test says it."""

import queue
from typing import Any, Final, Self

from tests.helpers.model_server import HEAD, Exchange, FakeModelServer, event
from tests.helpers.window import Window

_END: Final = dict[str, str]()


class Dictation:
    """A model server whose answers grow word by word of a test."""

    def __init__(self) -> None:
        self._pieces: queue.SimpleQueue[dict[str, str]] = queue.SimpleQueue()
        self._server = FakeModelServer(self._play)

    def __enter__(self) -> Self:
        """Serve."""
        self._server.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        """End what is still asked, and the server."""
        self.end()
        self._server.__exit__(None, None, None)

    @property
    def asked(self) -> list[dict[str, Any]]:
        """The messages of the latest question."""
        return [one for one in self._server.requests if one.body][-1].messages

    def say(self, text: str) -> None:
        """Go on with the answer."""
        self._pieces.put({"content": text})

    def think(self, text: str) -> None:
        """Go on with the thoughts before the answer."""
        self._pieces.put({"reasoning_content": text})

    def end(self) -> None:
        """End the answer."""
        self._pieces.put(_END)

    def serve(self, window: Window) -> None:
        """Let this model answer in a window."""
        form = f"new URLSearchParams({{name: 'Dictation', url: '{self._server.url}'}})"
        script = f"fetch('/engines', {{method: 'POST', body: {form}}})"
        assert window.evaluate(f"{script}.then(r => r.status)") == 204

    def _play(self, exchange: Exchange) -> None:
        if exchange.path.endswith("/models"):
            models = '{"data": [{"id": "dictated"}]}'
            exchange.answer(200, models, "Content-Type: application/json")
            return
        exchange.send(HEAD)
        while piece := self._pieces.get():
            exchange.send(event(piece))
        exchange.send(event({}, "stop") + b"data: [DONE]\n\n")
