"""Hunspell's own library, which most desktops have, for fields that are not Chromium's.

It is called through ctypes, which lets other threads go on meanwhile.
"""

import ctypes
import os
from ctypes import POINTER, c_char_p, c_int, c_void_p
from functools import cache
from pathlib import Path
from typing import Final

_NAMES: Final = ("libhunspell-1.7.so.0", "libhunspell-1.6.so.0")
_MAX_SUGGESTIONS: Final = 5
"""As many as the page offers."""
_MAX_BYTES: Final = 100
"""Hunspell takes longer words for right, and looks long for what they could be."""


@cache
def load_library() -> ctypes.CDLL | None:
    """Return the system's library; None where there is none."""
    for name in _NAMES:
        try:
            library = ctypes.CDLL(name)
        except OSError:
            continue
        library.Hunspell_create.argtypes = [c_char_p, c_char_p]
        library.Hunspell_create.restype = c_void_p
        library.Hunspell_destroy.argtypes = [c_void_p]
        library.Hunspell_destroy.restype = None
        library.Hunspell_spell.argtypes = [c_void_p, c_char_p]
        library.Hunspell_get_dic_encoding.argtypes = [c_void_p]
        library.Hunspell_get_dic_encoding.restype = c_char_p
        strings = POINTER(POINTER(c_char_p))
        library.Hunspell_suggest.argtypes = [c_void_p, strings, c_char_p]
        library.Hunspell_free_list.argtypes = [c_void_p, strings, c_int]
        library.Hunspell_free_list.restype = None
        return library
    return None


class HunspellDictionary:
    """The words of one language. Use in one thread; `close` it at the end."""

    def __init__(self, library: ctypes.CDLL, aff: Path) -> None:
        """Read the files of a language, which takes its time and memory."""
        self._library = library
        dic = aff.with_suffix(".dic")
        self._handle = library.Hunspell_create(os.fsencode(aff), os.fsencode(dic))
        name = library.Hunspell_get_dic_encoding(self._handle).decode("ascii")
        self._encoding = name.removeprefix("microsoft-")

    def close(self) -> None:
        """Give the memory back."""
        self._library.Hunspell_destroy(self._handle)

    def knows(self, word: str) -> bool:
        """Whether a word is right; one in other letters than its own is not."""
        written = self._written(word)
        return bool(written) and bool(
            self._library.Hunspell_spell(self._handle, written)
        )

    def suggestions(self, word: str) -> list[str]:
        """Return what could be meant, the most likely first."""
        written = self._written(word)
        if not written or len(written) > _MAX_BYTES:
            return []
        found = POINTER(c_char_p)()
        count = self._library.Hunspell_suggest(
            self._handle, ctypes.byref(found), written
        )
        raw = [found[n] or b"" for n in range(min(count, _MAX_SUGGESTIONS))]
        self._library.Hunspell_free_list(self._handle, ctypes.byref(found), count)
        return [one.decode(self._encoding, "replace") for one in raw]

    def _written(self, word: str) -> bytes:
        try:
            return word.replace("\u2019", "'").encode(self._encoding)
        except (UnicodeEncodeError, LookupError):
            return b""
