"""What an answer waits for is said once it lasts, with a clock."""

import pytest

from backend.live.waiting import WaitingLine
from backend.llm.engine import Delta, Wait
from backend.services.chat.waiting import Waiting

BEGAN = Waiting(since=100, began=100)


def said(waiting: Waiting, now: float) -> str:
    line = WaitingLine.of(waiting, "Office", now)
    percent = "" if line.percent is None else f" {line.percent} %"
    return f"{line.words}{percent} {line.clock}".strip()


@pytest.mark.parametrize(
    ("deltas", "now", "words"),
    [
        ([], 100.9, ""),
        ([], 112, "Waiting for Office… 0:12"),
        ([Delta(wait=Wait.LOADING)], 142, "Loading the model… 0:41"),
        ([Delta(wait=Wait.READING)], 142, "Reading your text… 0:41"),
        (
            [Delta(wait=Wait.READING, read=0.1), Delta(wait=Wait.READING, read=0.379)],
            767,
            "Reading your text… 37 % 11:06",
        ),
        (
            [Delta(wait=Wait.TURN)],
            101,
            "Waiting: this model is still writing another answer… 0:00",
        ),
        ([Delta(wait=Wait.LOADING), Delta("Hi")], 142, ""),
        ([Delta(reasoning="Hm"), Delta(wait=Wait.LOADING)], 142, ""),
        ([Delta(usage=None)], 112, "Waiting for Office… 0:12"),
    ],
)
def test_each_kind_of_waiting_has_its_words_and_its_own_clock(
    deltas: list[Delta], now: float, words: str
) -> None:
    waiting = BEGAN
    for delta in deltas:
        waiting = waiting.after(delta, 101)
    assert said(waiting, now) == words
