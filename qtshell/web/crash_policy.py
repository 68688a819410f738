"""Decides, purely, what follows when the page's renderer died."""

from typing import Final

DELAYS_MS: Final = (0, 1_000, 4_000)
WITHIN_MS: Final = 60_000


def after_crash(
    crashes: tuple[int, ...], now_ms: int
) -> tuple[tuple[int, ...], int | None]:
    """Return the remembered crashes and the pause before a reload.

    The pause is None when reloading has been tried often enough.
    """
    recent = tuple(at for at in crashes if now_ms - at < WITHIN_MS)
    pause_ms = DELAYS_MS[len(recent)] if len(recent) < len(DELAYS_MS) else None
    return (*recent, now_ms), pause_ms
