"""The lines of a text that is rendered while it grows."""


class SourceLines:
    """Text to be read, by lines; offsets are those of the rest without the prefix."""

    def __init__(self, text: str, prefix: int) -> None:
        self.text = text
        self._prefix = prefix
        self._starts = [0, *(i + 1 for i, char in enumerate(text) if char == "\n")]

    @property
    def lines(self) -> int:
        """How many lines are finished."""
        return len(self._starts) - 1

    @property
    def end(self) -> int:
        """Where it ends."""
        return len(self.text) - self._prefix

    def offset(self, line: int) -> int:
        """Return where a line begins."""
        at = self._starts[line] if line < len(self._starts) else len(self.text)
        return max(0, at - self._prefix)

    def between(self, first: int, end: int) -> str:
        """Return some lines."""
        starts = [*self._starts, len(self.text)]
        return self.text[starts[first] : starts[min(end, len(starts) - 1)]]
