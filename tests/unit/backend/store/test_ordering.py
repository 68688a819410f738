"""There is always a place between two places."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.store.ordering import between, spread


@given(st.lists(st.integers(min_value=0, max_value=100), max_size=150))
def test_between_any_two_there_is_room(places: list[int]) -> None:
    keys = list[str]()
    for place in places:
        at = min(place, len(keys))
        low = keys[at - 1] if at else ""
        keys.insert(at, between(low, keys[at] if at < len(keys) else ""))
    assert keys == sorted(set(keys))


@given(st.integers(min_value=0, max_value=1500))
def test_an_even_spread_rises_and_stays_short(count: int) -> None:
    keys = spread(count)
    assert len(keys) == count
    assert keys == sorted(set(keys))
    assert all(len(key) <= 3 and not key.endswith("0") for key in keys)


def test_keys_out_of_order_are_a_bug() -> None:
    with pytest.raises(ValueError, match="order"):
        between("b", "a")
