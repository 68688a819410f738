"""How long and how much a model server may take: one table for each kind of place.

A server on this computer or in its network may read a long question for many minutes
without a sign, so it is waited for as long as its connection stands. One far away is
given up when it shows no life. An answer that still moves is never ended.
"""

import math
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from backend.llm.options import EngineOptions


class Limits(Struct, frozen=True, kw_only=True):
    """What a server far away may take.

    Attributes:
        first_byte_s: Without any sign of life before the first word.
        stall_s: Without any sign of life after it.
        wordless_s: Without a word, whatever other signs of life there are.
        settle_s: How long more words may follow what says that the answer is whole.
        loading_s: While it says that it loads its model.
        unavailable_s: While it says that it cannot answer just now.
        loading_waits_s: The pauses between requests meanwhile; the last is repeated.
        retry_waits_s: The pauses before an answer is asked for again after a fault
            that passes.
        retry_after_s: The longest pause a server may ask for.
        line_bytes: A whole answer may come as one line.
        asks_progress: Whether it is asked how far it has read: some servers far away
            refuse what they do not know.
    """

    connect_s: float = 5
    first_byte_s: float = 600
    stall_s: float = 180
    wordless_s: float = 1800
    settle_s: float = 3
    models_s: float = 10
    loading_s: float = 300
    unavailable_s: float = 0
    loading_waits_s: tuple[float, ...] = (0.25, 0.5, 1, 2, 4)
    retry_waits_s: tuple[float, ...] = (0.25, 1.0)
    retry_after_s: float = 5
    answer_bytes: int = 128 * 1024 * 1024
    models_bytes: int = 8 * 1024 * 1024
    line_bytes: int = 16 * 1024 * 1024
    asks_progress: bool = False

    def set_by(self, options: EngineOptions) -> "Limits":
        """Return them with those a person set for one server."""
        first_byte_s = options.first_word_s or self.first_byte_s
        stall_s = options.pause_s or self.stall_s
        return replace(
            self,
            connect_s=options.connect_s or self.connect_s,
            first_byte_s=first_byte_s,
            stall_s=stall_s,
            wordless_s=max(self.wordless_s, first_byte_s, stall_s),
        )


FAR: Final = Limits()
NEAR: Final = Limits(
    first_byte_s=math.inf,
    stall_s=math.inf,
    wordless_s=math.inf,
    loading_s=3600,
    unavailable_s=60,
    asks_progress=True,
)
BUILT_IN: Final = Limits(
    # It sends a comment every 30 s once it works on a question; only one that waits for
    # another answer, or for a large model, is silent for longer.
    first_byte_s=1800,
    stall_s=300,
    wordless_s=math.inf,
    retry_waits_s=(),
    asks_progress=True,
)
