"""Characters that were cut in two: programs that count in UTF-16 send such halves.

No database, page or file can take half a character: two halves become the character,
and one that stays alone becomes U+FFFD.
"""

from typing import Final

_FIRST_HALVES: Final = ("\ud800", "\udbff")


def join_halves(text: str) -> str:
    """Return the text with its halves joined, or replaced where they are alone."""
    try:
        text.encode()
    except UnicodeEncodeError:
        # By way of UTF-16, in which two halves that belong together become whole.
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


class HalfJoiner:
    """Does so with a text that comes in pieces, cut within characters too."""

    def __init__(self) -> None:
        self._held = ""

    def add(self, piece: str) -> str:
        """Take a piece and return what is whole by now."""
        text, self._held = self._held + piece, ""
        first, last = _FIRST_HALVES
        if text and first <= text[-1] <= last:
            text, self._held = text[:-1], text[-1]
        return join_halves(text)

    def end(self) -> str:
        """Return what stands for a half whose other half never came."""
        held, self._held = self._held, ""
        return join_halves(held)
