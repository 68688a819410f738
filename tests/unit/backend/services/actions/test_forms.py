"""Quick actions are read from forms and files, and refused with a sentence."""

import json
from dataclasses import dataclass

import pytest

from backend.errors import InvalidInputError
from backend.interface.stored_values import ActionKind
from backend.services.actions.forms import (
    KINDS,
    from_file,
    read_form,
    read_shortcut,
    to_file,
)
from backend.services.actions.text_actions import LOCAL
from backend.services.icons import ICONS

FORM = {"name": "Shorten", "kind": "prompt", "prompt": "Shorten:", "result": "copy"}


@dataclass
class Stored:
    name: str = "Shorten"
    icon: str = "mail"
    kind: str = "prompt"
    prompt: str = "Kürzer: {clipboard}"
    result: str = "copy"
    shortcut: str = "Ctrl+Alt+K"
    in_tray: int = 1


def test_every_local_function_can_be_chosen() -> None:
    assert KINDS.keys() == set(ActionKind) == {ActionKind.PROMPT, *LOCAL}


def test_a_form_becomes_an_action() -> None:
    data = read_form({**FORM, "choice": "e1|llama", "in_tray": "yes", "icon": "mail"})
    assert data == {
        "name": "Shorten",
        "icon": "mail",
        "kind": "prompt",
        "prompt": "Shorten:",
        "engine_id": "e1",
        "model": "llama",
        "assistant_id": "",
        "result": "copy",
        "shortcut": "",
        "in_tray": 1,
    }


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("name", "  ", "name"),
        ("name", "x" * 81, "longer"),
        ("prompt", " ", "asked"),
        ("prompt", "x" * 8_001, "limit"),
        ("kind", "format-disk", "does"),
        ("result", "post", "result"),
        ("shortcut", "Q", "Ctrl"),
    ],
)
def test_what_cannot_be_used_is_said(field: str, value: str, sentence: str) -> None:
    with pytest.raises(InvalidInputError, match=sentence):
        read_form({**FORM, field: value})


def test_an_unknown_icon_becomes_the_usual_one() -> None:
    assert read_form({**FORM, "icon": "../../etc"})["icon"] == ICONS[0]


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("", ""),
        ("ctrl + alt + e", "Ctrl+Alt+E"),
        ("Shift+Alt+f5", "Alt+Shift+F5"),
        ("meta+ctrl+space", "Ctrl+Meta+Space"),
    ],
)
def test_a_shortcut_has_one_spelling(typed: str, read: str) -> None:
    assert read_shortcut(typed) == read


@pytest.mark.parametrize(
    "typed", ["E", "Ctrl+E", "Ctrl+Alt", "Hyper+Alt+E", "Ctrl+Shift+F", "Ctrl+Alt+F13"]
)
def test_what_is_no_free_shortcut_is_refused(typed: str) -> None:
    with pytest.raises(InvalidInputError):
        read_shortcut(typed)


def test_what_is_written_to_a_file_is_read_from_it() -> None:
    data = from_file(to_file([Stored(), Stored(name="Count", kind="count", in_tray=0)]))
    assert [(row["name"], row["kind"], row["in_tray"]) for row in data] == [
        ("Shorten", "prompt", 1),
        ("Count", "count", 0),
    ]
    assert data[0]["prompt"] == "Kürzer: {clipboard}"


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        "[" * 100_000,
        '{"format": "other"}',
        '{"format": "hearth-actions", "version": 2, "actions": []}',
        '{"format": "hearth-actions", "version": 1, "actions": [1]}',
        '{"format": "hearth-actions", "version": 1, "actions": [{"name": "x"}]}',
        json.dumps({"format": "hearth-actions", "version": 1, "actions": [FORM] * 501}),
    ],
)
def test_another_file_is_refused(content: str) -> None:
    with pytest.raises(InvalidInputError):
        from_file(content)
