"""The icons a person can choose from for what is their own."""

from typing import Final

# fmt: off
ICONS: Final = (
    "zap", "sparkles", "wand-sparkles", "lightbulb", "list", "languages", "spell-check",
    "notebook-pen", "eraser", "hash", "case-upper", "case-lower", "case-sensitive",
    "remove-formatting", "shield", "text-quote", "code", "mail", "briefcase", "globe",
    "book-open", "star",
)
# fmt: on
