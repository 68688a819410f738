"""Hostile files end in a sentence or are skipped with a reason, within the limits."""

import json
import os
import random
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from backend.errors import InvalidInputError
from backend.importing import limits
from backend.importing.reader import Reader
from tests.helpers import export_samples

MB = 1024 * 1024
GOOD = json.dumps([export_samples.chatgpt()])


def rows_of(path: Path) -> list[dict[str, Any]]:
    return list(Reader(path, tell_rows=True).events())


def end_of(path: Path) -> dict[str, Any]:
    return rows_of(path)[-1]


def conversation(**changed: object) -> str:
    return json.dumps([export_samples.claude() | changed])


def message(**changed: object) -> str:
    first = export_samples.claude()["chat_messages"][0]
    return conversation(chat_messages=[first, first | changed])


REFUSED: dict[str, tuple[str, bytes]] = {
    "empty": ("does not recognise", b""),
    "a picture": ("does not recognise", b"\x89PNG\r\n\x1a\n" + bytes(range(256))),
    "only an opening": ("damaged", b"["),
    "cut in the middle": ("damaged", GOOD[: len(GOOD) // 2].encode()),
    "cut at the end": ("damaged", GOOD[:-1].encode()),
    "more after the end": ("damaged", GOOD.encode() + b"x"),
    "deeply nested lists": ("nested", b"[" * 5_000_000),
    "deeply nested objects": ("nested", b'[{"mapping":' * 1_000_000),
    "a number with no end": ("damaged", b'[{"mapping":{}},' + b"9" * 100_000),
    "a newer export of ours": (
        "newer version",
        b'{"format": "hearth-export", "version": 99, "conversations": []}',
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_file_that_cannot_be_read_is_refused_in_words(
    case: str, tmp_path: Path
) -> None:
    why, content = REFUSED[case]
    path = tmp_path / "conversations.json"
    path.write_bytes(content)
    with pytest.raises(InvalidInputError, match=why):
        rows_of(path)


SKIPPED: dict[str, tuple[str, str]] = {
    "numbers for conversations": (f"[1, null, {GOOD[1:-1]}]", "unknown format"),
    "a list for the mapping": (
        f'[{{"mapping": [1], "title": 5}}, {GOOD[1:-1]}]',
        "without messages",
    ),
    "a loop in the tree": (
        json.dumps(
            [
                export_samples.chatgpt(),
                {
                    "current_node": "a",
                    "mapping": {
                        "a": {"parent": "b", "message": {"author": 7}},
                        "b": {"parent": "a", "message": {"content": []}},
                    },
                },
            ]
        ),
        "without messages",
    ),
    "a message of 6 MB": (
        message(content=[], text="x" * (6 * MB)),
        "longer than 5 MB",
    ),
    "a message without text": (
        message(content=None, text=None, attachments=0),
        "without text",
    ),
    "the same conversation twice": (
        json.dumps([export_samples.chatgpt(), export_samples.chatgpt()]),
        "twice",
    ),
}


@pytest.mark.parametrize("case", SKIPPED)
def test_an_entry_that_cannot_be_taken_is_skipped_with_its_reason(
    case: str, tmp_path: Path
) -> None:
    content, why = SKIPPED[case]
    path = tmp_path / "conversations.json"
    path.write_text(content, "utf-8")
    end = end_of(path)
    assert end["conversations"] == 1
    assert any(why in reason for reason in end["skipped"])


def test_times_of_any_type_are_no_hindrance(tmp_path: Path) -> None:
    times = [True, -1, 1e308, "1e999", "soon", "99999-01-01", [], 2**70, "2024-13-01"]
    first = export_samples.claude()["chat_messages"][0]
    messages = [first | {"uuid": str(n), "created_at": t} for n, t in enumerate(times)]
    path = tmp_path / "conversations.json"
    path.write_text(conversation(chat_messages=messages), "utf-8")
    end = end_of(path)
    assert end["messages"] == len(times)
    assert end["last_ms"] < (time.time() + 2 * 86_400) * 1000


def test_half_surrogates_and_nul_arrive(tmp_path: Path) -> None:
    path = tmp_path / "conversations.json"
    path.write_text(conversation(name="a\ud800b\0c"), "utf-8")
    row = next(t["row"] for t in rows_of(path) if t["kind"] == "conversation")
    assert row["title"] == "a\ud800b\0c"


def test_bytes_that_are_no_text_are_replaced(tmp_path: Path) -> None:
    path = tmp_path / "conversations.json"
    path.write_bytes(conversation(name="MARK").encode().replace(b"MARK", b"\xff\xfe"))
    row = next(t["row"] for t in rows_of(path) if t["kind"] == "conversation")
    assert row["title"] == "\ufffd\ufffd"


def zipped(path: Path, *files: tuple[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files:
            archive.writestr(name, content)
    return path


def test_a_zip_that_unpacks_to_too_much_is_refused_before_it_is_unpacked(
    tmp_path: Path,
) -> None:
    path = tmp_path / "bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(6):
            name = f"conversations-{number}.json"
            with archive.open(name, "w", force_zip64=True) as file:
                file.write(GOOD.encode()[:-1] if number == 0 else b"[")
                for _ in range(100):
                    file.write(b" " * MB)
                file.write(b"]")
    assert path.stat().st_size < 2 * MB
    with pytest.raises(InvalidInputError, match="larger than 500 MB"):
        rows_of(path)


def test_names_that_lead_out_of_a_zip_are_only_names(tmp_path: Path) -> None:
    path = zipped(tmp_path / "up.zip", ("../../conversations.json", GOOD.encode()))
    before = sorted(tmp_path.iterdir())
    assert end_of(path)["conversations"] == 1
    assert sorted(tmp_path.iterdir()) == before


def test_a_damaged_zip_is_refused_in_words(tmp_path: Path) -> None:
    noise = "".join(random.Random(5).choices("abcdefgh", k=20_000))
    content = json.dumps([export_samples.chatgpt(title=noise)])
    path = zipped(tmp_path / "cut.zip", ("conversations.json", content.encode()))
    whole = path.read_bytes()
    path.write_bytes(whole[:2_000] + bytes(500) + whole[2_500:])
    with pytest.raises(InvalidInputError, match="damaged"):
        rows_of(path)


def _fifo(path: Path) -> None:
    os.mkfifo(path)


ODD: dict[str, Callable[[Path], None]] = {
    "a pipe": _fifo,
    "a device": lambda path: path.symlink_to("/dev/zero"),
    "a dangling link": lambda path: path.symlink_to("nowhere"),
    "an empty folder": lambda path: path.mkdir(),
}


@pytest.mark.skipif(os.name != "posix", reason="made with POSIX calls")
@pytest.mark.parametrize("case", ODD)
def test_what_is_no_ordinary_file_is_refused_in_words(
    case: str, tmp_path: Path
) -> None:
    path = tmp_path / "conversations.json"
    ODD[case](path)
    with pytest.raises(InvalidInputError, match=r"Choose"):
        rows_of(path)


def test_one_entry_beyond_every_measure_ends_within_the_memory(tmp_path: Path) -> None:
    path = tmp_path / "conversations.json"
    with path.open("wb") as file:
        file.write(b'[{"chat_messages": "')
        for _ in range(200):
            file.write(b"x" * MB)
        file.write(b'"}]')
    with pytest.raises(InvalidInputError, match="too large for Hearth"):
        rows_of(path)


def test_a_file_larger_than_the_limit_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "conversations.json"
    with path.open("wb") as file:
        file.truncate(limits.MAX_FILE_BYTES + 1)
    with pytest.raises(InvalidInputError, match="500 MB"):
        rows_of(path)


def test_cancelling_ends_the_reading(tmp_path: Path) -> None:
    path = tmp_path / "conversations.json"
    path.write_text(
        json.dumps([export_samples.chatgpt(n) for n in range(2_000)]), "utf-8"
    )
    reader = Reader(path, tell_rows=True)
    data = reader.events()
    next(data)
    reader.cancel()
    with pytest.raises(InvalidInputError, match="cancelled"):
        list(data)


def test_a_line_cut_by_cancelling_is_not_taken_for_a_row(tmp_path: Path) -> None:
    path = tmp_path / "conversations.json"
    path.write_text(message(content=[], text="x" * (4 * MB)), "utf-8")
    reader = Reader(path, tell_rows=True)
    kinds = []
    with pytest.raises(InvalidInputError, match="cancelled"):  # noqa: PT012 all of it
        for data in reader.events():
            kinds.append(data["kind"])
            reader.cancel()
    assert set(kinds) <= {"conversation", "message"}
