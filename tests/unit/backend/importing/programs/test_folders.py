"""Folders and projects of other programs become folders, with their instructions."""

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from backend.importing.records import (
    ImportCounts,
    ImportedConversation,
    ImportedFolder,
    NoteRow,
    Skip,
)
from backend.store.chat.folders import FolderStore
from tests.helpers.import_library import Library, library
from tests.helpers.reading import rows_of, save

__all__ = ["library"]

Found = tuple[list[ImportedFolder], list[ImportedConversation], ImportCounts]


def read(path: Path) -> Found:
    _, rows, tally = rows_of(path)
    folders = [row for row in rows if isinstance(row, ImportedFolder)]
    talks = [row for row in rows if isinstance(row, ImportedConversation)]
    assert tally.entries == tally.folders + tally.conversations + tally.notes
    return folders, talks, tally


def claude(key: str, **data: object) -> dict[str, Any]:
    said = {"uuid": f"m{key}", "sender": "human", "text": "Q"}
    return {"uuid": key, "name": key, "chat_messages": [said]} | data


def chatgpt(key: str, **data: object) -> dict[str, Any]:
    content = {"content_type": "text", "parts": ["Q"]}
    said = {"id": "m", "author": {"role": "user"}, "content": content}
    mapping = {"m": {"id": "m", "parent": None, "message": said}}
    return {"id": key, "title": key, "current_node": "m", "mapping": mapping} | data


def open_webui(key: str, **data: object) -> dict[str, Any]:
    said = {"id": "m", "parentId": None, "role": "user", "content": "Q"}
    chat = {"history": {"messages": {"m": said}, "currentId": "m"}}
    return {"id": key, "title": key, "chat": chat} | data


def cherry() -> dict[str, Any]:
    topics = [{"id": key, "name": key} for key in ("a", "b")]
    assistants = [
        {"id": "default", "name": "Default", "topics": [{"id": "d"}]},
        {"id": "t", "name": "Tea", "prompt": "Be warm.", "topics": topics},
        {"id": "u", "name": "Unused", "prompt": "Be cold.", "topics": []},
    ]
    slices = {"assistants": json.dumps({"assistants": assistants})}
    said = {"id": "m1", "role": "user", "blocks": [], "content": "Q"}
    kept = [{"id": key, "messages": [said]} for key in ("a", "b", "d")]
    return {
        "localStorage": {"persist:cherry-studio": json.dumps(slices)},
        "indexedDB": {"topics": kept, "message_blocks": []},
    }


EXPORTS = {
    "claude": [
        *(claude(key, project={"uuid": "p", "name": "Trip"}) for key in ("a", "b")),
        claude("c"),
    ],
    "chatgpt": [
        *(chatgpt(key, gizmo_id="g-p-67ab89") for key in ("a", "b")),
        chatgpt("c", gizmo_id="g-other"),
    ],
    "open webui": [
        *(open_webui(key, folder_id="f1f2f3") for key in ("a", "b")),
        open_webui("c"),
    ],
    "cherry studio": cherry(),
}
NAMES = {
    "claude": ("Trip", ""),
    "chatgpt": ("ChatGPT project 67ab", ""),
    "open webui": ("Open WebUI folder f1f2", ""),
    "cherry studio": ("Tea", "Be warm."),
}


@pytest.mark.parametrize("program", EXPORTS, ids=str)
def test_what_is_together_there_is_together_here(program: str, tmp_path: Path) -> None:
    folders, talks, tally = read(save(tmp_path / "x.json", EXPORTS[program]))
    (folder,) = folders
    assert (folder.name, folder.instructions) == NAMES[program]
    assert [talk.folder_id for talk in talks] == [folder.id, folder.id, ""]
    assert tally.skipped[Skip.MARK] == (program == "chatgpt")
    assert tally.skipped[Skip.PROMPT] == (program == "cherry studio")


def test_a_project_of_claude_brings_its_instructions_and_its_documents_as_notes(
    tmp_path: Path,
) -> None:
    plan = {"uuid": "d", "filename": "plan.md", "content": "# Plan\n\nGo."}
    docs = [plan, {"uuid": "f", "filename": "map.png", "content": ""}]
    about = {"uuid": "p", "name": "Trip", "prompt_template": "Be brief.", "docs": docs}
    empty = {"uuid": "e", "name": "Empty", "prompt_template": "", "docs": []}
    path = tmp_path / "claude.zip"
    with zipfile.ZipFile(path, "w") as archive:
        talk = claude("a", project={"uuid": "p", "name": "Trip"})
        archive.writestr("conversations.json", json.dumps([talk]))
        archive.writestr("projects.json", json.dumps([about, empty]))
    folders, (row,), tally = read(path)
    found = {folder.name: folder.instructions for folder in folders}
    assert found == {"Trip": "Be brief.", "Empty": ""}
    assert row.folder_id == folders[0].id
    assert tally.names[Skip.ATTACHMENT] == ["map.png"]
    (note,) = (row for row in rows_of(path)[1] if isinstance(row, NoteRow))
    assert (note.title, note.body) == (
        "Trip \u00b7 plan.md",
        "Trip \u00b7 plan.md\n\n# Plan\n\nGo.",
    )
    alone = save(tmp_path / "projects" / "p.json", about)
    assert [folder.name for folder in read(alone)[0]] == ["Trip"]


def test_they_are_taken_back_with_the_import_and_renamed_ones_stay_so(
    library: Library,
) -> None:
    kept = FolderStore(library.database)
    run, report, _ = library.bring_in(EXPORTS["claude"])
    assert (report.new, report.new_folders) == (3, 1)
    (trip,) = kept.all()
    assert (trip.folder.name, trip.count) == ("Trip", 2)
    kept.rename(trip.folder.id, "Journey")
    _, again, _ = library.bring_in(EXPORTS["claude"])
    assert not again.has_added
    assert [one.folder.name for one in kept.all()] == ["Journey"]
    library.revert(run)
    assert library.conversations == []
