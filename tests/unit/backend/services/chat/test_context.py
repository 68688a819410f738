"""From where on a model reads is told by its latest answer and the summary."""

import pytest

from backend.services.chat.context import ReadingStart, reading_of
from backend.store.models import Message


@pytest.mark.parametrize(
    ("answer", "summary", "reading"),
    [
        (None, None, ReadingStart()),
        ("", None, ReadingStart()),
        ("m5", None, ReadingStart("m5")),
        ("m5", "m5", ReadingStart("m5", has_summary=True, is_summarised=True)),
        ("", "m5", ReadingStart("m5", has_summary=True, is_summarised=True)),
        ("m7", "m5", ReadingStart("m7", has_summary=False, is_summarised=True)),
        ("m3", "m5", ReadingStart("m5", has_summary=True, is_summarised=True)),
    ],
)
def test_a_model_reads_from_the_later_of_both(
    answer: str | None, summary: str | None, reading: ReadingStart
) -> None:
    rows = [
        None if first is None else Message(reads_from=first)
        for first in (answer, summary)
    ]
    assert reading_of(*rows) == reading
    assert reading.leaves_out == (bool(reading.first) and not reading.has_summary)
