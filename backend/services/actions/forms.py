"""Reads quick actions as the user or a file states them, and says what is wrong."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Final, Protocol

from backend.errors import InvalidInputError
from backend.interface.stored_values import ActionKind, ActionResult
from backend.services.engines.engines import Choice
from backend.services.icons import ICONS
from backend.services.item_files import ItemFile

KINDS: Final[Mapping[str, str]] = {
    ActionKind.PROMPT: "Ask a model",
    ActionKind.CLEAN: "Clean the text",
    ActionKind.COUNT: "Count words and characters",
    ActionKind.UPPER: "Change to upper case",
    ActionKind.LOWER: "Change to lower case",
    ActionKind.TITLE: "Change to title case",
    ActionKind.STRIP: "Strip the formatting",
    ActionKind.REDACT: "Redact e-mails and numbers",
    ActionKind.KEEP: "Leave the text as it is",
}
RESULTS: Final[Mapping[str, str]] = {
    ActionResult.SHOW: "Show it",
    ActionResult.COPY: "Copy it",
    ActionResult.NOTE: "Save it as a note",
}
MAX_NAME_CHARS: Final = 80
MAX_PROMPT_CHARS: Final = 8_000
MAX_IMPORTED: Final = 500
_FILE: Final = ItemFile(
    format="hearth-actions", key="actions", noun="quick actions", most=MAX_IMPORTED
)
_FILED: Final = ("name", "icon", "kind", "prompt", "result", "shortcut")
_MODIFIERS: Final = ("Ctrl", "Alt", "Shift", "Meta")
_KEY: Final = re.compile(r"[A-Z0-9]|F[1-9]|F1[0-2]|Space")
_TAKEN: Final = frozenset({"Ctrl+Shift+F"})
_ENOUGH: Final = 2


Facts = dict[str, str | int]
"""Fields of an action, by name."""

EMPTY_FORM: Final[Mapping[str, str]] = {
    "name": "",
    "icon": ICONS[0],
    "kind": ActionKind.PROMPT,
    "prompt": "",
    "choice": "",
    "assistant": "",
    "result": ActionResult.SHOW,
    "shortcut": "",
    "in_tray": "yes",
}
"""The fields of the form, as they are before anything is typed."""


class Filed(Protocol):
    """An action as it is stored."""

    name: str
    icon: str
    kind: str
    prompt: str
    result: str
    shortcut: str
    in_tray: int


def read_form(form: Mapping[str, str]) -> Facts:
    """Return the facts of an action.

    Raises:
        InvalidInputError: One of them cannot be used; the sentence says which.
    """
    name = " ".join(form.get("name", "").split())
    kind, prompt = form.get("kind", ActionKind.PROMPT), form.get("prompt", "").strip()
    if not name:
        raise InvalidInputError("Give the action a name.")
    if len(name) > MAX_NAME_CHARS:
        raise InvalidInputError(f"The name is longer than {MAX_NAME_CHARS} characters.")
    if len(prompt) > MAX_PROMPT_CHARS:
        raise InvalidInputError(
            f"The prompt has {len(prompt):,} characters; the limit is "
            f"{MAX_PROMPT_CHARS:,}."
        )
    if kind not in set(ActionKind):
        raise InvalidInputError("Choose what the action does.")
    if kind == ActionKind.PROMPT and not prompt:
        raise InvalidInputError("Write what the model is asked.")
    result, icon = form.get("result", ActionResult.SHOW), form.get("icon", "")
    if result not in set(ActionResult):
        raise InvalidInputError("Choose what happens with the result.")
    choice = Choice.parse(form.get("choice", ""))
    return {
        "name": name,
        "icon": icon if icon in ICONS else ICONS[0],
        "kind": kind,
        "prompt": prompt,
        "engine_id": choice.engine_id if choice else "",
        "model": choice.model if choice else "",
        "assistant_id": form.get("assistant", ""),
        "result": result,
        "shortcut": read_shortcut(form.get("shortcut", "")),
        "in_tray": int(form.get("in_tray", "") in {"yes", "on", "1", "True"}),
    }


def to_draft(form: Mapping[str, str]) -> str:
    """Return a form that is being filled in as a text to keep; nothing is checked."""
    return json.dumps({name: form.get(name, "") for name in EMPTY_FORM})


def from_draft(draft: str) -> dict[str, str]:
    """Return the form that was kept; an empty one where there is none."""
    return dict(json.loads(draft)) if draft else {}


def read_shortcut(text: str) -> str:
    """Return a shortcut in its one spelling; "" for none.

    Raises:
        InvalidInputError: It is no shortcut, or one that Hearth needs itself.
    """
    parts = [part.strip() for part in text.split("+") if part.strip()]
    if not parts:
        return ""
    *held, key = (part.capitalize() for part in parts)
    key = key.upper() if len(key) <= len("F12") else key
    modifiers = [modifier for modifier in _MODIFIERS if modifier in held]
    if (
        len(modifiers) < _ENOUGH
        or len(modifiers) != len(held)
        or not _KEY.fullmatch(key)
    ):
        raise InvalidInputError(
            "A shortcut is two of Ctrl, Alt, Shift and Meta with a letter, a digit or "
            "F1 to F12, for example Ctrl+Alt+E."
        )
    shortcut = "+".join([*modifiers, key])
    if shortcut in _TAKEN:
        raise InvalidInputError(f"{shortcut} is a shortcut of Hearth. Choose another.")
    return shortcut


def to_file(actions: Sequence[Filed]) -> str:
    """Return the actions as the text of a file; engines are left out of it."""
    items = [
        {name: getattr(action, name) for name in _FILED}
        | {"in_tray": bool(action.in_tray)}
        for action in actions
    ]
    return _FILE.write(items)


def from_file(content: str) -> list[Facts]:
    """Return the actions in the text of a file.

    Raises:
        InvalidInputError: It is no such file, or one of its actions cannot be used.
    """
    return [
        read_form({key: str(row[key]) for key in row}) for row in _FILE.read(content)
    ]


def as_imported(row: Mapping[str, object]) -> Facts | None:
    """Return the facts of an action of another Hearth; None when it cannot be used."""
    values = {name: str(row.get(name, "")) for name in _FILED}
    try:
        return _facts_of(values, row)
    except InvalidInputError:
        return None


def _facts_of(values: Mapping[str, str], row: Mapping[str, object]) -> Facts:
    in_tray = {"in_tray": str(row.get("in_tray", ""))}
    try:
        facts = read_form({**values, **in_tray})
    except InvalidInputError:
        # Only its keys may be of another kind of computer.
        facts = read_form({**values, **in_tray, "shortcut": ""})
    return {name: facts[name] for name in (*_FILED, "in_tray")}
