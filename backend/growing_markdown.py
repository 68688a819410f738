"""Tells what of a text that still grows is finished, so that it is rendered once."""

from backend.markdown import markdown


def settled_length(text: str) -> int:
    """Return how many characters of a growing text are finished blocks.

    In CommonMark later lines can only change the last open top-level block, so all
    before the start of the last block is final (link definitions that come later
    aside; the end of the answer renders the whole text once more). A line that is
    still growing decides nothing: "-" after a list begins another one, "-->" does not.
    """
    tokens = markdown().parse(text[: text.rfind("\n") + 1], {})
    starts = [t.map[0] for t in tokens if t.level == 0 and t.map and t.nesting >= 0]
    lines = text.split("\n")
    return sum(len(line) + 1 for line in lines[: starts[-1]]) if starts else 0
