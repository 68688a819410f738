"""Next and Previous go through every match of a conversation, around its ends."""

from collections.abc import Callable
from typing import TYPE_CHECKING, cast

import pytest
from PySide6.QtCore import QObject, Signal

from backend.interface.api_types import MessageMatches
from qtshell.window.conversation_find import (
    ConversationFind,
    Match,
    first_match,
    matches_of,
    next_match,
)

if TYPE_CHECKING:
    from qtshell.sidecar.client import SidecarClient
    from qtshell.web.view import WebView

FOUND = MessageMatches(messages=(("a", 2), ("c", 1)))
MATCHES = matches_of(FOUND)


def test_each_match_of_a_message_is_one() -> None:
    assert [Match("a", 0), Match("a", 1), Match("c", 0)] == MATCHES
    assert matches_of(MessageMatches(messages=())) == []


@pytest.mark.parametrize(
    ("at", "following", "previous"),
    [
        (Match("a", 0), Match("a", 1), Match("c", 0)),
        (Match("a", 1), Match("c", 0), Match("a", 0)),
        (Match("c", 0), Match("a", 0), Match("a", 1)),
        # The message was deleted meanwhile.
        (Match("b", 3), Match("c", 0), Match("a", 1)),
        (Match("d", 0), Match("a", 0), Match("c", 0)),
    ],
)
def test_next_and_previous(at: Match, following: Match, previous: Match) -> None:
    assert next_match(MATCHES, at, backwards=False) == following
    assert next_match(MATCHES, at, backwards=True) == previous


def test_it_begins_where_the_user_reads() -> None:
    assert first_match(MATCHES, "") == Match("a", 0)
    assert first_match(MATCHES, "b") == Match("c", 0)
    assert first_match(MATCHES, "d") == Match("c", 0)


class Unloaded(QObject):
    """A conversation of which the page has no message that is looked for."""

    found = Signal(int, int)
    shown = Signal()
    path = "/conversations/01a215c4-4c3a-7000-ae63-ad2ee8cb6859"

    def __init__(self) -> None:
        super().__init__()
        self.scripts: list[str] = []
        self.opened: list[str] = []
        self.open_path = self.opened.append
        self.find_words = self.run = lambda *_, **__: None

    def ask(self, script: str, answer: Callable[[object], None]) -> None:
        self.scripts.append(script)
        answer("" if "seen" in script else False)

    def get(
        self,
        _path: str,
        _kind: type[MessageMatches],
        done: Callable[[MessageMatches], None],
        **_: object,
    ) -> None:
        done(FOUND)


def test_each_page_that_is_opened_marks_the_match_that_was_asked_for_last() -> None:
    page = Unloaded()
    finding = ConversationFind(cast("WebView", page), cast("SidecarClient", page))
    finding.find("word")
    finding.find("word")
    assert len(page.opened) == 2
    for _ in page.opened:
        page.scripts.clear()
        page.shown.emit()
        assert page.scripts == ['window.hearthFind?.show(...["a", 1, "word"])']
    finding.leave()
    page.scripts.clear()
    page.shown.emit()
    assert page.scripts == []
