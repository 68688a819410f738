"""Numbers of bytes as pages say them."""

from typing import Final

from backend.llm.builtin.memory import total_memory
from backend.services.engines.model_files import fits

_STEP: Final = 1024


def size_text(count: float) -> str:
    """Return a number of bytes as people say it."""
    for unit in ("bytes", "KB", "MB"):
        if round(count) < _STEP:
            return f"{count:.0f} {unit}"
        count /= _STEP
    return f"{count:.1f} GB"


def memory_warning(count: int) -> str:
    """Say why a model of so many bytes may not run here; "" when it should."""
    total = total_memory()
    if not total or fits(count, total):
        return ""
    return (
        f"Needs about {size_text(count)} of memory; this computer has "
        f"{size_text(total)}."
    )
