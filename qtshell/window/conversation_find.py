"""Finds words in the whole conversation that is open, also where it is not loaded.

The sidecar says which messages hold the words and how often; the page marks them, and
is opened around a message it has not loaded. On other pages Chromium finds alone.
"""

import json
import re
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Final, NamedTuple
from urllib.parse import urlencode

from PySide6.QtCore import QObject, Signal

from backend.interface.api_types import MessageMatches
from qtshell.sidecar.client import SidecarClient

if TYPE_CHECKING:
    # Importing Chromium takes longer than showing the window.
    from qtshell.web.view import WebView

_CONVERSATION: Final = re.compile(r"/conversations/([0-9a-f-]{36})(?:$|[?#])")


class Match(NamedTuple):
    """One place where the words are: the message, and which one in it, from 0."""

    message_id: str
    number: int


def matches_of(found: MessageMatches) -> list[Match]:
    """Return every match, in their order."""
    return [Match(id_, n) for id_, count in found.messages for n in range(count)]


def next_match(matches: Sequence[Match], at: Match, *, backwards: bool) -> Match:
    """Return the match after, or before, a place; at either end the other one's.

    Messages are in the order of their ids.
    """
    if backwards:
        return max((m for m in matches if m < at), default=matches[-1])
    return min((m for m in matches if m > at), default=matches[0])


def first_match(matches: Sequence[Match], seen: str) -> Match:
    """Return the first match from the message that is read on, else the last."""
    return min((m for m in matches if m.message_id >= seen), default=matches[-1])


class ConversationFind(QObject):
    """Finds in the page of a view.

    Signals:
        found: Which match is marked, and how many there are.
    """

    found = Signal(int, int)

    def __init__(
        self, view: "WebView", client: SidecarClient, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._view = view
        self._client = client
        self._asked = 0
        self._words = ""
        self._place = ""
        self._at: Match | None = None
        # Where the user began to read: typing on does not walk away from there.
        self._anchor: str | None = None
        view.found.connect(self._on_view_found)
        view.shown.connect(self._on_view_shown)

    def find(self, words: str, *, backwards: bool = False) -> None:
        """Mark the next match of the words; empty words clear the marks."""
        opened = _CONVERSATION.match(self._view.path)
        place = opened[1] if opened else ""
        if (words, place) != (self._words, self._place):
            self._asked += 1
            self._anchor = self._anchor if place == self._place else None
            self._words, self._place, self._at = words, place, None
            self._view.run("window.hearthFind?.clear()")
        if not (words.strip() and place):
            self._view.find_words(words, backwards=backwards)
            return
        path = f"/api/v1/conversations/{place}/find?{urlencode({'q': words})}"
        go_on = partial(self._go_on, self._asked, backwards=backwards)
        self._client.get(
            path,
            MessageMatches,
            lambda found: go_on(matches_of(found)),
            refused=lambda _: go_on([]),
            unreachable=lambda: go_on([]),
        )

    def leave(self) -> None:
        """Clear the marks and give the found message the focus."""
        self._asked += 1
        self._words, self._at, self._anchor = "", None, None
        self._view.find_words("")
        self._view.run("window.hearthFind?.leave()")

    def _go_on(self, asked: int, matches: Sequence[Match], *, backwards: bool) -> None:
        if asked != self._asked:
            return
        if not matches:
            # What is being written is in the page before it is stored.
            self._at = None
            self._view.find_words(self._words, backwards=backwards)
        elif self._at:
            match = next_match(matches, self._at, backwards=backwards)
            self._anchor = match.message_id
            self._show(matches, match)
        elif self._anchor is not None:
            self._show(matches, first_match(matches, self._anchor))
        else:

            def begin(seen: object) -> None:
                if asked == self._asked:
                    self._anchor = str(seen or "")
                    self._show(matches, first_match(matches, self._anchor))

            self._view.ask("window.hearthFind?.seen()", begin)

    def _show(self, matches: Sequence[Match], match: Match) -> None:
        self._at = match
        self._view.find_words("")
        self.found.emit(matches.index(match) + 1, len(matches))
        self._mark(match, self._open)

    def _mark(
        self, match: Match, otherwise: Callable[[Match], None] | None = None
    ) -> None:
        arguments = json.dumps([match.message_id, match.number, self._words])

        def go_on(is_shown: object) -> None:
            if otherwise and not is_shown:
                otherwise(match)

        self._view.ask(f"window.hearthFind?.show(...{arguments})", go_on)

    def _open(self, match: Match) -> None:
        if match == self._at:
            asked = urlencode({"around": match.message_id})
            self._view.open_path(f"/conversations/{self._place}?{asked}")

    def _on_view_shown(self) -> None:
        # However many pages were opened for it one after the other.
        if self._at:
            self._mark(self._at)

    def _on_view_found(self, number: int, count: int) -> None:
        if self._at is None:
            self.found.emit(number, count)
