"""Writes and rewrites the Markdown of imported messages, and leaves code alone."""

import re
from collections.abc import Callable, Iterable
from typing import Final

CODE: Final = (
    r"^[ ]{0,3}(?P<fence>`{3,}+|~{3,}+)[^\n`]*(?:\n(?:.*?\n)??[ ]{0,3}(?P=fence)[`~]*"
    r"[ \t]*$|\n.*\Z|\Z)|(?P<ticks>`+)(?!`)[^\n]{1,1000}?(?<!`)(?P=ticks)(?!`)"
)
"""An expression for a piece of code, with `CODE_FLAGS`."""
CODE_FLAGS: Final = re.MULTILINE | re.DOTALL
_CODE: Final = re.compile(CODE, CODE_FLAGS)
_ENDS: Final = (*".!?:;…|。！？：；", "```")  # noqa: RUF001 full-width marks
_CLOSES: Final = (*",.;:!?)]}…%'’”»，。！？；：、）」』",)  # noqa: RUF001 full-width marks
_OPENS_BLOCK: Final = re.compile(r"#{1,6}\s|>|\||`{3}|~{3}|[-*+]\s|\d+[.)]\s")
_WIDE: Final = re.compile(r"[\u3000-\u30ff\u3400-\u9fff\uff00-\uffef]")


def outside_code(text: str, change: Callable[[str], str]) -> str:
    """Change the text between the pieces of code in it."""
    pieces: list[str] = []
    at = 0
    for match in _CODE.finditer(text):
        pieces += [change(text[at : match.start()]), match[0]]
        at = match.end()
    pieces.append(change(text[at:]))
    return "".join(pieces)


def fenced(text: str, language: str = "") -> str:
    """Return text as a block of code that nothing in it can end."""
    runs = [len(run) for run in re.findall(r"`{3,}", text)]
    fence = "`" * max(3, *(run + 1 for run in runs)) if runs else "```"
    word = re.sub(r"[^\w.+#/-]", "", language)[:40]
    return f"{fence}{word}\n{text.rstrip(chr(10))}\n{fence}"


def titled(title: str, block: str) -> str:
    """Return a block below its title."""
    plain = " ".join(title.replace("*", " ").split())
    return f"**{plain}**\n\n{block}" if plain else block


def link(title: str, url: str) -> str:
    """Return a link; only the title where the address leads nowhere."""
    plain = " ".join(re.sub(r"[\[\]\\]", " ", title).split())
    if not url.lower().startswith(("http://", "https://", "mailto:")):
        return plain
    address = re.sub(r"[\s<>()]", lambda found: f"%{ord(found[0]):02X}", url)
    return f"[{plain or address}]({address})"


def paragraphs(*pieces: str) -> str:
    """Join pieces of a text with an empty line between those that say something."""
    return "\n\n".join(filter(None, pieces))


def joined(pieces: Iterable[str]) -> str:
    """Join pieces of a text: as one sentence where they break one, else as paragraphs.

    Programs cut a text into pieces where a source or a file comes in, also in the
    middle of a sentence.
    """
    whole = ""
    for piece in pieces:
        if piece:
            whole += _between(whole, piece) + piece if whole else piece
    return whole


def _between(before: str, after: str) -> str:
    if before[-1].isspace() or after[0].isspace():
        return ""
    if _OPENS_BLOCK.match(after):
        return "\n\n"
    if after.startswith(_CLOSES):
        return ""
    if before.endswith(_ENDS) or after[0].isupper():
        return "\n\n"
    if _WIDE.match(before[-1]) and _WIDE.match(after[0]):
        return ""
    return " "
