"""What text may be stored, and how text without spaces is cut for the index."""

import re
from typing import Final

SEPARATOR: Final = "\u200b"
"""Has no width, and ends a word for the index."""

TITLE_CHARS: Final = 120

CJK: Final = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_CJK: Final = re.compile(f"[{CJK}]")


def clean_text(text: str) -> str:
    """Return the text with U+FFFD for what no database keeps: NUL, half surrogates.

    Pasted text and engines contain both; refusing the message would lose it.
    """
    if "\0" in text:
        text = text.replace("\0", "\ufffd")
    try:
        text.encode()
    except UnicodeEncodeError:
        # By way of UTF-16, in which two halves that belong together become whole.
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


def cut_cjk(text: str) -> str:
    """Return the text with every Chinese or Japanese character a word of its own.

    Their words have no spaces between them: found as a phrase of characters, any
    part of a sentence is found. Empty when there is nothing to cut.
    """
    cut, count = _CJK.subn(rf"{SEPARATOR}\g<0>{SEPARATOR}", text)
    return cut if count else ""


def note_title(body: str) -> str:
    """Return what a note is called: its first line, without Markdown's signs."""
    lines = (line.strip().lstrip("#>*-+ ").strip() for line in body.splitlines())
    first = next((line for line in lines if line), "")
    return first if len(first) <= TITLE_CHARS else f"{first[: TITLE_CHARS - 1]}…"
