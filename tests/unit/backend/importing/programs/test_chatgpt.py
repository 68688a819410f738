"""ChatGPT's exports lose none of the words of a talk uncounted."""

import json
from pathlib import Path
from typing import Any

import pytest

from backend.importing.records import Skip
from tests.helpers.export_samples import BEGAN
from tests.helpers.reading import branches, read_one, said


def message(role: str, *parts: object, **data: object) -> dict[str, Any]:
    return {
        "author": {"role": role},
        "content": {"content_type": "text", "parts": [*parts]},
        "recipient": "all",
        "metadata": {},
    } | data


def node(
    parent: str | None, at: float | None, data: dict[str, Any] | None
) -> dict[str, Any]:
    when = {} if data is None else {"create_time": at and BEGAN + at}
    return {"parent": parent, "children": [], "message": data and data | when}


def talk(*messages: dict[str, Any], **data: object) -> dict[str, Any]:
    """Return a conversation of messages in a row."""
    nodes = {"m0": node(None, None, None)}
    for number, one in enumerate(messages, start=1):
        nodes[f"m{number}"] = node(f"m{number - 1}", number, one)
    last = f"m{len(messages)}"
    return {
        "id": "c",
        "title": "T",
        "create_time": BEGAN,
        "mapping": nodes,
        "current_node": last,
    } | data


QUESTION = message("user", "Q?")
ANSWER = message("assistant", "A.")
CALL = "canmore.create_textdoc"


def canvas(kind: str, **data: object) -> dict[str, Any]:
    return message("assistant", json.dumps(data), recipient=f"canmore.{kind}")


def answers(path: Path, *messages: dict[str, Any]) -> list[str]:
    row, _ = read_one(path, [talk(QUESTION, *messages)])
    return [one.text for one in row.messages if one.role == "assistant"]


def test_a_canvas_is_kept_as_it_was_at_last(tmp_path: Path) -> None:
    found = answers(
        tmp_path,
        canvas("create_textdoc", name="Plan", type="document", content="one two"),
        message("tool", "Created."),
        ANSWER,
        message("user", "Change it."),
        canvas(
            "update_textdoc",
            updates=[{"pattern": "two", "multiple": False, "replacement": "three"}],
        ),
        message("assistant", "Done."),
    )
    assert "A." in found[0]
    assert "**Plan**\n\n```markdown\none three\n```\n\nDone." in found[1]
    assert "one two" not in "".join(found)


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [(".*", "NEW"), (r"a\.b\(c\)", "x NEW y"), ("(a+)+$", "NEW"), ("", "NEW")],
    ids=["all", "escaped", "expression", "none"],
)
def test_a_change_of_a_canvas_is_never_lost(
    pattern: str, expected: str, tmp_path: Path
) -> None:
    found = answers(
        tmp_path,
        canvas("create_textdoc", name="n", type="code/python", content="x a.b(c) y"),
        canvas("update_textdoc", updates=[{"pattern": pattern, "replacement": "NEW"}]),
        ANSWER,
    )
    assert expected in found[0]


def test_a_canvas_without_an_answer_after_it_is_kept(tmp_path: Path) -> None:
    doc = canvas("create_textdoc", name="n", type="document", content="X ``` Y")
    (text,) = answers(tmp_path, doc)
    assert "````markdown\nX ``` Y\n````" in text


def test_a_canvas_that_is_no_json_is_kept_as_it_stands(tmp_path: Path) -> None:
    (text,) = answers(tmp_path, message("assistant", "{oops X", recipient=CALL), ANSWER)
    assert "{oops X" in text


def test_code_that_ran_and_its_output_stay_with_the_answer(tmp_path: Path) -> None:
    code = {"content_type": "code", "language": "unknown", "text": "print(6 * 7)"}
    output = {"content_type": "execution_output", "text": "42"}
    row, tally = read_one(
        tmp_path,
        [
            talk(
                QUESTION,
                message("assistant", content=code, recipient="python"),
                message("tool", content=output),
                ANSWER,
            )
        ],
    )
    expected = "```python\nprint(6 * 7)\n```\n\n**Output**\n\n```text\n42\n```\n\nA."
    assert said(row) == [("user", "Q?"), ("assistant", expected)]
    assert (tally.found, tally.messages, tally.joined) == (4, 2, 2)
    assert not tally.skipped


def test_a_call_of_another_tool_is_counted(tmp_path: Path) -> None:
    call = message("assistant", "search(x)", recipient="browser")
    row, tally = read_one(tmp_path, [talk(QUESTION, call, ANSWER)])
    assert said(row)[1] == ("assistant", "A.")
    assert tally.skipped == {Skip.INSTRUCTIONS: 1}


@pytest.mark.parametrize("leaf", [None, "gone", ""])
def test_without_a_shown_leaf_the_newest_branch_is_taken(
    leaf: str | None, tmp_path: Path
) -> None:
    nodes = {
        "q": node(None, 1, QUESTION),
        "new": node("q", 9, message("assistant", "New.")),
        "old": node("q", 2, message("assistant", "Old.")),
    }
    data = talk() | {"mapping": nodes, "current_node": leaf}
    row, tally = read_one(tmp_path, [data])
    assert said(row) == [("user", "Q?"), ("assistant", "New.")]
    assert branches(row) == [["Q?", "Old."], ["Q?", "New."]]
    assert not tally.skipped


def test_what_was_stopped_and_asked_anew_branches_where_it_did(tmp_path: Path) -> None:
    code = message("assistant", "1 + 1", recipient="python")
    hidden = message("user", "x", weight=0)
    nodes = {
        "q": node(None, 1, QUESTION),
        "code": node("q", 2, code),
        "hidden": node("code", 3, hidden),
        "q2": node("hidden", 4, message("user", "Well?")),
        "q3": node("code", 5, message("user", "So?")),
        "a": node("hidden", 6, ANSWER),
    }
    data = talk() | {"mapping": nodes, "current_node": "q2"}
    row, tally = read_one(tmp_path, [data])
    ran = "```python\n1 + 1\n```"
    assert branches(row) == [["Q?", ran, "Well?"], ["Q?", ran, "So?"], ["Q?", "A."]]
    assert tally.found == tally.messages + tally.skipped[Skip.HIDDEN] == 6


def test_messages_without_weight_or_hidden_are_counted(tmp_path: Path) -> None:
    hidden = {"is_visually_hidden_from_conversation": True}
    row, tally = read_one(
        tmp_path,
        [
            talk(
                message("user", "no weight", weight=0),
                message("user", "hidden", metadata=hidden),
                message("user", "Q?", weight=1.0),
            )
        ],
    )
    assert said(row) == [("user", "Q?")]
    assert tally.skipped == {Skip.HIDDEN: 2}


CITE = "\ue200cite\ue202turn0search1\ue201"
REFERENCE = {
    "matched_text": CITE,
    "type": "grouped_webpages",
    "items": [{"title": "The Sun", "url": "https://example.com/sun"}],
}
MARKED: dict[str, tuple[str, dict[str, Any], str]] = {
    "its link": (
        f"A {CITE}.",
        {"content_references": [REFERENCE]},
        "A ([The Sun](https://example.com/sun)).",
    ),
    "unknown": (f"A {CITE}.", {}, "A."),
    "an entity": (
        'By \ue200entity\ue202["people","Marie Curie","physicist"]\ue201.',
        {},
        "By Marie Curie.",
    ),
    "a half mark": ("A \ue200cite", {}, "A cite"),
    "an older mark": ("A【4†source】.", {}, "A."),
    "a file": ("A 【4:0†report.pdf】.", {}, "A (report.pdf)."),
    "an older mark with its link": (
        "A【4†source】.",
        {
            "citations": [
                {
                    "start_ix": 1,
                    "end_ix": 11,
                    "metadata": {"title": "S", "url": "https://example.com"},
                }
            ]
        },
        "A([S](https://example.com)).",
    ),
    "in code": ("```\n【4†source】\n```", {}, "```\n【4†source】\n```"),
    "a letter": (
        ':::writing{variant="email" id="1" subject="Hello there"}\nDear X\n:::\nEnd',
        {},
        "### Hello there\n\nDear X\n\nEnd",
    ),
}


@pytest.mark.parametrize("case", MARKED)
def test_marks_become_links_or_go(case: str, tmp_path: Path) -> None:
    text, metadata, expected = MARKED[case]
    assert answers(tmp_path, message("assistant", text, metadata=metadata)) == [
        expected
    ]


def test_a_question_keeps_letters_that_look_like_marks(tmp_path: Path) -> None:
    text = "Why 【4†source】 and :::writing{id=1}?"
    row, _ = read_one(tmp_path, [talk(message("user", text))])
    assert row.messages[0].text == text


def test_thoughts_without_an_answer_are_kept(tmp_path: Path) -> None:
    thought = {"content_type": "thoughts", "thoughts": [{"content": "Hm X."}]}
    row, tally = read_one(
        tmp_path,
        [
            talk(
                QUESTION,
                message("assistant", content=thought),
                message("user", "Go on"),
                message("assistant", content=thought),
            )
        ],
    )
    assert [m.reasoning for m in row.messages] == ["", "Hm X.", "", "Hm X."]
    assert row.messages[1].state == "interrupted"
    assert tally.found == tally.messages == 4


def test_attachments_are_counted_by_name(tmp_path: Path) -> None:
    image = {
        "content_type": "image_asset_pointer",
        "asset_pointer": "sediment://file_1",
    }
    video = {"content_type": "real_time_user_audio_video_asset_pointer"}
    metadata = {
        "attachments": [
            {"id": "file_1", "name": "sun.png"},
            {"id": "file_2", "name": "report.pdf"},
        ]
    }
    row, tally = read_one(
        tmp_path, [talk(message("user", image, video, metadata=metadata), ANSWER)]
    )
    assert tally.skipped == {Skip.ATTACHMENT: 3}
    assert tally.names[Skip.ATTACHMENT] == ["sun.png", "report.pdf"]
    assert row.messages[0].role == "user"
    assert "sun.png, report.pdf" in row.messages[0].text
    assert row.messages[1].reply_to == row.messages[0].id


def test_a_part_that_is_json_itself_is_shown_as_what_it_holds(tmp_path: Path) -> None:
    part = json.dumps({"type": "code/python", "content": "print('X')"})
    plain = '{"just": "json"}'
    found = answers(tmp_path, message("assistant", part), message("assistant", plain))
    assert found == ["```python\nprint('X')\n```", plain]


@pytest.mark.parametrize("mark", ["is_starred", "pinned_time"])
def test_what_is_archived_or_has_a_star_stays_so(mark: str, tmp_path: Path) -> None:
    kept, _ = read_one(tmp_path, [talk(QUESTION, is_archived=True, is_starred=False)])
    assert (bool(kept.archived_at), kept.pinned_at) == (True, 0)
    kept, _ = read_one(tmp_path, [talk(QUESTION, **{mark: 1_735_689_600.5})])
    assert (kept.archived_at, bool(kept.pinned_at)) == (0, True)


def test_marks_of_a_conversation_are_counted(tmp_path: Path) -> None:
    data = talk(QUESTION, is_archived=True, gizmo_id="g-1")
    _, tally = read_one(tmp_path, [data])
    assert tally.skipped == {Skip.MARK: 1}
