"""Claude's exports lose none of the words of a talk uncounted."""

from pathlib import Path
from typing import Any

import pytest

from backend.importing.records import Skip
from tests.helpers.reading import branches, read_one, said

ROOT = "00000000-0000-4000-8000-000000000000"


def message(key: str, sender: str, *content: object, **data: object) -> dict[str, Any]:
    return {"uuid": key, "sender": sender, "content": [*content], "text": ""} | data


def text(words: str, **data: object) -> dict[str, Any]:
    return {"type": "text", "text": words} | data


def tool(name: str, **data: object) -> dict[str, Any]:
    return {"type": "tool_use", "name": name, "input": data}


def talk(*messages: dict[str, Any], **data: object) -> list[dict[str, Any]]:
    begun = {"uuid": "c", "name": "T", "created_at": "2025-01-01T00:00:00Z"}
    return [begun | {"chat_messages": [*messages]} | data]


def minute(number: int) -> str:
    return f"2025-01-01T00:{number:02}:00Z"


def branched(*order: int) -> list[dict[str, Any]]:
    """Return a question asked three times, each with its answer."""
    messages = []
    for number in order:
        question = message(
            f"q{number}",
            "human",
            text(f"Q{number}"),
            parent_message_uuid=ROOT,
            created_at=minute(number * 2),
        )
        answer = message(
            f"a{number}",
            "assistant",
            text(f"A{number}"),
            parent_message_uuid=f"q{number}",
            created_at=minute(number * 2 + 1),
        )
        messages += [question, answer]
    return messages


@pytest.mark.parametrize("order", [(1, 2, 3), (3, 1, 2)], ids=str)
def test_the_branch_that_was_written_last_is_shown(
    order: tuple[int, ...], tmp_path: Path
) -> None:
    row, tally = read_one(tmp_path, talk(*branched(*order)))
    assert said(row) == [("user", "Q3"), ("assistant", "A3")]
    assert branches(row) == [["Q1", "A1"], ["Q2", "A2"], ["Q3", "A3"]]
    assert not tally.skipped


def test_a_leaf_that_is_told_wins(tmp_path: Path) -> None:
    data = talk(*branched(1, 2), current_leaf_message_uuid="a1")
    row, _ = read_one(tmp_path, data)
    assert said(row) == [("user", "Q1"), ("assistant", "A1")]


def test_older_exports_without_parents_are_taken_in_order(tmp_path: Path) -> None:
    messages = [
        {k: v for k, v in one.items() if k != "parent_message_uuid"}
        for one in branched(1, 2)
    ]
    row, _ = read_one(tmp_path, talk(*messages))
    assert [words for _, words in said(row)] == ["Q1", "A1", "Q2", "A2"]


def artifact(command: str, **data: object) -> dict[str, Any]:
    return tool("artifacts", command=command, id="a", **data)


def test_a_document_is_kept_as_it_was_at_last_under_its_title(tmp_path: Path) -> None:
    row, tally = read_one(
        tmp_path,
        talk(
            message("q", "human", text("Write.")),
            message(
                "a",
                "assistant",
                text("Here."),
                artifact("create", title="Song", content="la la"),
            ),
            message("r", "human", text("Better.")),
            message("b", "assistant", artifact("update", old_str="la", new_str="lo")),
        ),
    )
    texts = [words for _, words in said(row)]
    assert texts[1].startswith("Here.\n\n*Song: an earlier version")
    assert texts[3] == "**Song**\n\n```\nlo la\n```"
    assert tally.skipped == {Skip.VERSION: 1}


def test_every_branch_has_its_own_state_of_a_document(tmp_path: Path) -> None:
    def after(parent: str, key: str, new: str) -> dict[str, Any]:
        changed = artifact("update", old_str="la", new_str=new)
        return message(key, "assistant", changed, parent_message_uuid=parent)

    made = artifact("create", title="Song", content="la")
    first = message("a", "assistant", made, parent_message_uuid=ROOT)
    row, tally = read_one(
        tmp_path,
        talk(
            first,
            after("a", "b", "lo"),
            after("a", "c", "li"),
            current_leaf_message_uuid="b",
        ),
    )
    ends = sorted(texts[-1] for texts in branches(row))
    assert ends == [f"**Song**\n\n```\n{state}\n```" for state in ("li", "lo")]
    assert tally.skipped == {Skip.VERSION: 2}


def test_a_document_written_anew_or_without_a_title_is_kept(tmp_path: Path) -> None:
    made = (artifact("create", content="X"), artifact("rewrite", content="Y"))
    row, tally = read_one(tmp_path, talk(message("a", "assistant", *made)))
    assert said(row) == [("assistant", "**a**\n\n```\nY\n```")]
    assert tally.skipped == {Skip.VERSION: 1}


def test_files_that_were_written_are_kept(tmp_path: Path) -> None:
    row, _ = read_one(
        tmp_path,
        talk(
            message(
                "a",
                "assistant",
                tool("create_file", path="/out/x.py", file_text="print(1)\n"),
                tool("str_replace", path="/out/x.py", old_str="1", new_str="2"),
                tool("str_replace", path="/none.txt", old_str="?", new_str="lost X"),
            )
        ),
    )
    shown = row.messages[0].text
    assert "**/out/x.py**\n\n```py\nprint(2)\n```" in shown
    assert "lost X" in shown


def test_other_tools_and_their_results_are_kept_like_thoughts(tmp_path: Path) -> None:
    result = {"type": "tool_result", "name": "web_search", "content": [text("Found.")]}
    odd = {"type": "tool_result", "name": "web_search", "content": [{"a": 1}]}
    row, tally = read_one(
        tmp_path,
        talk(
            message(
                "a",
                "assistant",
                {"type": "thinking", "thinking": "Hm."},
                tool("web_search", q="x"),
                result,
                odd,
                text("A."),
            )
        ),
    )
    assert said(row) == [("assistant", "A.")]
    assert row.messages[0].reasoning == (
        'Hm.\n\n**web_search**\n\n```json\n{\n "q": "x"\n}\n```\n\n'
        "**web_search: result**\n\n```\nFound.\n```\n\n"
        '**web_search: result**\n\n```json\n[\n {\n  "a": 1\n }\n]\n```'
    )
    assert not tally.skipped


@pytest.mark.parametrize("content", [[], "x" * 60_000], ids=["empty", "long"])
def test_what_cannot_be_kept_of_a_tool_is_counted_by_name(
    content: object, tmp_path: Path
) -> None:
    result = {"type": "tool_result", "name": "web_search", "content": content}
    row, tally = read_one(
        tmp_path,
        talk(message("a", "assistant", tool("web_search"), result, text("A."))),
    )
    assert said(row) == [("assistant", "A.")]
    assert tally.skipped == {Skip.TOOL: 2}
    assert tally.names[Skip.TOOL] == ["web_search"]


JOINED: dict[str, tuple[list[str], str]] = {
    "inside a sentence": (
        ["The price", "is 5", " euros."],
        "The price is 5 euros.",
    ),
    "with its own spaces": (
        ["The price ", "is 5", ", I think."],
        "The price is 5, I think.",
    ),
    "two sentences": (["Yes.", "No."], "Yes.\n\nNo."),
    "a list": (["See", "- one"], "See\n\n- one"),
    "code": (["```\nx\n```", "then"], "```\nx\n```\n\nthen"),
    "Chinese": (["价格是", "五欧元。"], "价格是五欧元。"),
    "empty ones": (["", "A", "", "b"], "A b"),
}


@pytest.mark.parametrize("case", JOINED)
def test_blocks_of_one_answer_are_joined_as_they_were_written(
    case: str, tmp_path: Path
) -> None:
    pieces, expected = JOINED[case]
    row, _ = read_one(tmp_path, talk(message("a", "assistant", *map(text, pieces))))
    assert said(row) == [("assistant", expected)]


def test_sources_become_links(tmp_path: Path) -> None:
    cited = [{"details": {"url": "https://example.com/a b", "title": "A [b]"}}] * 2
    row, _ = read_one(
        tmp_path,
        talk(
            message("a", "assistant", text("It is so. ", citations=cited), text("Yes"))
        ),
    )
    assert said(row)[0][1] == "It is so. ([A b](https://example.com/a%20b)) Yes"


def test_pasted_texts_are_kept_and_other_attachments_counted(tmp_path: Path) -> None:
    pasted = [{"file_name": "", "extracted_content": "long X"}]
    lost = [{"file_name": "scan.pdf", "extracted_content": ""}]
    row, tally = read_one(
        tmp_path,
        talk(
            message(
                "q", "human", attachments=pasted + lost, files=[{"file_name": "p.jpg"}]
            ),
            message("a", "assistant", text("A.")),
        ),
    )
    assert said(row)[0] == ("user", "long X")
    assert tally.names[Skip.ATTACHMENT] == ["p.jpg", "scan.pdf"]
