"""What a tool was asked and gave is folded into the answer, whichever program it is."""

from pathlib import Path
from typing import Any

import pytest

from backend.importing.records import Skip
from tests.helpers import export_samples
from tests.helpers.reading import read, save
from tests.unit.backend.importing.programs.test_cherry_studio import (
    answer,
    backup,
    block,
    message,
)

ASKED, GAVE = {"city": "Ulm"}, "Rain"
FOLDED = '**weather**\n\n```json\n{\n "city": "Ulm"\n}\n```'
RESULT = "**weather: result**\n\n```\nRain\n```"


def librechat(call: dict[str, Any]) -> dict[str, Any]:
    about = {"parentMessageId": "0", "createdAt": "2025-01-01T00:00:00Z"}
    asked = {"messageId": "1", "isCreatedByUser": True, "text": "Q"} | about
    parts = [{"type": "tool_call", "tool_call": call}, {"type": "text", "text": "A"}]
    said = {"messageId": "2", "parentMessageId": "1", "content": parts}
    return {"conversationId": "c", "title": "T", "messages": [asked, about | said]}


def chatbox(call: dict[str, Any]) -> dict[str, Any]:
    parts = [{"type": "tool-call"} | call, {"type": "text", "text": "A"}]
    asked = {"id": "1", "role": "user", "content": "Q"}
    said = {"id": "2", "role": "assistant", "contentParts": parts}
    return {"session:s": {"id": "s", "name": "T", "messages": [asked, said]}}


def cherry(call: dict[str, Any]) -> dict[str, Any]:
    return backup(
        message("q1", "user", "b1"),
        answer("a2", "t2", "b2"),
        blocks=[
            block("b1", "main_text", "Q"),
            block("t2", "tool", metadata={"rawMcpToolResponse": call}),
            block("b2", "main_text", "A"),
        ],
    )


EXPORTS = {
    "librechat": librechat({"name": "weather", "args": ASKED, "output": GAVE}),
    "chatbox": chatbox({"toolName": "weather", "args": ASKED, "result": GAVE}),
    "cherry studio": cherry(
        {"tool": {"name": "weather"}, "arguments": ASKED, "response": GAVE}
    ),
}
NOTHING = {
    "librechat": librechat({"name": "weather", "args": "{}", "output": ""}),
    "chatbox": chatbox({"toolName": "weather"}),
    "cherry studio": cherry({"tool": {"name": "weather"}}),
}


@pytest.mark.parametrize("program", EXPORTS)
def test_what_was_asked_and_given_is_folded(program: str, tmp_path: Path) -> None:
    _, (row,), tally = read(save(tmp_path / "x.json", EXPORTS[program]))
    last = row.messages[-1]
    assert (last.text, last.reasoning) == ("A", f"{FOLDED}\n\n{RESULT}")
    assert not tally.skipped[Skip.TOOL]


@pytest.mark.parametrize("program", NOTHING)
def test_a_tool_that_tells_nothing_is_counted(program: str, tmp_path: Path) -> None:
    _, (row,), tally = read(save(tmp_path / "x.json", NOTHING[program]))
    assert (row.messages[-1].text, row.messages[-1].reasoning) == ("A", "")
    assert tally.skipped[Skip.TOOL] == 1
    assert tally.names[Skip.TOOL] == ["weather"]


def test_jan_folds_them_too(tmp_path: Path) -> None:
    save(tmp_path / "thread.json", export_samples.JAN_THREAD)
    call = {"type": "tool_call", "tool_name": "weather", "input": ASKED, "output": GAVE}
    said = {"type": "text", "text": {"value": "A"}}
    save(
        tmp_path / "messages.jsonl",
        {"id": "2", "role": "assistant", "content": [call, said]},
    )
    _, (row,), tally = read(tmp_path)
    assert row.messages[0].reasoning == f"{FOLDED}\n\n{RESULT}"
    assert not tally.skipped[Skip.TOOL]
