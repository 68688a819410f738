"""Ids rise, whatever the clock does."""

import threading
import uuid

import pytest

from backend import ids as module
from backend.ids import IdSource, made_at, now_ms


def test_ids_are_uuids_of_version_7_with_the_time() -> None:
    before = now_ms()
    made = uuid.UUID(IdSource().new())
    assert (made.version, made.variant) == (7, uuid.RFC_4122)
    assert before <= made.int >> 80 <= now_ms()


def test_ids_rise_in_one_millisecond_and_when_the_clock_is_set_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    source = IdSource()
    clock = iter([*([5_000] * 5_000), *([1_000] * 100)])
    monkeypatch.setattr(module, "now_ms", lambda: next(clock))
    made = [source.new() for _ in range(5_100)]
    assert made == sorted(set(made))


def test_ids_rise_over_a_restart(monkeypatch: pytest.MonkeyPatch) -> None:
    old = IdSource().new()
    monkeypatch.setattr(module, "now_ms", lambda: 1_000)
    source = IdSource()
    source.not_before(old)
    source.not_before("no id at all")
    assert source.new() > old


def test_threads_get_ids_of_their_own() -> None:
    source = IdSource()
    made: list[str] = []
    threads = [
        threading.Thread(target=lambda: made.extend(source.new() for _ in range(500)))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(made)) == 4_000


def test_an_id_tells_when_it_was_made() -> None:
    before = now_ms()
    at = made_at(IdSource().new())
    assert at is not None
    assert before <= at <= now_ms()


@pytest.mark.parametrize(
    "other",
    ["", "new", str(uuid.UUID(int=0)), "ffffffff-ffff-7fff-bfff-ffffffffffff"],
)
def test_what_is_no_id_tells_no_time(other: str) -> None:
    assert made_at(other) is None
