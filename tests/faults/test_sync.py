"""Two computers are killed at random while they exchange: no word is lost."""

import pytest

from tests.helpers.sync_kills import measure

pytestmark = pytest.mark.sidecar


@pytest.mark.parametrize("name", ["folder", "server"])
def test_no_kill_costs_a_word(name: str) -> None:
    series = measure(name, kills=3)
    assert series.problems() == []
    assert series.kept >= 3
