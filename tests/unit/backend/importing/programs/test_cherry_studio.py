"""Cherry Studio's backups are read from their zip, and the keys in them are not."""

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from backend.importing.__main__ import tell
from backend.importing.records import Skip
from backend.importing.stream import entries
from tests.helpers.reading import branches, read, save, shown

KEY = "sk-canary-8c1f"


def block(key: str, kind: str, content: str = "", **data: object) -> dict[str, Any]:
    return {"id": key, "type": kind, "content": content, "status": "success"} | data


def message(key: str, role: str, *blocks: str, **data: object) -> dict[str, Any]:
    number = int(key[-1])
    at = f"2025-05-01T10:00:0{number}.000Z"
    return {"id": key, "role": role, "blocks": [*blocks], "createdAt": at} | data


def answer(key: str, *blocks: str, **data: object) -> dict[str, Any]:
    return message(key, "assistant", *blocks, askId="q1", **data)


def backup(*messages: object, blocks: list[dict[str, Any]]) -> dict[str, Any]:
    begun = "2025-05-01T09:00:00Z"
    topic = {"id": "t", "name": "Tea", "createdAt": begun, "pinned": True}
    assistants = {"assistants": [{"prompt": "Be kind.", "topics": [topic]}]}
    providers = {"providers": [{"id": "openai", "apiKey": KEY}]}
    slices = {"assistants": assistants, "llm": providers, "settings": {"key": KEY}}
    stored = json.dumps({name: json.dumps(one) for name, one in slices.items()})
    return {
        "time": 1_746_000_000_000,
        "version": 5,
        "localStorage": {"persist:cherry-studio": stored, "key": KEY},
        "indexedDB": {
            "topics": [{"id": "t", "messages": [*messages]}],
            "message_blocks": blocks,
            "settings": [{"id": "key", "value": KEY}],
        },
    }


TALK = backup(
    message("q1", "user", "b1", "f1"),
    answer("a2", "b2", modelId="one"),
    answer("a3", "h3", "b3", "c3", "n3", "w3", model={"id": "two"}, foldSelected=True),
    message("q4", "user", "b4"),
    message("a5", "assistant", "e5", askId="q4", status="error"),
    None,
    blocks=[
        block("b1", "main_text", "Which tea?"),
        block("f1", "file", file={"name": "leaves.pdf"}),
        block("b2", "main_text", "Green."),
        block("h3", "thinking", "Hm."),
        block("b3", "main_text", "Black."),
        block("c3", "code", "boil()", language="python"),
        block("n3", "translation", "Schwarz."),
        block("w3", "tool", toolName="web"),
        block("b4", "main_text", "Why?"),
        block("e5", "error", error={"message": "No key"}),
    ],
)


@pytest.fixture
def zipped(tmp_path: Path) -> Path:
    path = tmp_path / "cherry.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("data.json", json.dumps(TALK))
        archive.writestr("Data/Files/leaves.pdf", "pdf")
    return path


def test_answers_of_several_models_are_versions_of_one(zipped: Path) -> None:
    source, (row,), tally = read(zipped)
    assert (source, row.title, bool(row.pinned_at)) == ("Cherry Studio", "Tea", True)
    black = "Black.\n\n```python\nboil()\n```\n\n**Translation**\n\nSchwarz."
    assert branches(row) == [
        ["Which tea?", "Green."],
        ["Which tea?", black, "Why?", ""],
    ]
    _, chosen, _, failed = shown(row)
    assert (chosen.model, chosen.reasoning) == ("two", "Hm.")
    assert (failed.state, failed.error) == ("failed", "No key")
    assert tally.skipped == {
        Skip.ATTACHMENT: 1,
        Skip.TOOL: 1,
        Skip.UNREADABLE_MESSAGE: 1,
    }
    assert tally.found == tally.messages + 1 == 6
    assert tally.names[Skip.ATTACHMENT] == ["leaves.pdf"]


def test_no_key_leaves_the_reader(zipped: Path) -> None:
    _, rows, tally = read(zipped)
    assert KEY not in json.dumps([[*tell(row)] for row in rows])
    assert KEY not in str(tally)


def test_whatever_stands_first_and_without_titles_it_is_known(tmp_path: Path) -> None:
    turned = dict(reversed(TALK.items())) | {"localStorage": {"persist:x": "{}"}}
    turned["indexedDB"] = dict(reversed(TALK["indexedDB"].items()))
    source, (row,), _ = read(save(tmp_path / "data.json", turned))
    assert source == "Cherry Studio"
    assert shown(row)[0].text == "Which tea?"


def test_an_object_that_is_opened_is_read_entry_by_entry(tmp_path: Path) -> None:
    path = save(tmp_path / "x.json", {"a": {"b": [1, 2], "c": {"d": 3}}, "e": {"f": 4}})
    with path.open("rb") as file:
        found = [*entries(file, {"a"})]
    assert found == [("a.b", 1), ("a.b", 2), ("a.c", {"d": 3}), ("e", {"f": 4})]
