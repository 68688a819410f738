"""What text may be stored, and what a note is called."""

from typing import Final

from backend.text.surrogates import join_halves

TITLE_CHARS: Final = 120

CJK: Final = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
"""Chinese and Japanese characters, in a class of a regular expression."""


def clean_text(text: str) -> str:
    """Return the text with U+FFFD for what no database keeps: NUL, half surrogates.

    Pasted text and engines contain both; refusing the message would lose it.
    """
    if "\0" in text:
        text = text.replace("\0", "\ufffd")
    return join_halves(text)


def note_title(body: str) -> str:
    """Return what a note is called: its first line, without Markdown's signs."""
    lines = (line.strip().lstrip("#>*-+ ").strip() for line in body.splitlines())
    first = next((line for line in lines if line), "")
    return first if len(first) <= TITLE_CHARS else f"{first[: TITLE_CHARS - 1]}…"
