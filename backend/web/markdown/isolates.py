"""Keeps together, in a text from right to left, what is read from left to right.

Between Arabic or Hebrew words a browser sets the parts of `100 °C` one after the other
from the right: `C° 100`. What is one thing by its kind stands in an element of its own.
"""

import re
from collections.abc import Iterator
from typing import Final

from markdown_it.token import Token

OPEN: Final = "isolate_open"
CLOSE: Final = "isolate_close"

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
_DIGITS: Final = r"\d+(?:[.,\u066b\u066c:/]\d+)*"
_NUMBER: Final = rf"(?:{_SIGN})?{_DIGITS}(?:[ ]?[-\u2013\u00d7][ ]?{_DIGITS})?"
_TOGETHER: Final = re.compile(
    rf"""(?<![A-Za-z\d_.,°]) (?<!\d[-+\u2212\u2013]) (?:
      {_NUMBER}[ \u00a0\u202f]?(?:{"|".join(_UNITS)})(?![\w°/])  # 100 °C
    | \+\d[\d\ ()\u00a0-]{{4,}}\d(?!\w)                          # +49 30 123456
    | {_SIGN}\d+(?:[.,\u066b\u066c]\d+)*\ ?[%٪]?(?!\w)            # -5
    | [A-Za-z][\w.]*(?:\+\+|\#)(?![\w+#])                        # C++
    | (?<!\w)\.[A-Za-z]\w*                                       # .NET
    )""",
    re.VERBOSE,
)


def isolated(children: list[Token]) -> Iterator[Token]:
    """Yield the parts of a line that runs from right to left, with what is isolated."""
    for child in children:
        if child.type == "text":
            yield from _parts(child.content)
        else:
            yield child


def _parts(text: str) -> Iterator[Token]:
    done = 0
    for match in _TOGETHER.finditer(text):
        if match.start() > done:
            yield Token("text", "", 0, content=text[done : match.start()])
        yield Token(OPEN, "bdi", 1, attrs={"dir": "ltr"})
        yield Token("text", "", 0, content=match[0])
        yield Token(CLOSE, "bdi", -1)
        done = match.end()
    if done < len(text) or not text:
        yield Token("text", "", 0, content=text[done:])
