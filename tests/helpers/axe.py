"""Looks at the page of the real program with axe-core, in the theme a test chooses."""

import json
from pathlib import Path
from typing import Final

from tests.helpers.tray import xdotool
from tests.helpers.window import Window, until

AXE: Final = Path(__file__).parents[1] / "assets/node_modules/axe-core/axe.min.js"
RULES: Final = (
    "wcag2a",
    "wcag2aa",
    "wcag21a",
    "wcag21aa",
    "wcag22aa",
    "best-practice",
)


def violations(window: Window) -> list[str]:
    """Return what axe-core finds in the page as it is."""
    # Half-way between two themes a colour is none of ours.
    moving = "document.getAnimations().some(a => a instanceof CSSTransition)"
    window.wait_for(f"!{moving}")
    if not window.evaluate("'axe' in window"):
        # The developer protocol is not bound by the page's policy.
        window.evaluate(f"{AXE.read_text()}; 0")
    options = {"runOnly": list(RULES), "resultTypes": ["violations"]}
    found = window.evaluate(
        f"axe.run(document, {json.dumps(options)}).then(r => r.violations.map("
        "v => `${v.id}: ${v.nodes.map(n => n.target + ' ' + n.html.slice(0, 200)"
        " + ' ' + n.failureSummary).join(' | ')}`))"
    )
    return list(found)


def choose_theme(window: Window, theme: str) -> None:
    """Choose "light" or "dark" in the menu of the window, by its letters."""
    scheme = "document.documentElement.style.colorScheme"

    def choose() -> bool:
        name = xdotool("search", "--onlyvisible", "--name", "Hearth$").split()[-1]
        xdotool("windowactivate", "--sync", name)
        xdotool("key", "--delay", "100", "alt+v", "t", theme[0])
        return bool(window.evaluate(scheme) == theme)

    until(choose, f"the theme {theme}")
