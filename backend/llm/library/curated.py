"""A short list of models to begin with, by the memory they are made for."""

from typing import Final

from msgspec import Struct

from backend.llm.builtin.memory import GIGABYTE


class Suggestion(Struct, frozen=True, kw_only=True):
    """A model that is good for its size.

    Attributes:
        variant: The file of its repository, without its ending.
        memory_gb: For computers with so much memory.
        licence: Under which it may be used.
        good_for: What it is good for, in a few words.
    """

    name: str
    repository: str
    variant: str
    memory_gb: int
    licence: str
    good_for: str


SUGGESTIONS: Final = (
    Suggestion(
        name="Qwen3 1.7B",
        repository="Qwen/Qwen3-1.7B-GGUF",
        variant="Qwen3-1.7B-Q8_0",
        memory_gb=4,
        licence="apache-2.0",
        good_for="Short questions and quick actions on small computers.",
    ),
    Suggestion(
        name="Qwen3 4B",
        repository="Qwen/Qwen3-4B-GGUF",
        variant="Qwen3-4B-Q4_K_M",
        memory_gb=8,
        licence="apache-2.0",
        good_for="Everyday questions, summaries and translations.",
    ),
    Suggestion(
        name="Qwen3 8B",
        repository="Qwen/Qwen3-8B-GGUF",
        variant="Qwen3-8B-Q4_K_M",
        memory_gb=16,
        licence="apache-2.0",
        good_for="Longer texts, writing, and code.",
    ),
    Suggestion(
        name="gpt-oss 20B",
        repository="ggml-org/gpt-oss-20b-GGUF",
        variant="gpt-oss-20b-mxfp4",
        memory_gb=32,
        licence="apache-2.0",
        good_for="Hard questions; it thinks before it answers.",
    ),
)
"""Their hashes are those the hub tells for the commit that is downloaded."""


def suggestions_for(memory_bytes: int) -> list[Suggestion]:
    """Return what to begin with, the best fit first.

    Args:
        memory_bytes: What this computer has; 0 when it is not known.
    """
    # A computer of 8 GB tells a little less.
    memory_gb = (
        memory_bytes / GIGABYTE * 1.1 if memory_bytes else SUGGESTIONS[1].memory_gb
    )
    fitting = [one for one in SUGGESTIONS if one.memory_gb <= memory_gb]
    return fitting[::-1] or [SUGGESTIONS[0]]
