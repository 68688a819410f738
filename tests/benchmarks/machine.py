"""Says on what machine, and how busy a one, something was measured."""

import os
import platform
from pathlib import Path

import psutil


def machine() -> str:
    """Return cores, memory and system."""
    memory = psutil.virtual_memory().total / 2**30
    return (
        f"{os.cpu_count()} cores of {_processor()}, {memory:.0f} GB, "
        f"{platform.system()} {platform.release()}, Python {platform.python_version()}"
    )


def load() -> str:
    """Return how many processes wanted a core, over the last 1, 5 and 15 minutes."""
    return ", ".join(f"{busy:.1f}" for busy in psutil.getloadavg())


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = (line.partition(":")[2] for line in lines if line.startswith("model name"))
    return next(names, platform.machine()).strip()
