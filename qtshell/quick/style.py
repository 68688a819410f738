"""The look of the quick ask window, in the page's own colours."""

from dataclasses import dataclass
from typing import Final

from qtshell.display.theme import is_dark


@dataclass(frozen=True, slots=True, kw_only=True)
class Colours:
    """One theme's colours, the same as the page's tokens."""

    raised: str
    soft: str
    rule: str
    edge: str
    ink: str
    ink_2: str
    ember: str
    ember_soft: str
    danger: str
    keyword: str
    string: str
    number: str
    name: str
    comment: str


LIGHT: Final = Colours(
    raised="#ffffff",
    soft="#f1ece7",
    rule="#e3ddd7",
    edge="#8d857e",
    ink="#2b2622",
    ink_2="#635c56",
    ember="#b4501f",
    ember_soft="#fbebe1",
    danger="#a8281f",
    keyword="#96273a",
    string="#2b6a3d",
    number="#5a4bb0",
    name="#1f5a96",
    comment="#7a736d",
)
DARK: Final = Colours(
    raised="#262321",
    soft="#302c29",
    rule="#3b3632",
    edge="#837b74",
    ink="#ece7e0",
    ink_2="#b5ada5",
    ember="#f09a63",
    ember_soft="#46301f",
    danger="#f3998d",
    keyword="#f0a1a8",
    string="#a4d3a9",
    number="#bdb6f2",
    name="#a3c8ee",
    comment="#a39b94",
)


def colours() -> Colours:
    """Return the colours of the theme that is shown now."""
    return DARK if is_dark() else LIGHT


def window_style(c: Colours, *, is_round: bool) -> str:
    """Return the style sheet of the window."""
    radius = 16 if is_round else 0
    return f"""
        #quick-ask {{
            background: {c.raised}; border: 1px solid {c.edge};
            border-radius: {radius}px;
        }}
        #quick-ask QLabel {{ color: {c.ink_2}; }}
        #quick-ask QLabel[tone="danger"] {{ color: {c.danger}; }}
        #question, #answer {{
            background: {c.raised}; color: {c.ink}; border: 0;
            selection-background-color: {c.ember}; selection-color: {c.raised};
        }}
        #rule {{ background: {c.rule}; border: 0; max-height: 1px; }}
        #quick-ask QPushButton {{
            background: transparent; color: {c.ink_2}; border: 1px solid {c.rule};
            border-radius: 6px; padding: 4px 10px;
        }}
        #quick-ask QPushButton:hover {{ background: {c.soft}; color: {c.ink}; }}
        #quick-ask QPushButton:focus {{ border-color: {c.ember}; }}
        #quick-ask QPushButton:checked {{
            background: {c.ember_soft}; color: {c.ink}; border-color: {c.ember};
        }}
        #quick-ask QScrollBar:vertical {{ width: 8px; background: transparent; }}
        #quick-ask QScrollBar::handle:vertical {{
            background: {c.edge}; border-radius: 4px; min-height: 24px;
        }}
        #quick-ask QScrollBar::add-line {{ height: 0; }}
        #quick-ask QScrollBar::sub-line {{ height: 0; }}
    """


def answer_style(c: Colours) -> str:
    """Return the style sheet of what is shown as an answer."""
    return f"""
        a {{ color: {c.ember}; }}
        h1, h2, h3, h4, h5, h6 {{ font-size: large; }}
        blockquote {{ color: {c.ink_2}; }}
        pre, code {{ font-family: monospace; background-color: {c.soft}; }}
        .math {{ white-space: pre-wrap; }}
        th, td {{ padding: 4px 10px; }}
        pre b {{ color: {c.keyword}; font-weight: normal; }}
        pre samp {{ color: {c.string}; }}
        pre u {{ color: {c.number}; text-decoration: none; }}
        pre kbd, pre var {{ color: {c.name}; font-style: normal; }}
        pre i {{ color: {c.comment}; }}
    """
