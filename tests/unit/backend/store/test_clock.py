"""The hybrid clock never runs backwards."""

import sys
import threading

import pytest

from backend.store import clock as module
from backend.store.clock import HybridClock


def test_readings_rise_and_name_the_device(monkeypatch: pytest.MonkeyPatch) -> None:
    times = iter([5, 5, 3, 9])
    monkeypatch.setattr(module, "now_ms", lambda: next(times))
    clock = HybridClock("device")
    readings = [clock.read() for _ in range(4)]
    assert readings == sorted(set(readings))
    assert readings[0] == "0000000000050000-device"


def test_a_clock_goes_on_after_what_is_stored(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "now_ms", lambda: 1)
    latest = "0000000000050007-other"
    assert HybridClock("device", latest).read() == "0000000000050008-device"
    assert HybridClock("device", "0000z").read() == "0000000000010000-device"


def test_threads_never_get_the_same_reading() -> None:
    clock, before = HybridClock("device"), sys.getswitchinterval()
    readings: list[list[str]] = []

    def read() -> None:
        readings.append([clock.read() for _ in range(20_000)])

    threads = [threading.Thread(target=read) for _ in range(4)]
    sys.setswitchinterval(1e-6)
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(before)
    assert all(mine == sorted(mine) for mine in readings)
    assert len(set().union(*readings)) == 80_000
