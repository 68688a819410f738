"""Works on text without a model: clean, count, change case, strip, redact."""

import html
import re
import unicodedata
from collections.abc import Callable, Mapping
from typing import Final

from markdown_it import MarkdownIt
from markdown_it.token import Token

from backend.interface.stored_values import ActionKind
from backend.store.text import CJK

_INVISIBLE: Final = re.compile("[\u200b\u2060\ufeff\u00ad]")
_CONTROL: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_WIDE_SPACE: Final = re.compile("[\u00a0\u2000-\u200a\u202f\u205f\u3000]")
_INNER_SPACES: Final = re.compile(r"(?<=\S)[ \t]{2,}(?=\S)")
_WORD: Final = re.compile(rf"[{CJK}]|[^\W_{CJK}](?:[^\W_{CJK}]|['\u2019._-](?=\w))*")
_SENTENCE_END: Final = re.compile(r"[.!?…]+(?=[\"'”’)\]]*(?:\s|$))|[。！？]+")  # noqa: RUF001 full-width marks
_E_MAIL: Final = re.compile(r"[^\s@<>()\[\],;:\"'“”]+@(?:[^\W_]|[.-])+[^\W_]")
_NUMBER: Final = re.compile(
    r"\+?(?:\(\+?\d+\)[ -]?)?"
    r"\d(?:(?:[.,:/'\u2019\u00a0\u202f -]|[ /-]?[()]{1,2}[ -]?)?\d)*"
)
_TAG: Final = re.compile(
    r"<!--.*?-->|</?(?:a|abbr|b|big|blockquote|body|br|center|cite|code|col|colgroup"
    r"|dd|del|div|dl|dt|em|figcaption|figure|font|footer|h[1-6]|head|header|hr|html|i"
    r"|img|ins|kbd|li|link|main|mark|meta|nav|o:p|ol|p|pre|q|s|samp|script|section"
    r"|small|span|strike|strong|style|sub|sup|table|tbody|td|tfoot|th|thead|title|tr"
    r"|tt|u|ul|var)(?:\s[^<>]*)?/?>",
    re.IGNORECASE | re.DOTALL,
)
_HIDDEN: Final = re.compile(
    r"<(script|style|head)\b[^<>]*>.*?</\1\s*>", re.IGNORECASE | re.DOTALL
)
_BREAK: Final = re.compile(
    r"<br\s*/?>|</(?:p|div|li|h[1-6]|tr|blockquote|pre)\s*>", re.IGNORECASE
)
_ENTITY: Final = re.compile(r"&(?:#\d{1,7}|#x[0-9a-f]{1,6}|[a-z][a-z0-9]{1,30});", re.I)
_MARKDOWN: Final = MarkdownIt("commonmark", {"html": False}).enable(
    ["table", "strikethrough"]
)


def clean(text: str) -> str:
    """Return the text without stray spaces, empty lines and invisible characters.

    Indentation stays, and so do the joiners inside emoji and words.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    text = _CONTROL.sub("", _INVISIBLE.sub("", text))
    text = unicodedata.normalize("NFC", _WIDE_SPACE.sub(" ", text))
    lines = [_INNER_SPACES.sub(" ", line.rstrip()) for line in text.split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip("\n")


def count(text: str) -> str:
    """Return how many words, characters, sentences and lines there are."""
    words = len(_WORD.findall(text))
    stripped = text.strip()
    sentences = len(_SENTENCE_END.findall(stripped)) or int(bool(words))
    lines = len(stripped.splitlines())
    paragraphs = len([part for part in re.split(r"\n\s*\n", stripped) if part.strip()])
    counts = {
        "Words": words,
        "Characters": len(text),
        "Without spaces": len(re.sub(r"\s", "", text)),
        "Sentences": sentences,
        "Paragraphs": paragraphs,
        "Lines": lines,
    }
    return "\n".join(f"{name}: {number:,}" for name, number in counts.items())


def title_case(text: str) -> str:
    """Return the text with each word's first letter a capital."""

    def capital(match: re.Match[str]) -> str:
        word = match[0]
        # A word all in capitals is one on purpose, unless the whole text shouts.
        return word if word.isupper() and not shouts else word[0].upper() + word[1:]

    shouts = text.isupper()
    text = text.lower() if shouts else text
    return re.sub(r"(?<!\w)[^\W\d_][\w'\u2019]*", capital, text)


def strip_formatting(text: str) -> str:
    """Return plain text: no Markdown and no HTML; a link keeps its address."""
    if _TAG.search(text):
        text = _TAG.sub("", _BREAK.sub("\n", _HIDDEN.sub("", text)))
        text = _ENTITY.sub(lambda match: html.unescape(match[0]), text)
    return _Plain().of(_MARKDOWN.parse(text.replace("\r\n", "\n")))


def redact(text: str) -> str:
    """Return the text with a mark for every e-mail address and every number."""
    return _NUMBER.sub("[number]", _E_MAIL.sub("[e-mail]", text))


class _Plain:
    """Writes the tokens of Markdown as plain text."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._marks: list[str] = []
        self._cells: list[str] | None = None

    def of(self, tokens: list[Token]) -> str:
        """Return the text."""
        for token in tokens:
            self._take(token)
        return re.sub(r"\n{3,}", "\n\n", "\n".join(self._lines)).strip("\n")

    def _take(self, token: Token) -> None:
        match token.type:
            case "list_item_open":
                mark = f"{token.info}{token.markup} " if token.info else "- "
                self._marks.append(mark)
            case "list_item_close":
                self._marks.pop()
            case "inline":
                self._say(_inline(token))
            case "fence" | "code_block":
                self._say(token.content.rstrip("\n"))
                self._lines.append("")
            case "tr_open":
                self._cells = []
            case _ if token.type.endswith("_close") and not token.hidden:
                self._close(token.type)

    def _say(self, text: str) -> None:
        if self._cells is not None:
            self._cells.append(text)
            return
        indent = "".join("  " if not mark.strip() else "" for mark in self._marks)
        mark = self._marks[-1] if self._marks else ""
        first, *rest = text.split("\n")
        self._lines.append(f"{indent}{mark}{first}" if mark.strip() else indent + first)
        self._lines += [f"{'  ' * len(self._marks)}{line}" for line in rest]
        self._marks = ["" for _ in self._marks]

    def _close(self, kind: str) -> None:
        if kind == "tr_close":
            self._lines.append("\t".join(self._cells or ()))
            self._cells = None
        elif self._cells is None and not self._marks and kind != "thead_close":
            self._lines.append("")


def _inline(token: Token) -> str:
    said, targets = "", list[tuple[int, str]]()
    for child in token.children or ():
        match child.type:
            case "softbreak" | "hardbreak":
                said += "\n"
            case "link_open":
                targets.append((len(said), str(child.attrs.get("href", ""))))
            case "link_close":
                start, target = targets.pop()
                if target.removeprefix("mailto:") != said[start:]:
                    said += f" ({target})"
            case _:
                said += child.content
    return said


LOCAL: Final[Mapping[ActionKind, Callable[[str], str]]] = {
    ActionKind.CLEAN: clean,
    ActionKind.COUNT: count,
    ActionKind.UPPER: str.upper,
    ActionKind.LOWER: str.lower,
    ActionKind.TITLE: title_case,
    ActionKind.STRIP: strip_formatting,
    ActionKind.REDACT: redact,
    ActionKind.KEEP: str,
}
"""The functions an action can name as its kind; KEEP leaves the text as it is."""
