"""Every source is recognised, and says the same as in its own program."""

import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from backend.errors import InvalidInputError
from backend.importing.records import ImportedConversation, Skip
from tests.helpers import export_samples
from tests.helpers.reading import branches, read, save, shown

Written = tuple[str, str, str, str]


def said(row: ImportedConversation) -> list[Written]:
    return [(m.role, m.text, m.reasoning, m.model) for m in shown(row)]


def save_jan(folder: Path) -> Path:
    save(folder / "thread.json", export_samples.JAN_THREAD)
    lines = "".join(json.dumps(m) + "\n" for m in export_samples.JAN_MESSAGES)
    (folder / "messages.jsonl").write_text(lines, "utf-8")
    return folder


STARS: list[Written] = [
    ("user", "What are stars?", "", ""),
    ("assistant", "```python\nprint(1)\n```\n\nSuns.", "", "gpt-4o"),
    ("user", "Thank you.", "", ""),
]
SOURCES: dict[str, tuple[Callable[[Path], Path], str, list[Written], int]] = {
    "Claude": (
        lambda d: save(d / "conversations.json", [export_samples.claude()]),
        "Bread",
        [
            ("user", "How do I bake?\n\nrecipe.txt\n\n500 g flour", "", ""),
            ("assistant", "Slowly.", "Bread takes time.", ""),
        ],
        1_714_557_601_000,
    ),
    "Open WebUI": (
        lambda d: save(d / "chat-export.json", [export_samples.open_webui()]),
        "Weather",
        [("user", "Weather?", "", ""), ("assistant", "Rain.", "Rain?", "llama3:8b")],
        export_samples.BEGAN * 1000,
    ),
    "LM Studio": (
        lambda d: save(d / "1.conversation.json", export_samples.lm_studio()),
        "Ready",
        [("user", "Ready?", "", ""), ("assistant", "Yes.", "Hm.", "qwen3-4b")],
        export_samples.BEGAN * 1000,
    ),
    "Jan": (
        lambda d: save_jan(d / "threads" / "jan-1"),
        "Cats",
        [("user", "Purr?", "", ""), ("assistant", "Purr.", "Cats.", "mistral-7b")],
        export_samples.BEGAN * 1000,
    ),
}


@pytest.mark.parametrize("source", SOURCES)
def test_a_conversation_reads_as_it_did_there(source: str, tmp_path: Path) -> None:
    write, title, expected, at = SOURCES[source]
    recognised, (row,), _ = read(write(tmp_path))
    assert recognised == source
    assert row.title == title
    assert said(row) == expected
    asked, answer = shown(row)
    assert abs(asked.created_at - at) <= 1
    assert answer.reply_to == asked.id
    ids = [row.id, *(message.id for message in row.messages)]
    assert ids == sorted(ids)
    assert row.latest == ids[-1]


def test_chatgpt_keeps_all_branches_and_shows_the_same(tmp_path: Path) -> None:
    path = save(tmp_path / "conversations.json", [export_samples.chatgpt()])
    source, (row,), tally = read(path)
    assert source == "ChatGPT"
    assert [(m.role, m.text) for m in shown(row)] == [s[:2] for s in STARS]
    assert branches(row)[1:] == [["What are the planets?", "Wanderers."]]
    assert tally.skipped == {Skip.INSTRUCTIONS: 1}
    assert row.messages[0].created_at == (export_samples.BEGAN + 1001) * 1000 + 250


def test_what_was_thought_before_a_tool_was_asked_stays_with_the_answer(
    tmp_path: Path,
) -> None:
    path = save(tmp_path / "conversations.json", [export_samples.chatgpt()])
    _, (row,), _ = read(path)
    assert row.messages[1].reasoning == "Big balls of gas."


def test_chatbox_gives_its_threads_as_conversations_of_their_own(
    tmp_path: Path,
) -> None:
    source, rows, tally = read(save(tmp_path / "box.json", export_samples.chatbox()))
    assert source == "Chatbox"
    assert [(row.title, said(row)) for row in rows] == [
        ("Before", [("user", "Old?", "", "")]),
        ("Tea", [("user", "Tea?", "", ""), ("assistant", "Green.", "Hot.", "gpt-4")]),
    ]
    assert tally.skipped == {Skip.INSTRUCTIONS: 1, Skip.ATTACHMENT: 1}


def test_a_zip_is_read_as_it_was_downloaded(tmp_path: Path) -> None:
    path = tmp_path / "export.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for number in (0, 1):
            name = f"data/conversations-{number:03}.json"
            archive.writestr(name, json.dumps([export_samples.chatgpt(number)]))
        archive.writestr("data/user.json", "{}")
        archive.writestr("__MACOSX/data/._conversations-000.json", "junk")
    source, rows, _ = read(path)
    assert (source, len(rows)) == ("ChatGPT", 2)


def test_a_folder_of_threads_gives_them_all(tmp_path: Path) -> None:
    for number in (1, 2):
        folder = save_jan(tmp_path / "threads" / f"t{number}")
        save(folder / "thread.json", export_samples.JAN_THREAD | {"id": f"t{number}"})
    _, rows, _ = read(tmp_path / "threads")
    assert len(rows) == 2
    _, (row,), _ = read(tmp_path / "threads" / "t1" / "messages.jsonl")
    assert row.id == rows[0].id


@pytest.mark.parametrize("source", SOURCES)
def test_ids_are_the_same_at_every_reading(source: str, tmp_path: Path) -> None:
    path = SOURCES[source][0](tmp_path)
    assert read(path)[1] == read(path)[1]


def test_a_later_export_gives_what_was_there_the_same_ids(tmp_path: Path) -> None:
    later = export_samples.claude()
    earlier = later | {"chat_messages": later["chat_messages"][:1]}
    _, (before,), _ = read(save(tmp_path / "a.json", [earlier]))
    _, (after,), _ = read(save(tmp_path / "b.json", [later]))
    assert after.id == before.id
    assert after.messages[0] == before.messages[0]


def test_messages_keep_their_order_when_their_times_do_not(tmp_path: Path) -> None:
    data = export_samples.claude()
    data["chat_messages"][1]["created_at"] = "2020-01-01T00:00:00Z"
    data["chat_messages"].append(data["chat_messages"][0] | {"created_at": None})
    _, (row,), _ = read(save(tmp_path / "a.json", [data]))
    ids = [message.id for message in row.messages]
    assert ids == sorted(set(ids))
    assert len(ids) == 3


def test_what_has_no_date_counts_as_said_now_under_the_same_ids(
    tmp_path: Path,
) -> None:
    data = export_samples.lm_studio() | {"createdAt": None}
    data["messages"] = data["messages"][:1]
    path = save(tmp_path / "a.conversation.json", data)
    _, (first,), _ = read(path)
    _, (second,), _ = read(path)
    assert [first.id, first.messages[0].id] == [second.id, second.messages[0].id]
    assert first.created_at > export_samples.BEGAN * 1000


@pytest.mark.parametrize("value", [[], {}, [1, 2], {"a": 1}, [{"b": 2}]], ids=str)
def test_what_no_program_exports_is_said_to_be_unknown(
    value: object, tmp_path: Path
) -> None:
    with pytest.raises(InvalidInputError, match="Hearth does not recognise this file"):
        read(save(tmp_path / "x.json", value))
