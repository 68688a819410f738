"""Keeps together, in a text from right to left, what is read from left to right.

Between Arabic or Hebrew words a browser sets the parts of `100 °C` one after the other
from the right: `C° 100`. What is one thing by its kind stands in an element of its own.
"""

import re
from collections.abc import Iterator
from functools import cache
from html import escape
from typing import Final

from backend.web.scripts import direction_of

_UNITS: Final = (
    *("°[CFK]?", "[kKMGT]?i?B", "[kMGT]?bit", "[kMG]?bps", "[kMG]?B/s", "px", "pt"),
    *("[kcmµμn]?m[²³23]?", "[kmµμ]?g", "t", "lb", "oz", "in", "ft", "mi", "ha"),
    *("[mcd]?[lL]", "km/h", "m/s[²2]?", "mph", "rpm", "[mµμn]?s", "min", "h"),
    *("[kMG]?Hz", "[kMG]?Wh?", "[mk]?V", "[mµμ]?A", "mAh", "[kM]?Ω", "[kM]?J", "k?cal"),
    *("[hkM]?Pa", "bar", "dB", "fps", "dpi", "ppm", "mol", "K", "N", "mg/d?[lL]"),
    *("USD", "EUR", "GBP", "CHF", "JPY", "CNY", "INR", "TRY", "SAR", "AED", "EGP"),
    *("QAR", "KWD", "JOD", "IQD", "MAD", "DZD", "TND", "ILS", "IRR", "PKR"),
)
_SIGN: Final = r"(?<!\w)[-+\u2212\u00b1]"
# Bounded, so that each place costs the same however long the text is.
_DIGITS: Final = r"\d{1,20}(?:[.,\u066b\u066c:/]\d{1,20}){0,6}"
_NUMBER: Final = rf"(?:{_SIGN})?{_DIGITS}(?:[ ]?[-\u2013\u00d7][ ]?{_DIGITS})?"
_TOGETHER: Final = rf"""(?<![A-Za-z\d_.,°]) (?<!\d[-+\u2212\u2013]) (?:
      {_NUMBER}[ \u00a0\u202f]?(?:{"|".join(_UNITS)})(?![\w°/])  # 100 °C
    | \+\d[\d\ ()\u00a0-]{{4,20}}\d(?!\w)                        # +49 30 123456
    | {_SIGN}{_DIGITS}\ ?[%٪]?(?!\w)                            # -5
    | [A-Za-z][\w.]{{0,30}}(?:\+\+|\#)(?![\w+#])                  # C++
    | (?<!\w)\.[A-Za-z]\w{{0,30}}(?!\w)                          # .NET
    )"""


@cache
def _together() -> re.Pattern[str]:
    return re.compile(_TOGETHER, re.VERBOSE)


def parts_of(text: str) -> Iterator[tuple[str, bool]]:
    """Yield the parts of a text, and whether each is to be isolated."""
    done = 0
    for match in _together().finditer(text):
        if match.start() > done:
            yield text[done : match.start()], False
        yield match[0], True
        done = match.end()
    if done < len(text):
        yield text[done:], False


def isolated(text: str) -> str:
    """Return a plain text as HTML, isolated where it runs from right to left."""
    if text.isascii() or direction_of(text) != "rtl":
        return escape(text, quote=False)
    return "".join(
        f'<bdi dir="ltr">{escape(part, quote=False)}</bdi>'
        if is_apart
        else escape(part, quote=False)
        for part, is_apart in parts_of(text)
    )
