"""The quick actions everybody begins with; all can be changed, moved and deleted."""

from typing import Final

from backend.interface.stored_values import ActionKind, ActionResult
from backend.store.actions import Facts

VERSION: Final = "1"
"""Rises when an action is added, which is then given once to those who lack it."""

_HEADING: Final = "\n\n{clipboard}"


def _asking(id: str, name: str, icon: str, prompt: str) -> Facts:
    return {"id": id, "name": name, "icon": icon, "prompt": prompt + _HEADING}


def _working(
    id: str,
    name: str,
    icon: str,
    kind: ActionKind,
    result: ActionResult = ActionResult.COPY,
) -> Facts:
    facts: Facts = {"id": id, "name": name, "icon": icon, "kind": kind}
    return {**facts, "prompt": "{clipboard}", "result": result, "in_tray": 0}


BUILTIN: Final[tuple[Facts, ...]] = (
    _asking(
        "explain",
        "Explain",
        "lightbulb",
        "Explain the following in plain words, to someone who is new to it.",
    ),
    _asking(
        "summarise",
        "Summarise",
        "list",
        "Summarise the following in a few short points. Leave nothing important out "
        "and add nothing.",
    ),
    _asking(
        "translate",
        "Translate",
        "languages",
        "Translate the following into English. Give the translation only.",
    ),
    _asking(
        "fix-grammar",
        "Fix Grammar",
        "spell-check",
        "Correct spelling, grammar and punctuation of the following. Keep its "
        "language, meaning, tone and layout. Give the corrected text only.",
    ),
    {
        **_working(
            "save-note",
            "Save as Note",
            "notebook-pen",
            ActionKind.KEEP,
            ActionResult.NOTE,
        ),
        "in_tray": 1,
    },
    _working("clean-text", "Clean Text", "eraser", ActionKind.CLEAN),
    _working("count", "Count", "hash", ActionKind.COUNT, ActionResult.SHOW),
    _working("upper-case", "Upper Case", "case-upper", ActionKind.UPPER),
    _working("lower-case", "Lower Case", "case-lower", ActionKind.LOWER),
    _working("title-case", "Title Case", "case-sensitive", ActionKind.TITLE),
    _working(
        "strip-formatting", "Strip Formatting", "remove-formatting", ActionKind.STRIP
    ),
    _working("redact", "Redact E-mails and Numbers", "shield", ActionKind.REDACT),
)
"""In the order of the menu."""
