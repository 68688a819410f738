r"""Bounds a formula before it is drawn, since its drawing has no bound of its own.

math-core descends with the stack of its thread, so nesting is judged before. With each
bracket that has no end it takes twice as long: it tries every one as the beginning of a
group. Which are closed only its own parser knows, so where there are many, each is put
as `\mathopen{({}}`, which looks the same and is never tried. A command of the formula's
own multiplies what it is given: few of them, and short.
"""

import re
from typing import Final

MAX_CHARS: Final = 10_000
_MAX_DEFINING_CHARS: Final = 1_000
_MAX_PARAMETERS: Final = 8
MAX_EXPANSIONS: Final = 12
_MAX_NESTING: Final = 150
"""What half a megabyte of stack holds; every thread has more."""
_MAX_TRIED: Final = 8

_DEFINES = re.compile(r"\\(?:(?:re)?newcommand|providecommand|[gex]?def)(?![a-zA-Z])")
_ALIASES = re.compile(r"\\let(?![a-zA-Z])")
_OPENING_CHARS: Final = "(⌈⌊⌜⌞⎰❲⟅⟦⟨⟪⟬⟮⦃⦅⦇⦉⦋⦍⦏⦑⦓⦕⦗⧘⧚⧼"  # noqa: RUF001 all of them, in their order
_OPENING_NAMES: Final = (
    "lAngle|lBrace|lVert|lang|langle|lbrace|lbrack|lceil|lfloor|lgroup|llangle"
    "|llbracket|llparenthesis|lmoustache|lparen|lvert|ulcorner"
)
_OPENING: Final = rf"(?:[\[{_OPENING_CHARS}]|\\\{{|\\(?:{_OPENING_NAMES})(?![a-zA-Z]))"
_DELIMITER: Final = r"\s*(?:\\[a-zA-Z]+|\\.|[^\s{}\\])"
_STEP = re.compile(
    r"\\\\|\\(?:left|begin|right|end)(?![a-zA-Z])|\\[a-zA-Z]+|\\.|[{}&\[^_"
    rf"{_OPENING_CHARS}]",
    re.DOTALL,
)
_BRACKET = re.compile(
    rf"""(?P<words>\\(?:text(?:bf|it|rm|sc|sf|tt)?|operatorname)\s*\*?\s*
            \{{(?:[^{{}}\\]|\\.|\{{(?:[^{{}}\\]|\\.)*\}})*\}})
      | (?P<sized>\\[bB]igg?l(?![a-zA-Z]){_DELIMITER})
      | (?P<apart>\\(?:left|right|middle|[bB]igg?[rm]?)(?![a-zA-Z])\s*{_OPENING})
      | (?P<option>(?:\\\\|\\(?:sqrt|cfrac|x[a-zA-Z]+)(?![a-zA-Z]))\s*
            \[[^\[\](){{}}\\]*\])
      | (?P<named>\\(?:re)?newcommand\s*\{{\\[a-zA-Z]+\}}\s*\[\d\])
      | (?P<bracket>{_OPENING})
      | \\.""",
    re.VERBOSE | re.DOTALL,
)


def bounded(tex: str) -> str | None:
    """Return a formula as it may be drawn; None for one that may not."""
    defines = _DEFINES.search(tex) is not None
    nested = _MAX_NESTING // MAX_EXPANSIONS if defines else _MAX_NESTING
    if len(tex) > (_MAX_DEFINING_CHARS if defines else MAX_CHARS):
        return None
    if _ALIASES.search(tex) or (defines and tex.count("#") > _MAX_PARAMETERS):
        return None
    if nesting(tex) > nested:
        return None
    tried = sum(bool(m["sized"] or m["bracket"]) for m in _BRACKET.finditer(tex))
    return _BRACKET.sub(_untried, tex) if tried > _MAX_TRIED or defines else tex


def _untried(match: re.Match[str]) -> str:
    is_bracket = match["sized"] or match["bracket"]
    return f"\\mathopen{{{match[0]}{{}}}}" if is_bracket else match[0]


def nesting(tex: str) -> int:
    r"""Return how deep a formula can at most be for a parser.

    Each command may hold what follows it, to the end of its group: `\sqrt\sqrt x`.
    """
    deepest = depth = 0
    groups = [("", 0)]
    for match in _STEP.finditer(tex):
        step = match[0]
        if step in _ENDS:
            if _ENDS[step] == groups[-1][0]:
                depth = groups.pop()[1]
        elif step in {"&", "\\\\"} and groups[-1][0] == "\\begin":
            depth = groups[-1][1] + 1
        else:
            if step in {"{", "\\left", "\\begin"}:
                groups.append((step, depth))
            depth += 1
            deepest = max(deepest, depth)
    return deepest


_ENDS: Final = {"}": "{", "\\right": "\\left", "\\end": "\\begin"}
