"""Exports of Hearth, also of a newer one and such as are made by hand."""

from pathlib import Path
from typing import Any

import pytest

from backend.errors import InvalidInputError
from backend.importing.records import (
    ImportedAction,
    ImportedConversation,
    NoteRow,
    Skip,
)
from tests.helpers.reading import rows_of, save

ID = "018bcfe5-7000-7000-8000-00000000000"
AT = 1_700_000_004_864
NOTE = {"id": f"{ID}1", "created_at": AT, "updated_at": AT, "title": "M", "body": "B"}
MESSAGE = {
    "id": f"{ID}3",
    "created_at": AT,
    "updated_at": AT,
    "role": "user",
    "text": "Q",
    "state": "complete",
}
CONVERSATION = {
    "id": f"{ID}2",
    "created_at": AT,
    "updated_at": AT,
    "title": "T",
    "title_source": "user",
    "latest": f"{ID}3",
    "messages": [MESSAGE],
}
ACTION = {"id": f"{ID}4", "created_at": AT, "updated_at": AT, "name": "Shorten"}


def export(**data: object) -> dict[str, Any]:
    return {"format": "hearth-export", "version": 1, "exported_at": AT} | data


def test_fields_of_a_newer_hearth_are_counted_and_cost_nothing(tmp_path: Path) -> None:
    value = export(
        shelves=["a"],
        device="x",
        conversations=[
            CONVERSATION
            | {"pinned": True, "messages": [MESSAGE | {"images": [], "liked": 1}]}
        ],
        notes=[NOTE | {"pinned": False}],
        actions=[ACTION | {"color": "red"}],
    )
    source, rows, tally = rows_of(save(tmp_path / "x.json", value))
    assert source == "Hearth"
    assert [type(row) for row in rows] == [
        ImportedConversation,
        NoteRow,
        ImportedAction,
    ]
    assert tally.messages == 1
    assert tally.skipped == {Skip.UNKNOWN: 7}
    expected = {"shelves", "device", "pinned", "images", "liked", "color"}
    assert set(tally.names[Skip.UNKNOWN]) == expected


def test_a_state_of_a_newer_hearth_costs_no_message(tmp_path: Path) -> None:
    newer = CONVERSATION | {"messages": [MESSAGE | {"state": "paused"}]}
    _, (row,), tally = rows_of(save(tmp_path / "x.json", export(conversations=[newer])))
    assert isinstance(row, ImportedConversation)
    assert [m.state for m in row.messages] == ["complete"]
    assert tally.names[Skip.UNKNOWN] == ["state: paused"]


def test_what_a_file_made_by_hand_leaves_out_has_a_default(tmp_path: Path) -> None:
    value = export(
        conversations=[
            {
                "id": f"{ID}2",
                "title": "T",
                "messages": [{"id": f"{ID}3", "role": "user", "text": "Q"}],
            }
        ],
        notes=[{"id": f"{ID}1", "body": "B"}],
    )
    _, (talk, note), tally = rows_of(save(tmp_path / "x.json", value))
    assert isinstance(talk, ImportedConversation)
    assert (talk.title_source, talk.latest) == ("user", f"{ID}3")
    assert talk.created_at == note.updated_at == int(f"{ID}1".replace("-", "")[:12], 16)
    assert not tally.skipped


@pytest.mark.parametrize("version", [2, 99, "2", None, 1.5], ids=str)
def test_a_newer_version_says_what_to_do(version: object, tmp_path: Path) -> None:
    value = export(notes=[NOTE]) | {"version": version}
    with pytest.raises(InvalidInputError, match="Update Hearth, then import it again"):
        rows_of(save(tmp_path / "x.json", value))


@pytest.mark.parametrize(
    "broken",
    [{"id": "x"}, {"created_at": "soon"}, {"body": None}, {"id": "f" + ID[1:] + "1"}],
    ids=["id", "time", "body", "a time to come"],
)
def test_a_row_that_cannot_be_is_counted(
    broken: dict[str, Any], tmp_path: Path
) -> None:
    value = export(notes=[NOTE | broken, NOTE | {"id": f"{ID}9"}])
    _, rows, tally = rows_of(save(tmp_path / "x.json", value))
    assert len(rows) == 1
    assert tally.skipped == {Skip.UNREADABLE: 1}
    assert tally.entries == 2
