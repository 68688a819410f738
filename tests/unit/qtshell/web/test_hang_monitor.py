"""Beats without an answer are counted, but only where somebody is to blame."""

from qtshell.web.hang_monitor import count_misses


def test_beats_without_an_answer_add_up() -> None:
    assert count_misses(1, answered=False, watched=True, late=False) == 2


def test_an_answer_a_late_beat_and_a_hidden_page_forgive_all() -> None:
    assert count_misses(2, answered=True, watched=True, late=False) == 0
    assert count_misses(2, answered=False, watched=True, late=True) == 0
    assert count_misses(2, answered=False, watched=False, late=False) == 0
