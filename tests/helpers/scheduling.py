"""Which worker runs which test: pytest-xdist's loadfile, also after a worker crashed.

A worker begins a test once it knows which one comes next, or that none does. With
pytest-xdist 3.8 one that stands in for a crashed one is given what was left of a single
file; with one test in it, or none, it waits for ever, and so does the whole run.
"""

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling
from xdist.workermanage import WorkerController


class FileScheduling(LoadFileScheduling):  # type: ignore[misc]
    """Gives each worker whole files, and always enough of them to begin."""

    def _reschedule(self, node: WorkerController) -> None:
        if node not in self.registered_collections:
            return
        super()._reschedule(node)
        while not node.shutting_down and self._pending_of(self.assigned_work[node]) < 2:
            super()._reschedule(node)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> FileScheduling:
    """Let pytest-xdist use it, whichever way was asked for."""
    return FileScheduling(config, log)
