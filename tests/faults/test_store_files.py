"""Kills in every act on the store's files, and files damaged at random.

The short form of `python -m tests.faults store`, without its clock.
"""

import pytest

from tests.helpers.store_fault_report import STORE_FAULTS, StoreFault, measure


@pytest.mark.parametrize("fault", STORE_FAULTS, ids=lambda fault: fault.key)
def test_nothing_acknowledged_is_lost_and_it_opens(fault: StoreFault) -> None:
    series = measure(fault, fault.few)
    assert series.problem == ""
    assert len(series.costs_s) == fault.few
