"""LibreChat's exports keep their branches, whether they are a list or a tree."""

from pathlib import Path
from typing import Any

import pytest

from backend.importing.records import Skip
from tests.helpers.reading import branches, read, save, shown

ROOT = "00000000-0000-0000-0000-000000000000"


def message(key: str, parent: str, text: str, **data: object) -> dict[str, Any]:
    base = {"messageId": key, "parentMessageId": parent, "text": text}
    at = f"2025-02-01T10:00:0{key[-1]}.000Z"
    return base | {"isCreatedByUser": key[0] == "q", "createdAt": at} | data


CALL = {"type": "tool_call", "tool_call": {"name": "web", "args": "{}"}}
PARTS = [
    {"type": "think", "think": "Hm."},
    {"type": "text", "text": {"value": "Blue,"}},
    CALL,
    {"type": "text", "text": "mostly."},
    {"type": "image_file", "image_file": {}},
]
MESSAGES = [
    message("q1", ROOT, "Sky?"),
    message("a2", "q1", "Grey.", model="m", unfinished=True),
    message("a3", "q1", "", model="m", content=PARTS),
    message("q4", "a2", "Why?"),
    message("a5", "q4", "Too many requests", error=True),
]


def nested(parent: str) -> list[dict[str, Any]]:
    """Return the same as a tree that names no parents."""
    return [
        {name: of for name, of in one.items() if name != "parentMessageId"}
        | {"children": nested(one["messageId"])}
        for one in MESSAGES
        if one["parentMessageId"] == parent
    ]


FORMS: dict[str, dict[str, Any]] = {
    "list": {"branches": True, "messages": MESSAGES},
    "recursive": {"recursive": True, "messages": nested(ROOT)},
    "tree": {"recursive": True, "messagesTree": nested(ROOT)},
}


@pytest.mark.parametrize("is_listed", [False, True], ids=["alone", "several"])
@pytest.mark.parametrize("form", FORMS)
def test_every_branch_is_read_from_every_form(
    form: str, is_listed: bool, tmp_path: Path
) -> None:
    whole = {"conversationId": "c", "endpoint": "openAI", "title": "Sky"} | FORMS[form]
    whole["isArchived"] = True
    path = save(tmp_path / "sky.json", [whole] if is_listed else whole)
    source, (row,), tally = read(path)
    assert (source, row.title) == ("LibreChat", "Sky")
    assert (bool(row.archived_at), row.pinned_at) == (True, 0)
    failed = "Too many requests"
    assert branches(row) == [
        ["Sky?", "Blue, mostly."],
        ["Sky?", "Grey.", "Why?", failed],
    ]
    blue = row.messages[2]
    assert (blue.reasoning, blue.reply_to) == ("Hm.", row.messages[0].id)
    assert [one.state for one in shown(row)[1::2]] == ["interrupted", "failed"]
    assert tally.skipped == {Skip.TOOL: 1, Skip.ATTACHMENT: 1}
    assert tally.names[Skip.TOOL] == ["web"]


def test_a_deep_tree_and_odd_values_cost_no_words(tmp_path: Path) -> None:
    deep: dict[str, Any] = message("q9", ROOT, "End")
    for _ in range(200):
        deep = message("q1", ROOT, "Above") | {"messageId": None, "children": [deep, 7]}
    whole = {"conversationId": None, "messages": [deep, None]}
    _, (row,), tally = read(save(tmp_path / "x.json", whole))
    assert {one.text for one in row.messages} == {"Above", "End"}
    assert tally.skipped[Skip.UNREADABLE_MESSAGE] == 201
    assert tally.found == tally.messages + sum(tally.skipped.values())
