"""Has diagrams drawn in a process of its own, which may give up on each of them."""

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from backend.runtime.worker import Job

LANGUAGE: Final = "mermaid"
"""What a block of code says it is when it describes a diagram."""

_DEADLINE_S: Final = 90.0
_MAX_ANSWER_BYTES: Final = 16 * 1024 * 1024


def draw(
    sources: Sequence[str], colours: Mapping[str, str]
) -> Iterator[tuple[str, str]]:
    """Yield sources with their drawings as SVG, one after the other.

    It blocks while one is drawn. What is not understood, or takes too much time or
    memory, is not among them.

    Args:
        sources: What was written, in any form.
        colours: Of the drawing by its parts, as beautiful-mermaid calls them; `bg` and
            `fg` are needed.
    """
    if not sources:
        return
    asked = {"sources": list(sources), "colours": dict(colours)}
    job = Job("backend.diagrams", asked, deadline_s=_DEADLINE_S)
    with contextlib.closing(job.answers(_MAX_ANSWER_BYTES)) as answers:
        for source, answer in zip(sources, answers, strict=False):
            if answer["svg"]:
                yield source, answer["svg"]
