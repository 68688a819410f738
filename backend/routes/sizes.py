"""Numbers of bytes as pages say them."""

from backend.llm.builtin.memory import GIGABYTE


def size_text(count: int) -> str:
    """Return a number of bytes as people say it."""
    gigabytes = count / GIGABYTE
    return f"{gigabytes:.1f} GB" if gigabytes >= 1 else f"{count / 1024**2:.0f} MB"
