"""Finds out how text is written in bytes."""

import codecs
import re
from dataclasses import dataclass
from typing import Final

from charset_normalizer import from_bytes

_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_SAMPLE_BYTES: Final = 256 * 1024
# The most used first: of those that fit equally well, the first is taken.
_LIKELY: Final = (
    *("cp1252", "cp1251", "gb18030", "cp932", "big5", "cp949", "euc_jp", "cp1250"),
    *("cp1254", "cp1253", "cp1255", "cp1256", "koi8_r", "cp1257", "cp874"),
    *("mac_roman", "cp850", "cp437"),
)
_CENTRAL: Final = re.compile(
    # What letters of Central Europe look like when they are read as Western ones.
    r"[^\W\d_][¹³¿£Ÿ¯¥]|£[^\W\d_]|[šžŠŽ]|[øØ][^\n]*[ìèùò]|[ìèùò][^\n]*[øØ]"
)
_EAST: Final = "[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3]"
_EAST_RUN: Final = re.compile(f"{_EAST}+")
_EAST_IN_WORD: Final = re.compile(
    # What an accent and the letter after it look like when they are read as one.
    f"[A-Za-z]{_EAST}{{1,2}}(?!{_EAST})|(?<!{_EAST}){_EAST}{{1,2}}[A-Za-z]"
)
_HANZI: Final = re.compile("[\u4e00-\u9fff]")
_CONTROL: Final = re.compile("[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_MOST_CONTROL: Final = 0.01
_CLOSE: Final = 0.02


@dataclass(frozen=True, slots=True)
class Decoded:
    """Text that was bytes.

    Attributes:
        damaged: How many characters stand for bytes that are none.
        is_guessed: Whether nothing told how it is written.
    """

    text: str
    damaged: int = 0
    is_guessed: bool = False


def decode(content: bytes, declared: str = "") -> Decoded | None:
    """Return bytes as text; None when they are none.

    Args:
        content: The bytes.
        declared: The encoding that the text names itself.
    """
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            return _read(content[len(mark) :], encoding)
    for encoding in (declared, "utf-8", _wide(content)):
        if decoded := _strictly(content, encoding):
            return decoded
    if b"\0" in content[:_SAMPLE_BYTES]:
        return None
    if _is_mostly_utf8(content):
        return _read(content, "utf-8")
    encoding = _guess(content[:_SAMPLE_BYTES])
    return _read(content, encoding, is_guessed=True) if encoding else None


def _strictly(content: bytes, encoding: str) -> Decoded | None:
    try:
        text = content.decode(encoding) if encoding else ""
    except (UnicodeError, LookupError, ValueError):
        return None
    return Decoded(text) if encoding and _is_text(text) else None


def _read(content: bytes, encoding: str, *, is_guessed: bool = False) -> Decoded | None:
    text = content.decode(encoding, "replace")
    if not _is_text(text):
        return None
    damaged = text.count("\ufffd") - content.count("\ufffd".encode())
    return Decoded(text, max(damaged, 0), is_guessed)


def _is_text(text: str) -> bool:
    sample = text[:_SAMPLE_BYTES]
    return len(_CONTROL.findall(sample)) <= _MOST_CONTROL * len(sample)


def _wide(content: bytes) -> str:
    """Return the encoding of text with two bytes for each letter; "" for other."""
    sample = content[: _SAMPLE_BYTES & ~1]
    if len(content) % 2 or not sample:
        return ""
    half = len(sample) / 2
    if sample[1::2].count(0) > half / 2 and sample[::2].count(0) < half / 20:
        return "utf-16-le"
    if sample[::2].count(0) > half / 2 and sample[1::2].count(0) < half / 20:
        return "utf-16-be"
    return ""


def _is_mostly_utf8(content: bytes) -> bool:
    """Whether it is UTF-8 with some damage: more letters beyond ASCII fit than not."""
    text = content[:_SAMPLE_BYTES].decode("utf-8", "replace")
    broken = text.count("\ufffd")
    beyond = sum(1 for char in text if char > "\x7f") - broken
    return beyond > 2 * broken


def _guess(sample: bytes) -> str:
    found = [*from_bytes(sample, cp_isolation=[*_LIKELY], enable_fallback=True)]
    if not found:
        return "cp1252"
    least = min(match.chaos for match in found)
    close = [match for match in found if match.chaos <= least + _CLOSE]
    names = {match.encoding: match.coherence for match in close}
    likely = [name for name in _LIKELY if name in names]
    fitting = [n for n in likely if _is_plausible(sample.decode(n, "replace"), n)]
    ranked = sorted(fitting or likely, key=lambda name: -round(names[name], 1))
    return ranked[0] if ranked else close[0].encoding


def _is_plausible(text: str, encoding: str) -> bool:
    if encoding == "cp1252":
        return not _CENTRAL.search(text)
    if encoding == "cp949" and _HANZI.search(text):
        return False
    return 2 * len(_EAST_IN_WORD.findall(text)) <= len(_EAST_RUN.findall(text))
