"""What of MathML a page shows: elements, bounded lengths, and classes for its styles.

Of the styles a drawing has only those in a closed list are kept, as classes: the page
allows no style in its elements, and no colour of a text would suit both themes.
"""

import re
from typing import Final

# fmt: off
TAGS: Final = frozenset({
    "math", "menclose", "mfrac", "mi", "mmultiscripts", "mn", "mo", "mover", "mpadded",
    "mphantom", "mprescripts", "mroot", "mrow", "mspace", "msqrt", "mstyle", "msub",
    "msubsup", "msup", "mtable", "mtd", "mtext", "mtr", "munder", "munderover",
})
_LENGTHS: Final = frozenset({
    "depth", "height", "linethickness", "lspace", "maxsize", "minsize", "rspace",
    "voffset", "width",
})
ATTRIBUTES: Final = _LENGTHS | {
    "accent", "accentunder", "alttext", "class", "columnspan", "display",
    "displaystyle", "fence", "form", "largeop", "mathvariant", "movablelimits",
    "notation", "scriptlevel", "separator", "stretchy", "symmetric",
}
# fmt: on
_MAX_EM: Final = 20.0
_MIN_EM: Final = -2.0

_STYLES: Final = {
    "text-align:left": "math-left",
    "text-align:right": "math-right",
    "padding-left:0": "math-close-left",
    "padding-right:0": "math-close-right",
    "padding-left:1em": "math-apart",
    "border-top:0.05emsolidcurrentcolor": "math-rule-top",
    "border-bottom:0.05emsolidcurrentcolor": "math-rule-bottom",
    "border-left:0.05emsolidcurrentcolor": "math-rule-left",
    "border-right:0.05emsolidcurrentcolor": "math-rule-right",
    "margin-left:-0.16666667em": "math-back",
}
_CLASSES: Final = frozenset(_STYLES.values()) | {
    "menclose-updiagonalstrike",
    "menclose-downdiagonalstrike",
    "menclose-horizontalstrike",
}
_STYLE = re.compile(r' style="([^"]*)"')
_LENGTH = re.compile(r"(-?\d*\.?\d+)(em|ex|pt|px|mu|%)?")
_EMS: Final = {"em": 1.0, "ex": 0.5, "pt": 0.1, "px": 0.0625, "mu": 0.056, "%": 0.01}
_DRAWN = re.compile(r'(?s)<math alttext="([^"]*)".*?</math>')


def with_classes(html: str) -> str:
    """Put classes in place of styles."""
    return _STYLE.sub(_classed, html)


def undrawn(html: str) -> str:
    """Put the source of each formula in place of its drawing, for what draws none."""
    return _DRAWN.sub(r'<code class="math">\1</code>', html)


def kept_attribute(name: str, value: str) -> str | None:
    """Return what the page shows of an attribute of MathML; None for nothing."""
    if name == "class":
        return " ".join(c for c in value.split() if c in _CLASSES) or None
    if name not in _LENGTHS:
        return value
    match = _LENGTH.fullmatch(value)
    is_bounded = (
        match and _MIN_EM <= float(match[1]) * _EMS[match[2] or "em"] <= _MAX_EM
    )
    return value if is_bounded else None


def _classed(match: re.Match[str]) -> str:
    declared = (one.replace(" ", "") for one in match[1].split(";"))
    names = [_STYLES[one] for one in declared if one in _STYLES]
    return f' class="{" ".join(names)}"' if names else ""
