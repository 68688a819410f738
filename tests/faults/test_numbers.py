"""Every fault a few times: the short form of `make faults`, without its clock.

A loaded machine takes longer to recover; what must never happen is a loss.
"""

from pathlib import Path

import pytest

from tests.helpers.fault_injection import Trials
from tests.helpers.fault_table import FAULTS, Fault
from tests.helpers.scripted_model import scripted_gguf

__all__ = ["scripted_gguf"]

pytestmark = pytest.mark.e2e

PATIENT_TEXT_MS = 2_000


SHORT = [fault for fault in FAULTS if fault.few]


@pytest.mark.parametrize("fault", SHORT, ids=[fault.name for fault in SHORT])
def test_it_comes_back_with_everything(
    trials: Trials, fault: Fault, scripted_gguf: Path
) -> None:
    if fault.with_engine:
        trials.use_model_file(scripted_gguf)
    for _ in range(fault.few):
        trial = fault.inject(trials)
        assert trial.rows_lost == 0
        assert trial.children_left == 0
        assert trial.text_lost_ms < PATIENT_TEXT_MS
