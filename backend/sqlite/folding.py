"""Makes one form of every text in which it is both indexed and looked for.

What people leave out when they type (accents, vowel points, ё), what programs write
without anybody seeing it (soft hyphens, ligatures, full-width letters), and where
scripts have no spaces between words: both sides are brought to the same letters here,
one character at a time, so that each letter found leads back to its place in the text.
"""

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Final, TypeVar

T = TypeVar("T")

SEPARATOR: Final = "\u200b"
"""Has no width, and ends a word for the index."""

_GAP: Final = " "
_BETWEEN: Final = re.compile(f"[{_GAP}{SEPARATOR}]+")
_WORD: Final = re.compile(f"[^{_GAP}{SEPARATOR}]+")

_LETTERS: Final = {
    # Which Unicode takes for letters of their own, and a keyboard may not have.
    **dict(zip("đðøłħŧ", "ddolht", strict=True)),
    "æ": "ae",
    "œ": "oe",
    "þ": "th",
    "\u0131": "i",
    "ё": "\u0435",
    # One Arabic letter in its different forms; Persian and Urdu have some of their own.
    **dict.fromkeys("\u0649\u06cc", "\u064a"),
    **dict.fromkeys("\u0629\u06d5\u06c1\u06be", "\u0647"),
    "\u0671": "\u0627",
    "\u06a9": "\u0643",
    "\u0640": "",
    # Apostrophes, and what would stick to the name before it.
    **dict.fromkeys("\u02bc\u02bb\u2122\u2120", _GAP),
}
_WHOLE: Final = frozenset("йїўќѓ")
"""Letters of their own, though they can be taken apart."""

_UNWRITTEN: Final = re.compile(
    # Accents of Latin, Greek and Cyrillic; points of Hebrew and Arabic; what only
    # chooses the look of a character. The vowels of Indic scripts are none of these.
    "[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f"
    "\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7"
    "\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e4\u06e7\u06e8"
    "\u06ea-\u06ed\u08d3-\u08e1\u08e3-\u08ff\u0711\u0730-\u074a"
    "\ufe00-\ufe0f\U000e0100-\U000e01ef\U0001f3fb-\U0001f3ff]"
)
_CUT: Final = re.compile(
    # Chinese and Japanese; Thai, Lao, Burmese, Khmer; Tai scripts, Javanese, Balinese.
    "[\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
    "\U00020000-\U0003ffff\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u1950-\u19ff"
    "\u1a20-\u1aaf\u1b00-\u1b7f\ua980-\ua9ff\uaa60-\uaadf]"
)
_HALF_WIDTH: Final = re.compile("[\uff65-\uff9f]+")
_HANGUL: Final = re.compile("[\uac00-\ud7a3]")
_SIGN: Final = re.compile(r"[#%&@/\\*]")


@dataclass(frozen=True, slots=True)
class Folded:
    """A text, its folded form, and the way back.

    Attributes:
        text: What the places are of: the text, with characters put together that were
            written in parts.
        form: Words of folded letters, with gaps between them.
        ends: Where what became of each character ends in the form.
    """

    text: str
    form: str
    ends: Sequence[int]

    @classmethod
    def of(cls, text: str) -> "Folded":
        """Fold a text."""
        if text.isascii():
            return cls(text, fold(text), range(1, len(text) + 1))
        whole = _put_together(text)
        parts = [_FOLDS[char] for char in whole]
        return cls(whole, "".join(parts), tuple(accumulate(map(len, parts))))

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Return where in the text a part of its form stands."""
        last = bisect_right(self.ends, end - 1)
        while last + 1 < len(self.text) and self.ends[last + 1] == self.ends[last]:
            # Marks and the like belong to the letter before them.
            if not _is_unwritten(self.text[last + 1]):
                break
            last += 1
        return bisect_right(self.ends, start), last + 1


def fold(text: str) -> str:
    """Return the folded form of a text: its words, with gaps between them."""
    if text.isascii():
        return text.encode("ascii").translate(_ASCII).decode("ascii")
    return "".join(map(_FOLDS.__getitem__, _put_together(text)))


def words_of(text: str) -> list[str]:
    """Return the folded words of a text, cut where its script has no spaces."""
    return _WORD.findall(fold(text))


def indexed(text: str) -> str:
    """Return what is indexed instead of a text; "" where the text itself will do.

    The index brings English and most of Latin to the same form by itself, so that only
    other text is kept twice.
    """
    if text.isascii() or all(map(_PLAIN.__getitem__, set(text))):
        return ""
    return _BETWEEN.sub(_gap, fold(text)).strip()


def literal(text: str) -> str:
    """Return a text with its signs, in one form for comparison."""
    return "".join(map(_SIGNS.__getitem__, _put_together(text)))


def is_cut(word: str) -> bool:
    """Whether a word is a single character of a script without spaces."""
    return _CUT.fullmatch(word) is not None


def is_hangul(word: str) -> bool:
    """Whether a word is Korean, where what follows a noun is written to it."""
    return _HANGUL.match(word) is not None


def has_sign(text: str) -> bool:
    """Whether there is a sign that can be looked for, such as that of C#."""
    return any(
        _SIGN.match(char) or unicodedata.category(char)[0] == "S" for char in text
    )


def is_sign(char: str) -> bool:
    """Whether a character separates words, and is none of a word itself."""
    return _FOLDS[char] in ("", _GAP)


def _put_together(text: str) -> str:
    if text.isascii():
        return text
    if max(text) >= "\uff65" and _HALF_WIDTH.search(text):
        # Their voice marks are characters of their own.
        text = _HALF_WIDTH.sub(lambda m: unicodedata.normalize("NFKC", m[0]), text)
    return unicodedata.normalize("NFC", text)


def _gap(match: "re.Match[str]") -> str:
    return _GAP if _GAP in match[0] else SEPARATOR


def _is_unwritten(char: str) -> bool:
    return bool(_UNWRITTEN.match(char)) or unicodedata.category(char) == "Cf"


def _fold(char: str) -> str:
    if char in _LETTERS:
        return _LETTERS[char]
    if unicodedata.category(char) == "Cf":
        return ""
    whole = unicodedata.normalize("NFKC", char).casefold()
    return "".join(_fold_one(one) for one in whole)


def _fold_one(char: str) -> str:
    if char in _LETTERS:
        return _LETTERS[char]
    if char in _WHOLE:
        return char
    apart = _UNWRITTEN.sub("", unicodedata.normalize("NFD", char))
    return "".join(map(_as_word, unicodedata.normalize("NFC", apart)))


def _as_word(char: str) -> str:
    if char in _LETTERS:
        return _LETTERS[char]
    kind = unicodedata.category(char)
    if kind == "So":
        # Emoji are words: in letters, as the index knows only those of its own time.
        return f"{SEPARATOR}u{ord(char):x}{SEPARATOR}"
    if kind == "Nd":
        return str(unicodedata.decimal(char))
    if kind[0] not in "LMN" and kind != "Co":
        return _GAP
    return f"{SEPARATOR}{char}{SEPARATOR}" if _CUT.match(char) else char


def _is_plain(char: str) -> bool:
    """Whether the index makes the same of a character by itself."""
    folded, kind = _FOLDS[char], unicodedata.category(char)
    if kind[0] in "PZ" or kind in ("Sm", "Sc", "Cc"):
        return folded.strip() == ""
    apart = unicodedata.normalize("NFD", char)
    is_latin = "\u00c0" <= char <= "\u017f" and apart[0].isascii()
    return char.isascii() or (is_latin and folded == apart[0].lower())


def _with_signs(char: str) -> str:
    folded = _FOLDS[char].replace(SEPARATOR, "")
    if folded != _GAP:
        return folded
    return _GAP if char.isspace() else unicodedata.normalize("NFKC", char)


class _Table(dict[str, T]):
    """What is made of each character; worked out when it is met first."""

    def __init__(self, make: Callable[[str], T]) -> None:
        super().__init__()
        self._make = make

    def __missing__(self, char: str) -> T:
        self[char] = made = self._make(char)
        return made


_FOLDS: Final = _Table(_fold)
_SIGNS: Final = _Table(_with_signs)
"""The same, with the signs kept."""
_PLAIN: Final = _Table(_is_plain)
"""Which characters the index folds as we do."""
_ASCII: Final = b"".join(_FOLDS[chr(code)].encode() for code in range(128)) + bytes(128)
"""`_FOLDS` for text that needs no more, and is folded a hundred times as fast."""
