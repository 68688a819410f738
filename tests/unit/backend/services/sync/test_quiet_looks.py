"""A look that finds nothing new costs one request, no statement and no file."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from backend.runtime.regular_files import open_regular
from backend.sync.hrana import HranaClient
from tests.helpers.synced import (
    Computer,
    files_of,
    grouped,
    settle,
    state_of,
    titles,
    write,
)

LOOKS = 50


class Counts:
    """How often something was done on the way to what it does."""

    def __init__(self) -> None:
        self.number = 0

    def around(self, inner: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*args: object) -> object:
            self.number += 1
            return inner(*args)

        return counted


def statements_of(computer: Computer) -> Counts:
    counts = Counts()
    counting = counts.around(lambda *_: None)
    event.listen(computer.database._engine, "before_cursor_execute", counting)
    return counts


@pytest.fixture
def requests(monkeypatch: pytest.MonkeyPatch) -> Counts:
    counts = Counts()
    monkeypatch.setattr(HranaClient, "run", counts.around(HranaClient.run))
    return counts


@pytest.fixture
def opened_files(monkeypatch: pytest.MonkeyPatch) -> Counts:
    counts = Counts()
    opening = counts.around(open_regular)
    monkeypatch.setattr("backend.sync.folder.open_regular", opening)
    return counts


def test_a_look_in_vain_reads_nothing_here_and_asks_once(
    three: list[Computer], requests: Counts, opened_files: Counts
) -> None:
    a, *_ = three
    write(a, "A sentence")
    settle(three)
    a.sync(5)
    statements = statements_of(a)
    requests.number = opened_files.number = 0
    for _ in range(LOOKS):
        assert not a.rounds.round()
    assert statements.number == 0
    assert requests.number == (LOOKS if a.server else 0)
    assert opened_files.number == 0


def test_what_is_stored_or_comes_between_quiet_looks_is_exchanged(
    three: list[Computer],
) -> None:
    a, b, _ = three
    settle(three)
    for number in range(3):
        for _ in range(LOOKS):
            assert not a.rounds.round()
        write(a, f"Of here {number}")
        write(b, f"Of there {number}")
        settle(three)
        expected = {f"Of {w} {n}" for w in ("here", "there") for n in range(number + 1)}
        assert titles(a) == titles(b) == expected


def test_a_folder_whose_newest_file_is_another_is_read(tmp_path: Path) -> None:
    a, b = grouped(tmp_path, ["a", "b"])
    write(a, "A sentence")
    settle([a, b])
    a.sync(5)
    stream = state_of(a).stream
    [path] = [a.shared / one for one in files_of(a) if stream in str(one)]
    path.write_bytes(path.read_bytes()[:-1])  # a program that syncs set it back
    a.sync(5)
    assert state_of(a).stream != stream
    a.close()
    b.close()
