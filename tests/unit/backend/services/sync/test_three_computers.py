"""Three computers that share a place come to the same, whatever happens to it."""

from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.helpers.sqld import Sqld
from tests.helpers.three_computers import NAMES, Step, run

STEPS = st.lists(
    st.tuples(
        st.sampled_from(NAMES),
        st.integers(0, 2),
        st.integers(0, 8),
        st.text(max_size=4),
    ),
    min_size=20,
    max_size=40,
)
SEEDS = st.integers(0, 1_000_000)
DAMAGES = st.sampled_from(["folder", "computer"])


@settings(max_examples=6)
@given(STEPS, SEEDS, DAMAGES)
def test_all_come_to_the_same(steps: list[Step], seed: int, damage: str) -> None:
    run(steps, seed, damage)


@pytest.fixture(scope="module")
def sqld(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sqld]:
    with Sqld(tmp_path_factory.mktemp("sqld")) as server:
        yield server


@settings(max_examples=4)
@given(STEPS, SEEDS, DAMAGES)
def test_all_come_to_the_same_over_a_server(
    sqld: Sqld, steps: list[Step], seed: int, damage: str
) -> None:
    run(steps, seed, damage, sqld)
