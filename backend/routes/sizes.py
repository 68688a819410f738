"""Numbers of bytes as pages say them."""

from typing import Final

_STEP: Final = 1024


def size_text(count: float) -> str:
    """Return a number of bytes as people say it."""
    for unit in ("bytes", "KB", "MB"):
        if round(count) < _STEP:
            return f"{count:.0f} {unit}"
        count /= _STEP
    return f"{count:.1f} GB"
