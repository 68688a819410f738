"""Makes a conversation's title from its first exchange, without asking a model."""

import re
from typing import Final

MAX_TITLE_CHARS: Final = 60
_SMALL_TALK: Final = 12
"""A question this short ("hi", "help me") says less than the answer's first words."""

_MARKUP = re.compile(r"^[#>\-*\d.)\s]+|[*_`~]+|!?\[([^\]]*)\]\([^)]*\)")
_SENTENCE_END = re.compile(r"(?<=[.!?。！？])\s")  # noqa: RUF001 full-width marks

_LABEL = re.compile(r"^(title|titel|titre|título|titolo)\s*:\s*", re.IGNORECASE)
_QUOTES: Final = " \t\"'.“”„‘’«»「」"  # noqa: RUF001 quotation marks
_LONGEST_WRITTEN: Final = 120
"""Something longer is an answer, not a title."""


def title_from(question: str, answer: str = "") -> str:
    """Return a title: the question's first sentence, or the answer's when it is tiny.

    Args:
        question: What the user wrote.
        answer: What came back, Markdown; "" while there is none.
    """
    title = _first_sentence(question)
    if len(title) <= _SMALL_TALK:
        title = _first_sentence(answer) or title
    return title


def title_in(answer: str) -> str:
    """Return the title a model wrote when asked for one; "" when it wrote none."""
    lines = [_plain(line) for line in answer.splitlines()]
    said = [line for line in lines if any(char.isalnum() for char in line)]
    # "Here is a title:" stands before one.
    while len(said) > 1 and said[0].endswith((":", "\N{FULLWIDTH COLON}")):
        del said[0]
    title = _LABEL.sub("", said[0]).strip(_QUOTES) if said else ""
    return _shorten(title) if len(title) <= _LONGEST_WRITTEN else ""


def _plain(line: str) -> str:
    return _MARKUP.sub(lambda match: match[1] or "", line).strip()


def _first_sentence(text: str) -> str:
    for line in text.splitlines():
        if line.startswith("```"):
            continue
        plain = _plain(line)
        if any(char.isalnum() for char in plain):
            return _shorten(_SENTENCE_END.split(plain)[0].rstrip(" .:;,"))
    return ""


def _shorten(text: str) -> str:
    if len(text) <= MAX_TITLE_CHARS:
        return text
    cut = text[:MAX_TITLE_CHARS]
    return f"{cut.rsplit(' ', 1)[0] if ' ' in cut[20:] else cut}…"
