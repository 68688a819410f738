"""The closed sets of values that are stored, or stand in the name of a file.

Standard library only. A value never changes once it is released: databases, exports
and backups hold it.
"""

from enum import StrEnum
from typing import Final

DERIVED: Final = frozenset({"cjk", "folded", "aside", "version", "versions"})
"""Columns that are made of others: neither logged nor exported."""


class TitleSource(StrEnum):
    """Who named a conversation."""

    NONE = "none"
    TEXT = "text"
    MODEL = "model"
    USER = "user"


class EngineKind(StrEnum):
    """Which class serves an engine: one asks a server, the other runs a file."""

    OPENAI = "openai"
    BUILTIN = "builtin"


class ActionKind(StrEnum):
    """What a quick action does with its text."""

    PROMPT = "prompt"
    CLEAN = "clean"
    COUNT = "count"
    UPPER = "upper"
    LOWER = "lower"
    TITLE = "title"
    STRIP = "strip"
    REDACT = "redact"
    KEEP = "keep"


class ActionResult(StrEnum):
    """What becomes of the text that a quick action made."""

    SHOW = "show"
    COPY = "copy"
    NOTE = "note"


class SnapshotReason(StrEnum):
    """Why a backup was made; a newer Hearth may name others in its files."""

    MANUAL = "manual"
    DAILY = "daily"
    BEFORE_UPDATE = "before-update"
    BEFORE_GOING_BACK = "before-going-back"
    BEFORE_RESTORE = "before-restore"
    BEFORE_REPAIR = "before-repair"
    BEFORE_IMPORT = "before-import"


NEW_INSTRUCTIONS: Final = "model.instructions.new"
"""The setting of what a model is given in the conversation that is not begun yet."""
NEXT_IN_FOLDER: Final = "model.assistant.folder"
"""The setting of what the next conversation has instead of its folder's assistant."""


def parameters_of(conversation_id: str) -> str:
    """Return the name of the setting that says how a conversation is answered."""
    return f"model.parameters.{conversation_id}"
