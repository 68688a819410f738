"""LM Studio, Jan, Chatbox, DeepSeek and Chatbot UI lose no words uncounted."""

import json
from pathlib import Path
from typing import Any

import pytest

from backend.importing.records import ImportCounts, ImportedConversation, Skip
from tests.helpers import export_samples
from tests.helpers.export_samples import BEGAN
from tests.helpers.reading import branches, read, read_one, said, save, shown

DAY = 86_400


def block(*content: dict[str, Any], at: float = 0, **data: object) -> dict[str, Any]:
    step = {"stepIdentifier": f"{int((BEGAN + at) * 1000)}-0.1"} if at else {}
    return {"type": "contentBlock", "content": [*content]} | step | data


def words(text: str, **data: object) -> dict[str, Any]:
    return {"type": "text", "text": text} | data


def version(role: str, *steps: dict[str, Any], **data: object) -> dict[str, Any]:
    only = {"role": role, "type": "multiStep", "steps": [*steps]} | data
    return {"versions": [only], "currentlySelected": 0}


def asked(text: str) -> dict[str, Any]:
    return version("user", content=[words(text)])


def lm_studio(path: Path, *messages: dict[str, Any], **data: object) -> Any:  # noqa: ANN401 unpacked
    whole = {"name": "T", "createdAt": BEGAN * 1000, "messages": [*messages]} | data
    return read_one(path, whole, "1.conversation.json")


def test_lm_studio_tags_are_no_reasoning_and_tools_are_counted(tmp_path: Path) -> None:
    thought = block(
        words("<think>", isStructural=True),
        words("Hm."),
        words("</think>", isStructural=True),
        style={"type": "thinking"},
    )
    call = {"type": "toolCallRequest", "name": "x"}
    row, tally = lm_studio(
        tmp_path,
        asked("Q"),
        version(
            "assistant", thought, block(call), {"type": "toolStatus"}, block(words("A"))
        ),
        systemPrompt="Be kind.",
    )
    assert (row.messages[1].text, row.messages[1].reasoning) == ("A", "Hm.")
    assert tally.skipped == {Skip.TOOL: 1, Skip.INSTRUCTIONS: 1}


def call(name: str, **data: object) -> dict[str, Any]:
    return {"type": "toolCallRequest", "name": name} | data


def test_lm_studio_tools_are_folded_in_where_they_were_used(tmp_path: Path) -> None:
    gave = {"type": "toolCallResult", "content": "Rain.", "toolCallId": "7"}
    listed = json.dumps([{"type": "text", "text": "Noon."}])
    failure = {"status": {"type": "toolCallFailed", "error": "No such road."}}
    row, tally = lm_studio(
        tmp_path,
        asked("Q"),
        version(
            "assistant",
            block(words("Let me see."), style={"type": "thinking"}),
            block(call("weather", parameters={"city": "Oslo"}, toolCallRequestId="7")),
            block(call("clock", parameters={"zone": "UTC"}, toolCallRequestId="8")),
            {"type": "toolCallResult", "content": listed},
            block(gave),
            call("route", parameters={"to": "Bergen"}, callId=9),
            {"type": "toolStatus", "callId": 9, "statusState": failure},
            block({"type": "toolCallResult", "name": "lost", "content": "Alone."}),
            block(words("Take a coat.")),
        ),
    )
    answer = row.messages[1]
    assert answer.text == "Take a coat."
    places = [
        answer.reasoning.index(piece)
        for piece in (
            "Let me see.",
            "**weather**",
            "Oslo",
            "Rain.",
            "**clock**",
            "UTC",
            "Noon.",
            "**route**",
            "Bergen",
            "No such road.",
        )
    ]
    assert places == sorted(places)
    assert "Alone." in answer.reasoning
    assert tally.skipped == {}


def test_a_question_in_lm_studio_has_the_time_of_its_own_answer(tmp_path: Path) -> None:
    row, _ = lm_studio(
        tmp_path,
        asked("Q1"),
        version("assistant", block(words("A1"), at=5)),
        asked("Q2"),
        version("assistant", block(words("A2"), at=DAY)),
    )
    times = [(m.created_at // 1000) - BEGAN for m in row.messages]
    assert times == [0, 5, DAY, DAY]
    ids = [m.id for m in row.messages]
    assert ids == sorted(ids)


def test_versions_in_lm_studio_stay_in_their_order(tmp_path: Path) -> None:
    first, second = version("user", content=[words("Q")]), asked("Other Q")
    first["versions"] += second["versions"]
    answers = version("assistant", block(words("A"), at=9))
    answers["versions"] += [None, *version("assistant", block(words("B")))["versions"]]
    row, tally = lm_studio(tmp_path, first, answers, asked("Next"))
    assert branches(row) == [["Other Q"], ["Q", "B"], ["Q", "A", "Next"]]
    assert tally.skipped == {Skip.INSTRUCTIONS: 1}


def test_the_same_name_in_two_folders_is_two_conversations(tmp_path: Path) -> None:
    for folder, text in (("a", "Q"), ("b", "Other"), ("c", "Q")):
        data = {"createdAt": BEGAN * 1000, "messages": [asked(text)]}
        save(tmp_path / folder / "1.conversation.json", data)
    _, rows, tally = read(tmp_path)
    assert [row.messages[0].text for row in rows] == ["Q", "Other"]
    assert len({row.id for row in rows}) == 2
    assert tally.skipped == {Skip.TWICE: 1, Skip.TWICE_MESSAGE: 1}


def jan(
    folder: Path, *messages: object, cut: str = ""
) -> tuple[ImportedConversation, ImportCounts]:
    save(folder / "thread.json", export_samples.JAN_THREAD)
    lines = "".join(json.dumps(one) + "\n" for one in messages)
    (folder / "messages.jsonl").write_text(lines + cut, "utf-8")
    _, (row,), tally = read(folder)
    return row, tally


def part(kind: str, text: str) -> dict[str, Any]:
    return {"type": kind, "text": {"value": text}}


def test_jan_reasoning_tools_and_failures_are_read(tmp_path: Path) -> None:
    call = {"type": "tool_call", "tool_name": "web"}
    answer = [part("reasoning", "Hm."), part("text", "A"), call]
    row, tally = jan(
        tmp_path,
        {"id": "1", "role": "user", "content": [part("text", "Q <think>")]},
        {"id": "2", "role": "assistant", "content": answer, "status": "stopped"},
        {"id": "3", "role": "assistant", "content": [], "status": "error"},
    )
    items = [(m.text, m.reasoning, m.state) for m in row.messages]
    assert items == [
        ("Q <think>", "", "complete"),
        ("A", "Hm.", "stopped"),
        ("", "", "failed"),
    ]
    assert row.messages[2].error
    assert tally.names[Skip.TOOL] == ["web"]


def test_a_cut_line_costs_jan_one_message(tmp_path: Path) -> None:
    good = {"id": "1", "role": "user", "content": [part("text", "Q")]}
    row, tally = jan(tmp_path, good, cut='{"id": "2", "role": "assis')
    assert said(row) == [("user", "Q")]
    assert tally.skipped == {Skip.UNREADABLE_MESSAGE: 1}
    assert not row.is_whole


def chatbox(path: Path, *messages: dict[str, Any], **data: object) -> Any:  # noqa: ANN401 unpacked
    session = {"id": "s", "name": "T", "messages": [*messages]} | data
    return read_one(path, {"__exported_items": [], "session:s": session})


def said_by(key: str, role: str, text: str) -> dict[str, Any]:
    return {"id": key, "role": role, "content": text}


def test_what_chatbox_made_itself_is_counted_and_said_by_nobody(tmp_path: Path) -> None:
    parts = [
        {"type": "info", "text": "Context cut"},
        {"type": "tool-call", "toolName": "web"},
        words("A"),
    ]
    row, tally = chatbox(
        tmp_path,
        {
            "id": "1",
            "role": "user",
            "contentParts": [words("A summary")],
            "isSummary": True,
        },
        {
            "id": "2",
            "role": "user",
            "contentParts": [words("Q")],
            "links": [{"url": "https://example.com", "title": "E"}],
        },
        {"id": "3", "role": "assistant", "contentParts": parts},
        {"id": "4", "role": "assistant", "contentParts": [], "error": "No key"},
        messageForksHash={
            "5": {"lists": [{"messages": [said_by("6", "user", "Inner")]}]},
            "2": {"lists": [{"messages": [said_by("5", "assistant", "B")]}, {}]},
            "gone": {"lists": [{"messages": [said_by("7", "user", "Alone")]}]},
        },
    )
    asked = "Q\n\n- [E](https://example.com)"
    assert [one.text for one in shown(row)] == [asked, "A", ""]
    assert shown(row)[2].error == "No key"
    assert sorted(branches(row)) == [
        ["Alone"],
        [asked, "A", ""],
        [asked, "B", "Inner"],
    ]
    assert tally.skipped == {
        Skip.SUMMARY: 1,
        Skip.NOTICE: 1,
        Skip.TOOL: 1,
    }


def deepseek(*fragments: tuple[str, str]) -> dict[str, Any]:
    nodes: dict[str, Any] = {"root": {"id": "root", "parent": None, "message": None}}
    before = "root"
    for number, (kind, content) in enumerate(fragments):
        message = {
            "model": "m",
            "inserted_at": f"2025-01-01T00:00:{number:02}+08:00",
            "fragments": [{"type": kind, "content": content}],
            "files": [{"file_name": "f.txt"}] if kind == "REQUEST" else [],
        }
        nodes[str(number)] = {"parent": before, "children": [], "message": message}
        before = str(number)
    return {
        "id": "d",
        "title": "T",
        "inserted_at": "2025-01-01T00:00:00+08:00",
        "mapping": nodes,
    }


def test_deepseek_is_not_taken_for_chatgpt(tmp_path: Path) -> None:
    data = deepseek(("REQUEST", "Q"), ("RESPONSE", "A"), ("REQUEST", "Q2"))
    data["mapping"]["1"]["message"]["fragments"].insert(
        0, {"type": "THINK", "content": "TH"}
    )
    data["mapping"]["x"] = data["mapping"]["1"] | {
        "message": {
            "fragments": [{"type": "RESPONSE", "content": "B"}],
            "inserted_at": "2020-01-01T00:00:00Z",
        }
    }
    source, (row,), tally = read(save(tmp_path / "conversations.json", [data]))
    assert source == "DeepSeek"
    assert said(row) == [("user", "Q"), ("assistant", "A"), ("user", "Q2")]
    assert branches(row) == [["Q", "B"], ["Q", "A", "Q2"]]
    assert shown(row)[1].reasoning == "TH"
    assert row.created_at == 1_735_660_800_000
    assert tally.skipped == {Skip.ATTACHMENT: 2}


CHATBOT_UI = {
    "id": 1,
    "name": "T",
    "messages": [
        {"role": "user", "content": "Q"},
        {"role": "assistant", "content": "A"},
    ],
    "folderId": None,
}


@pytest.mark.parametrize(
    "value",
    [
        {"version": 4, "history": [CHATBOT_UI], "folders": [], "prompts": [{"id": 1}]},
        {"history": [CHATBOT_UI], "prompts": [{"id": 1}]},
    ],
    ids=["version 4", "older"],
)
def test_chatbot_ui_is_not_taken_for_open_webui(value: object, tmp_path: Path) -> None:
    source, (row,), tally = read(save(tmp_path / "x.json", value))
    assert source == "Chatbot UI"
    assert (row.title, said(row)) == ("T", [("user", "Q"), ("assistant", "A")])
    assert tally.skipped == {Skip.PROMPT: 1}


@pytest.mark.parametrize("program", ["LM Studio", "Jan", "Chatbox"])
def test_questions_keep_words_that_speak_of_thoughts(
    program: str, tmp_path: Path
) -> None:
    text = "<think>x</think> means?"
    if program == "LM Studio":
        row, _ = lm_studio(tmp_path, asked(text))
    elif program == "Jan":
        row, _ = jan(tmp_path, {"role": "user", "content": [part("text", text)]})
    else:
        row, _ = chatbox(tmp_path, {"id": "1", "role": "user", "content": text})
    assert said(row) == [("user", text)]
