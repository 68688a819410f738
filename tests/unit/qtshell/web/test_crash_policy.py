"""What follows when the renderer dies."""

from qtshell.web.crash_policy import WITHIN_MS, after_crash


def test_three_crashes_are_answered_ever_later_and_the_fourth_gives_up() -> None:
    crashes: tuple[int, ...] = ()
    pauses = []
    for now_ms in (0, 100, 2_000, 7_000):
        crashes, pause_ms = after_crash(crashes, now_ms)
        pauses.append(pause_ms)
    assert pauses == [0, 1_000, 4_000, None]


def test_old_crashes_are_forgotten() -> None:
    crashes, pause_ms = after_crash((0, 1, 2), WITHIN_MS + 2)
    assert (crashes, pause_ms) == ((WITHIN_MS + 2,), 0)
