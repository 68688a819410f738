"""Every file of a folder or an archive is read by its own kind, or counted."""

import io
import json
import os
import zipfile
from pathlib import Path
from typing import Any

import pytest

from backend.errors import InvalidInputError
from backend.importing import archives, bundles
from backend.importing.bundles import open_bundle
from backend.importing.limits import MAX_DEPTH
from backend.importing.records import Skip
from tests.helpers import export_samples
from tests.helpers.reading import read, save


def chats(*numbers: int) -> list[dict[str, Any]]:
    return [export_samples.chatgpt(number, f"Talk {number}") for number in numbers]


def titles(path: Path) -> list[str]:
    return sorted(row.title for row in read(path)[1])


def zipped(files: dict[str, bytes], how: int = zipfile.ZIP_STORED) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", how) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return file.getvalue()


def dumped(value: object) -> bytes:
    return json.dumps(value).encode()


def test_a_folder_of_single_chats_gives_them_all(tmp_path: Path) -> None:
    for number in (1, 2):
        save(
            tmp_path / f"chat-{number}.json",
            export_samples.chatgpt(number, f"Talk {number}"),
        )
    save(tmp_path / "chat-export-3.json", [export_samples.open_webui()])
    source, rows, tally = read(tmp_path)
    assert sorted(row.title for row in rows) == ["Talk 1", "Talk 2", "Weather"]
    assert source == "ChatGPT and Open WebUI"
    assert tally.entries == 3


def test_two_programs_may_call_their_files_the_same(tmp_path: Path) -> None:
    save(tmp_path / "a" / "conversations.json", chats(1))
    save(tmp_path / "b" / "conversations.json", [export_samples.claude()])
    assert titles(tmp_path) == ["Bread", "Talk 1"]


def test_a_list_may_mix_programs(tmp_path: Path) -> None:
    path = save(
        tmp_path / "x.json",
        [*chats(1), export_samples.claude(), export_samples.open_webui()],
    )
    assert titles(path) == ["Bread", "Talk 1", "Weather"]


def test_every_line_of_a_file_of_lines_is_read(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    good = [json.dumps(one) for one in chats(1, 2)]
    path.write_text("\n".join([good[0], "", '{"cut', good[1]]), "utf-8")
    _, rows, tally = read(path)
    assert [row.title for row in rows] == ["Talk 1", "Talk 2"]
    assert tally.skipped[Skip.UNREADABLE] == 1


@pytest.mark.parametrize(
    "wrap",
    [
        lambda c: {"conversations": c},
        lambda c: {"version": 2, "data": c},
        lambda c: {"chats": c, "exported": "now"},
        lambda c: {"data": {"conversations": c}},
    ],
    ids=["conversations", "data", "chats", "nested"],
)
def test_a_list_may_lie_below_a_name(wrap: Any, tmp_path: Path) -> None:  # noqa: ANN401 a case
    path = save(tmp_path / "x.json", wrap([*chats(1, 2)]))
    assert titles(path) == ["Talk 1", "Talk 2"]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-8-sig", "utf-32"])
def test_any_encoding_of_json_is_read(encoding: str, tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_bytes(json.dumps(chats(1), ensure_ascii=False).encode(encoding))
    assert titles(path) == ["Talk 1"]


@pytest.mark.parametrize("how", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_archives_in_an_archive_are_looked_into(how: int, tmp_path: Path) -> None:
    inner = {
        f"part-{n}.zip": zipped({f"conversations-{n:03}.json": dumped(chats(n, n + 5))})
        for n in (1, 2)
    }
    path = tmp_path / "outer.zip"
    path.write_bytes(zipped(inner | {"conversations.json": dumped(chats(9))}, how))
    assert titles(path) == [f"Talk {n}" for n in (1, 2, 6, 7, 9)]


def test_archives_in_a_folder_are_looked_into(tmp_path: Path) -> None:
    for n in (1, 2):
        content = zipped({"conversations.json": dumped(chats(n))})
        (tmp_path / f"{n}.zip").write_bytes(content)
    (tmp_path / "3.zip").write_bytes(b"no archive")
    _, rows, tally = read(tmp_path)
    assert [row.title for row in rows] == ["Talk 1", "Talk 2"]
    assert tally.names[Skip.LARGE_FILE] == ["3.zip"]


def test_an_archive_goes_one_level_down_and_no_further(tmp_path: Path) -> None:
    third = zipped({"conversations.json": dumped(chats(3))})
    second = zipped({"third.zip": third, "conversations.json": dumped(chats(2))})
    path = tmp_path / "first.zip"
    path.write_bytes(zipped({"second.zip": second}))
    assert titles(path) == ["Talk 2"]


def test_a_large_archive_is_measured_by_what_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "x.zip"
    content = {"conversations.json": dumped(chats(1)), "video.dat": bytes(200_000)}
    path.write_bytes(zipped(content))
    monkeypatch.setattr(bundles, "MAX_FILE_BYTES", 100_000)
    assert titles(path) == ["Talk 1"]


def test_an_inner_archive_beyond_the_memory_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inner = {"big.zip": zipped({"conversations.json": dumped(chats(2))})}
    content = zipped(
        inner | {"conversations.json": dumped(chats(1))}, zipfile.ZIP_DEFLATED
    )
    path = tmp_path / "x.zip"
    path.write_bytes(content)
    monkeypatch.setattr(archives, "MAX_INNER_BYTES", 100)
    _, rows, tally = read(path)
    assert [row.title for row in rows] == ["Talk 1"]
    assert tally.names[Skip.LARGE_FILE] == ["big.zip"]


@pytest.mark.parametrize("content", [b"", b'{"name": "x", "mess'], ids=["empty", "cut"])
def test_a_damaged_file_among_others_is_named_and_costs_no_other(
    content: bytes, tmp_path: Path
) -> None:
    save(tmp_path / "1.conversation.json", export_samples.lm_studio())
    (tmp_path / "2.conversation.json").write_bytes(content)
    _, rows, tally = read(tmp_path)
    assert [row.title for row in rows] == ["Ready"]
    assert tally.names[Skip.DAMAGED] == ["2.conversation.json"]


def test_a_part_that_was_cut_off_gives_what_stands_before(tmp_path: Path) -> None:
    save(tmp_path / "conversations-000.json", chats(1))
    cut = json.dumps(chats(2, 3))[:-100]
    (tmp_path / "conversations-001.json").write_text(cut, "utf-8")
    _, rows, tally = read(tmp_path)
    assert [row.title for row in rows] == ["Talk 1", "Talk 2"]
    assert tally.names[Skip.DAMAGED] == ["conversations-001.json"]


def test_when_all_are_damaged_one_is_named(tmp_path: Path) -> None:
    for number in (1, 2):
        (tmp_path / f"{number}.conversation.json").write_bytes(b"{")
    with pytest.raises(InvalidInputError, match=r"“1\.conversation\.json” is damaged"):
        read(tmp_path)


def test_other_files_of_an_export_are_named(tmp_path: Path) -> None:
    save(tmp_path / "conversations.json", chats(1))
    save(tmp_path / "user.json", {"email": "x"})
    (tmp_path / "notes.jsonl").write_text("not json", "utf-8")
    _, _, tally = read(tmp_path)
    assert tally.names[Skip.FILE] == ["notes.jsonl", "user.json"]


def test_the_same_talk_grown_in_a_second_file_is_given_too(tmp_path: Path) -> None:
    grown = export_samples.claude()
    before = grown | {"chat_messages": grown["chat_messages"][:1]}
    save(tmp_path / "1.json", [before])
    save(tmp_path / "2.json", [grown])
    save(tmp_path / "3.json", [grown])
    _, rows, tally = read(tmp_path)
    assert [len(row.messages) for row in rows] == [1, 2]
    assert len({row.id for row in rows}) == 1
    assert tally.skipped[Skip.TWICE] == 1


@pytest.mark.skipif(os.name != "posix", reason="made with POSIX calls")
def test_links_in_a_folder_are_not_followed(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    secret = save(elsewhere / "secret.json", chats(2))
    chosen = tmp_path / "chosen"
    save(chosen / "conversations.json", chats(1))
    (chosen / "link.json").symlink_to(secret)
    (chosen / "folder").symlink_to(elsewhere)
    (chosen / "loop").symlink_to(chosen)
    assert titles(chosen) == ["Talk 1"]
    assert list(open_bundle(chosen).sizes) == ["conversations.json"]


def test_a_folder_is_looked_into_only_so_deep(tmp_path: Path) -> None:
    folders = [tmp_path]
    for number in range(MAX_DEPTH + 2):
        save(
            folders[-1] / f"{number}.json",
            export_samples.chatgpt(number, f"Talk {number}"),
        )
        folders.append(folders[-1] / "in")
    assert titles(tmp_path) == [f"Talk {n}" for n in range(MAX_DEPTH + 1)]
