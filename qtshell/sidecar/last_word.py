"""Tells the sidecar what the shell sees: words after each other, the last one last."""

from typing import Final

from backend.interface.api_types import Done
from qtshell.sidecar.client import SidecarClient

_YES: Final = "yes"


class LastWord:
    """Whether something is so, as the sidecar is to know it.

    A word that changes while another is told is told after it, not beside it; one that
    the sidecar knows is not told.
    """

    def __init__(self, client: SidecarClient, path: str, field: str) -> None:
        """Tell it under a path, as a field of a form."""
        self._client = client
        self._path = path
        self._field = field
        self._word: bool | None = None
        self._known: bool | None = None
        self._is_telling = False

    def begun_with(self, *, word: bool) -> None:
        """Take note of what a sidecar that was just begun knows."""
        self._known = word

    def tell(self, *, word: bool) -> None:
        """Let the sidecar know this."""
        self._word = word
        if self._is_telling or word is self._known:
            return
        self._is_telling = True

        def go_on(_: object = None) -> None:
            self._is_telling = False
            self._known = word
            if self._word is not None:
                self.tell(word=self._word)

        def stop() -> None:
            # The next sidecar is told when it is ready.
            self._is_telling = False
            self._known = None

        self._client.post(
            self._path,
            {self._field: _YES if word else ""},
            Done,
            go_on,
            refused=go_on,
            unreachable=stop,
        )
