"""Memory is short when less than a quarter is free, or when nobody says."""

from pathlib import Path

import pytest

from qtshell.process.memory import is_memory_short


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("MemTotal: 8000 kB\nMemFree: 10 kB\nMemAvailable: 2000 kB\n", False),
        ("MemTotal: 8000 kB\nMemFree: 10 kB\nMemAvailable: 1999 kB\n", True),
        ("MemTotal: 8000 kB\nMemFree: 7000 kB\n", True),  # Linux before 3.14
        ("nonsense", True),
        ("MemTotal: many kB\n", True),
    ],
)
def test_what_linux_says(tmp_path: Path, said: str, expected: bool) -> None:
    meminfo = tmp_path / "meminfo"
    meminfo.write_text(said, encoding="ascii")
    assert is_memory_short(meminfo) is expected


def test_elsewhere_it_is_taken_for_short(tmp_path: Path) -> None:
    assert is_memory_short(tmp_path / "missing")
