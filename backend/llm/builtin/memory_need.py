"""Reckons what memory a model takes, and how much of it this computer lets it read.

The weights are mapped from the file. What it keeps of a text is taken when it loads,
for every place in which a conversation can be answered.
"""

from typing import Final

from msgspec import Struct

from backend.llm.builtin.gguf_header import Header
from backend.llm.builtin.memory import GIGABYTE

OVERHEAD_BYTES: Final = GIGABYTE // 2
"""What llama.cpp takes beside weights and texts: buffers, and texts it read before."""
MOST_PLACES: Final = 2
_CONTEXTS: Final = (32_768, 16_384, 8_192, 4_096)
"""What is chosen from, in tokens; reading more takes a computer minutes."""
_UNKNOWN: Final = 8_192
"""The context where the system does not say how much memory there is."""
_NUMBER_BYTES: Final = 2


class Fit(Struct, frozen=True):
    """How a model is run on this computer.

    Attributes:
        context: How much it reads at once, in tokens, in each place.
        places: How many conversations are answered at the same time.
    """

    context: int
    places: int


def token_bytes(header: Header) -> int:
    """Return what a token takes that was read: no less than it really does."""
    kind = header.text("general.architecture")
    heads = header.number(f"{kind}.attention.head_count")
    # The number may differ by layer, and is not read then: it is this one at most.
    kept_heads = header.number(f"{kind}.attention.head_count_kv") or heads
    width = header.number(f"{kind}.embedding_length") // heads if heads else 0
    lengths = (
        header.number(f"{kind}.attention.{name}_length") or width
        for name in ("key", "value")
    )
    layers = header.number(f"{kind}.block_count")
    return layers * kept_heads * sum(lengths) * _NUMBER_BYTES


def fit(
    weights: int, token_bytes: int, trained: int, *, asked: int, memory: int
) -> Fit:
    """Choose how a model is run.

    Args:
        weights: The bytes of its files.
        token_bytes: What a token takes that was read.
        trained: The most it can read, in tokens; 0 when that is not known. llama.cpp
            takes memory for what it is asked, and uses no more than that.
        asked: The context a person set; 0 to choose it.
        memory: The bytes there are for it; 0 when that is not known.
    """
    most = trained or _CONTEXTS[0]
    if not memory:
        return Fit(min(asked or _UNKNOWN, trained or asked or _UNKNOWN), 1)
    # A quarter for each place leaves as much to other programs.
    room = max(memory - weights - OVERHEAD_BYTES, 0)
    fitting = (
        context
        for context in _CONTEXTS
        if min(context, most) * token_bytes * 2 * MOST_PLACES <= room
    )
    chosen = asked or next(fitting, _CONTEXTS[-1])
    context = min(chosen, trained or chosen)
    both_fit = context * token_bytes * MOST_PLACES * 4 <= room * 3
    return Fit(context, MOST_PLACES if both_fit else 1)


def why_too_large(weights: int, total: int) -> str:
    """Return why so much memory is too little for a model; "" when it will do."""
    need = weights + OVERHEAD_BYTES
    if not total or need <= total:
        return ""
    return (
        f"it needs about {need / GIGABYTE:.1f} GB of memory, and this computer has "
        f"{total / GIGABYTE:.1f} GB"
    )
