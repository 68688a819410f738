"""Keeps None, True and False alive where PySide6 drops references to them.

PySide6 6.12.0 treats them as immortal, which they are only since Python 3.12: under
3.11 every call of a Qt function that returns nothing costs None one reference, and
after some thousand calls Python aborts the process. To go with Python 3.11.
"""

import ctypes
import sys

_PLENTY = sys.maxsize // 4


def keep_constants() -> None:
    """Give the constants more references than can ever be dropped."""
    if sys.version_info >= (3, 12):
        return
    for constant in (None, True, False):
        # CPython keeps the count at the start of an object.
        count = ctypes.c_ssize_t.from_address(id(constant))
        if count.value < _PLENTY:
            count.value += _PLENTY
