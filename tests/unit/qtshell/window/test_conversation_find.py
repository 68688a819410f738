"""Next and Previous go through every match of a conversation, around its ends."""

import pytest

from qtshell.window.conversation_find import Match, first_match, matches_of, next_match

MATCHES = matches_of(b'{"messages": [["a", 2], ["c", 1]]}')


def test_each_match_of_a_message_is_one() -> None:
    assert [Match("a", 0), Match("a", 1), Match("c", 0)] == MATCHES
    assert matches_of(b'{"messages": []}') == []


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
