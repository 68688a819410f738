r"""Draws formulas: TeX to MathML, or None for what cannot be drawn rightly.

math-core says where it does not understand, and it is asked in its own words: what it
calls otherwise is put so first.
"""

import re
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Final

from backend.web.formulas.formula_bounds import MAX_CHARS, MAX_EXPANSIONS, bounded
from backend.web.formulas.mathml import with_classes

if TYPE_CHECKING:
    import math_core

_MAX_KEPT_CHARS: Final = 1_000
_BRACED = r"\{((?:[^{}]|\{[^{}]*\})*)\}"
_SAID_OTHERWISE: Final = [
    (re.compile(pattern), said)
    for pattern, said in (
        (r"(?<!\\)((?:\\\\)*)%[^\n]*", r"\1"),
        (r"\\(?:label|require)\s*\{[^{}]*\}|\\(?:notag|nonumber)(?![a-zA-Z])", ""),
        (r"\\begin\{alignat\*?\}\s*\{\d+\}", r"\\begin{aligned}"),
        (r"\\end\{alignat\*?\}", r"\\end{aligned}"),
        (r"\\(begin|end)\{split\}", r"\\\1{aligned}"),
        (r"\\(begin|end)\{smallmatrix\}", r"\\\1{matrix}"),
        (r"\\(begin|end)\{(align|gather|equation|multline)\}", r"\\\1{\2*}"),
        (r"\\begin\{eqnarray\*?\}", r"\\begin{array}{rcl}"),
        (r"\\end\{eqnarray\*?\}", r"\\end{array}"),
        (r"\\hline\s*\\end\{array\}", r"\\end{array}"),
        (rf"\\substack\s*{_BRACED}", r"{\\begin{matrix}\1\\end{matrix}}"),
        (r"\\tag\*?\s*\{([^{}]*)\}", r"\\qquad\\text{(\1)}"),
        (r"\\textcolor\s*\{[^{}]*\}", ""),
        (r"\\color\s*\{[^{}]*\}", ""),
        (r"\\colorbox\s*\{[^{}]*\}|\\(?:mbox|textnormal)(?![a-zA-Z])", r"\\text"),
        (r"\\pmb(?![a-zA-Z])", r"\\boldsymbol"),
        (r"\\hdots(?![a-zA-Z])", r"\\ldots"),
        (
            rf"\\DeclareMathOperator(\*?)\s*\{{(\\[a-zA-Z]+)\}}\s*{_BRACED}",
            r"\\newcommand{\2}{\\operatorname\1{\3}}",
        ),
    )
]


def draw(tex: str, *, is_display: bool) -> str | None:
    """Return a formula as MathML, not sanitised yet; None for what cannot be drawn."""
    return (_kept if len(tex) <= _MAX_KEPT_CHARS else _draw)(tex, is_display)


def _draw(tex: str, is_display: bool) -> str | None:  # noqa: FBT001 a key of the cache
    if len(tex) > MAX_CHARS:
        return None
    for pattern, other in _SAID_OTHERWISE:
        tex = pattern.sub(other, tex)
    said = bounded(tex)
    if said is None:
        return None
    html = _converted(said, is_display=is_display)
    if html is None and "\\newcommand" in said:  # math-core may know the name already
        said = said.replace("\\newcommand", "\\renewcommand")
        html = _converted(said, is_display=is_display)
    return html and with_classes(html)


_kept = lru_cache(maxsize=512)(_draw)
"""A growing answer is rendered over and over, with the formulas it has so far."""


def _converted(tex: str, *, is_display: bool) -> str | None:
    from math_core import LatexError  # noqa: PLC0415 not at the start

    try:
        return _converter().convert_with_local_state(tex, displaystyle=is_display)
    except LatexError:
        return None


@cache
def _converter() -> "math_core.LatexToMathML":
    from math_core import LatexToMathML  # noqa: PLC0415 not at the start

    return LatexToMathML(
        fancy_error=False,
        allow_unreliable_rendering=True,
        max_expansions=MAX_EXPANSIONS,
    )
