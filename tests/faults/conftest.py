"""One running program for all tests that do something to it."""

from collections.abc import Iterator

import pytest

from tests.helpers.fault_injection import Trials, running


@pytest.fixture(scope="session")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trials]:
    """The program; in the end nothing of it is left."""
    with running(tmp_path_factory.mktemp("program")) as trials:
        yield trials
        assert trials.end() == 0


@pytest.fixture(scope="module")
def trials(program: Trials) -> Trials:
    """The program, answered by the server that counts for ever."""
    program.use_ticking_server()
    return program
