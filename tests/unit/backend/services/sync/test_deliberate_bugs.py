"""The test of three computers finds a bug: one that is put in on purpose."""

import pytest

from tests.helpers.sync_bugs import (
    Bug,
    found_after,
    the_last_to_arrive_wins,
    what_is_searched_is_forgotten,
)


@pytest.mark.parametrize(
    "bug",
    [the_last_to_arrive_wins, what_is_searched_is_forgotten],
    ids=lambda bug: bug.__name__,
)
def test_a_deliberate_bug_is_found(bug: Bug) -> None:
    assert found_after(bug)
