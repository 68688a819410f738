"""Checks what a person sends in one go, and what names a thing."""

from backend.errors import InvalidInputError
from backend.interface.protocol import MAX_TEXT_CHARS
from backend.store.text import clean_text


def checked_text(text: str) -> str:
    """Return a text as it is sent.

    Raises:
        InvalidInputError: It is empty or too long.
    """
    text = clean_text(text).strip()
    if not text:
        raise InvalidInputError("There is nothing to send yet.")
    if len(text) > MAX_TEXT_CHARS:
        raise InvalidInputError(
            f"That text has {len(text):,} characters; the limit is "
            f"{MAX_TEXT_CHARS:,}. Your text is kept: shorten it or send it in parts."
        )
    return text


def checked_name(text: str, most: int, noun: str = "name") -> str:
    """Return a name, or what else names a thing, in one line.

    Args:
        text: As it was typed.
        most: How many characters it may have.
        noun: What the person calls it.

    Raises:
        InvalidInputError: It is empty or too long.
    """
    text = " ".join(text.split())
    if not 0 < len(text) <= most:
        raise InvalidInputError(
            f"A {noun} needs 1 to {most} characters; this has {len(text)}."
        )
    return text
