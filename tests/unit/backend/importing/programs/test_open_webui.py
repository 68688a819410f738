"""Open WebUI's exports lose none of the words of a talk uncounted."""

from pathlib import Path
from typing import Any

import pytest

from backend.importing.records import Skip
from tests.helpers.export_samples import BEGAN
from tests.helpers.reading import branches, read_one, said


def message(key: str, parent: str | None, **data: object) -> dict[str, Any]:
    place = int(key, 36)
    base: dict[str, Any] = {
        "id": key,
        "parentId": parent,
        "childrenIds": [],
        "role": "assistant",
    }
    return base | {"content": f"text {key}", "timestamp": BEGAN + place} | data


def question(key: str = "1", **data: object) -> dict[str, Any]:
    return message(key, None, role="user") | data


def chat(*messages: dict[str, Any], leaf: object, **data: object) -> Any:  # noqa: ANN401 JSON
    known = {one["id"]: one for one in messages}
    history = {"messages": known, "currentId": leaf}
    base = {"id": "c", "title": "T", "created_at": BEGAN}
    return [base | {"chat": {"history": history, "messages": []}} | data]


def answer(path: Path, **data: object) -> tuple[str, str]:
    row, _ = read_one(path, chat(question(), message("2", "1", **data), leaf="2"))
    return row.messages[1].text, row.messages[1].reasoning


@pytest.mark.parametrize("leaf", ["gone", None, 7])
def test_a_leaf_that_is_gone_costs_no_chat(leaf: object, tmp_path: Path) -> None:
    data = chat(question(), message("3", "1"), message("2", "1"), leaf=leaf)
    row, tally = read_one(tmp_path, data)
    assert said(row) == [("user", "text 1"), ("assistant", "text 3")]
    assert branches(row) == [["text 1", "text 2"], ["text 1", "text 3"]]
    assert not tally.skipped


def test_an_answer_told_in_steps_is_read(tmp_path: Path) -> None:
    output = [
        {"type": "reasoning", "summary": [{"type": "summary_text", "text": "Hm."}]},
        {"type": "function_call", "name": "search", "arguments": '{"q": 1}'},
        {"type": "function_call_output", "output": [{"text": "Found."}]},
        {"type": "image_generation_call", "name": "draw", "result": "aGk="},
        {"type": "message", "content": [{"type": "output_text", "text": "X"}]},
    ]
    data = chat(question(), message("2", "1", content="", output=output), leaf="2")
    row, tally = read_one(tmp_path, data)
    assert row.messages[1].text == "X"
    assert row.messages[1].reasoning == (
        'Hm.\n\n**search**\n\n```json\n{"q": 1}\n```\n\n**Result**\n\n```\nFound.\n```'
    )
    assert tally.skipped == {Skip.TOOL: 1}
    assert tally.names[Skip.TOOL] == ["draw"]


def test_models_asked_side_by_side_are_versions_of_the_answer(tmp_path: Path) -> None:
    data = chat(
        question(),
        message("2", "1", modelIdx=0, model="a"),
        message("3", "1", modelIdx=1, model="b"),
        leaf="2",
    )
    row, _ = read_one(tmp_path, data)
    asked, *answers = row.messages
    assert [(one.parent, one.model) for one in answers] == [
        (asked.id, "a"),
        (asked.id, "b"),
    ]
    assert row.shown_leaf == answers[0].id


def details(kind: str, inner: str, **text: str) -> str:
    attributes = "".join(f' {name}="{value}"' for name, value in text.items())
    return f'<details type="{kind}" done="true"{attributes}>\n{inner}\n</details>\n'


def test_reasoning_comes_out_with_its_letters(tmp_path: Path) -> None:
    inner = "<summary>Thought</summary>\n&gt; a &lt; b &amp;&amp; &quot;c&quot;"
    text, reasoning = answer(tmp_path, content=details("reasoning", inner) + "Yes.")
    assert (text, reasoning) == ("Yes.", 'a < b && "c"')


def test_tools_and_code_of_an_answer_are_no_html(tmp_path: Path) -> None:
    asked = {"name": "web", "arguments": "{&quot;q&quot;: 1}", "result": "&lt;b&gt;"}
    call = details("tool_calls", "<summary>x</summary>", id="1", **asked)
    lost = details("tool_calls", "<summary>x</summary>", id="2", name="lost")
    code = details(
        "code_interpreter", "```python\nx &lt; 1\n```", output="&quot;2&quot;"
    )
    text = chat(
        question(), message("2", "1", content=f"{call}{lost}A\n\n{code}B"), leaf="2"
    )
    row, tally = read_one(tmp_path, text)
    assert row.messages[1].text == (
        'A\n\n```python\nx < 1\n```\n\n**Output**\n\n```text\n"2"\n```\n\nB'
    )
    assert row.messages[1].reasoning == (
        '**web**\n\n```json\n{"q": 1}\n```\n\n**web: result**\n\n```\n<b>\n```'
    )
    assert tally.names[Skip.TOOL] == ["lost"]


@pytest.mark.parametrize(
    "text",
    [
        "Use:\n```\n<think>a</think>\n```\nend",
        'Use:\n```html\n<details type="reasoning" done="true">a</details>\n```',
        "It writes `<think>a</think>` first.",
        'Write <details type="reasoning">a</details> there.',
        "So: <think>a</think> is a tag.",
    ],
)
def test_words_that_only_speak_of_thoughts_stay(text: str, tmp_path: Path) -> None:
    assert answer(tmp_path, content=text) == (text, "")
    row, _ = read_one(tmp_path, chat(question(content=text), leaf="1"))
    assert row.messages[0].text == text


def test_a_question_that_begins_with_a_thought_is_left_alone(tmp_path: Path) -> None:
    text = "<think>x</think> what is that?"
    row, _ = read_one(tmp_path, chat(question(content=text), leaf="1"))
    assert (row.messages[0].text, row.messages[0].reasoning) == (text, "")


def test_an_answer_that_failed_says_so(tmp_path: Path) -> None:
    failed = message("2", "1", content="", error={"content": "Model not found"})
    row, _ = read_one(tmp_path, chat(question(), failed, leaf="2"))
    assert (row.messages[1].state, row.messages[1].error) == (
        "failed",
        "Model not found",
    )


def test_an_answer_still_being_written_is_told_as_cut_off(tmp_path: Path) -> None:
    half = message("2", "1", done=False)
    row, _ = read_one(tmp_path, chat(question(), half, leaf="2"))
    assert row.messages[1].state == "interrupted"


def test_files_images_and_marks_are_counted(tmp_path: Path) -> None:
    parts = [{"type": "text", "text": "Q"}, {"type": "image_url", "image_url": {}}]
    files = [{"type": "file", "name": "a.pdf"}, {"file": {"filename": "b.csv"}}]
    data = chat(
        question(content=parts, files=files),
        leaf="1",
        pinned=True,
        archived=False,
        folder_id="f",
        meta={"tags": ["x"]},
    )
    row, tally = read_one(tmp_path, data)
    assert row.messages[0].text == "Q"
    assert (bool(row.pinned_at), row.archived_at) == (True, 0)
    assert tally.skipped == {Skip.ATTACHMENT: 3, Skip.MARK: 1}
    assert tally.names[Skip.ATTACHMENT] == ["a.pdf", "b.csv"]


def test_the_inner_object_of_one_chat_is_enough(tmp_path: Path) -> None:
    (whole,) = chat(question(), message("2", "1"), leaf="2")
    row, _ = read_one(tmp_path, whole["chat"] | {"title": "Inner"})
    assert (row.title, len(row.messages)) == ("Inner", 2)
