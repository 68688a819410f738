"""A full or read-only disk: reads go on, the page says so, and it ends by itself."""

import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest

from backend.interface.api_types import ActionRun, decode
from backend.recovery.swap import STAGED
from tests.helpers.first_schema import write_first_schema
from tests.helpers.sidecar import Answer, Sidecar

pytestmark = [pytest.mark.sidecar, pytest.mark.expects_errors]


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 8 MB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if mount("-t", "tmpfs", "-o", "size=8m", "tmpfs", str(folder)):
        pytest.skip("mounting a small disk is not allowed here")
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=True)


def mount(*arguments: str) -> int:
    try:
        done = subprocess.run(["mount", *arguments], check=False, capture_output=True)
    except FileNotFoundError:
        return 1
    return done.returncode


def send(sidecar: Sidecar, path: str, method: str = "POST", **form: str) -> Answer:
    headers = {
        "content-type": "application/x-www-form-urlencoded",
        "hx-request": "true",
    }
    return sidecar.request(
        method, path, headers=headers, body=urlencode(form).encode(), timeout=30
    )


def save(sidecar: Sidecar, text: str) -> int:
    return send(sidecar, "/drafts/new", "PUT", text=text).status


def save_note(sidecar: Sidecar, text: str) -> ActionRun:
    answer = send(sidecar, "/api/v1/actions/save-note/run", clipboard=text)
    return decode(ActionRun, answer.body)


def wait_for(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


def fill(disk: Path) -> Path:
    """Fill the disk to its last byte."""
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as file:
        for size in (64 * 1024, 512):
            try:
                while True:
                    file.write(b"." * size)
            except OSError:
                continue
    return ballast


def test_a_full_disk_is_told_and_over_when_there_is_room(disk: Path) -> None:
    with Sidecar.start(disk / "data") as sidecar:
        assert sidecar.wait_for_database() == "connected"
        assert save(sidecar, "kept") == 204
        ballast = fill(disk)
        long_text = "x" * 200_000
        wait_for(lambda: save(sidecar, long_text) == 507)
        assert sidecar.get("/drafts/new").text in {"kept", long_text}
        assert sidecar.get("/settings").status == 200
        assert sidecar.get("/conversations").status == 200
        page = sidecar.get("/alerts").text
        assert "The disk is full" in page
        assert "MB" in page
        assert send(sidecar, "/backups").status == 507
        unsaved = save_note(sidecar, long_text)
        assert (unsaved.outcome, unsaved.text) == ("", long_text)
        assert "The disk is full" in unsaved.error
        assert list((disk / "data").rglob("*.part")) == []
        ballast.unlink()
        wait_for(lambda: "disk is full" not in sidecar.get("/alerts").text)
        assert save(sidecar, long_text) == 204
        saved = save_note(sidecar, long_text)
        assert (saved.outcome, saved.error) == ("Saved as a note.", "")
        assert send(sidecar, "/backups").status == 200
        assert sidecar.process.poll() is None


def test_it_starts_on_a_full_disk_and_loses_nothing(disk: Path) -> None:
    with Sidecar.start(disk / "data") as sidecar:
        sidecar.wait_for_database()
        assert save(sidecar, "kept") == 204
    ballast = fill(disk)
    with Sidecar.start(disk / "data") as sidecar:
        state = sidecar.wait_for_database()
        assert state in {"connected", "failed"}
        if state == "connected":
            assert sidecar.get("/drafts/new").text == "kept"
        else:
            assert "Try again" in sidecar.get("/unlock").text
        ballast.unlink()
        assert send(sidecar, "/unlock/again").headers.get("hx-redirect") == "/"
        assert sidecar.get("/drafts/new").text == "kept"
        assert save(sidecar, "goes on") == 204


def test_a_change_of_the_encryption_needs_room_and_else_changes_nothing(
    disk: Path,
) -> None:
    with Sidecar.start(disk / "data") as sidecar:
        sidecar.wait_for_database()
        assert save(sidecar, "kept " * 100_000) == 204
        fill(disk)
        words = "correct horse"
        answer = send(sidecar, "/encryption/passphrase", passphrase=words, again=words)
        assert answer.status >= 500
        assert sidecar.get("/drafts/new").text.startswith("kept")
    assert not list((disk / "data").glob(f"hearth.db.{STAGED}*.part"))


def test_a_read_only_disk_is_read_and_told(disk: Path) -> None:
    with Sidecar.start(disk / "data") as sidecar:
        sidecar.wait_for_database()
        assert save(sidecar, "kept") == 204
    assert mount("-o", "remount,ro", str(disk)) == 0
    with Sidecar.start(disk / "data") as sidecar:
        assert sidecar.wait_for_database() == "connected"
        assert sidecar.get("/drafts/new").text == "kept"
        assert "cannot be written" in sidecar.get("/alerts").text
        assert save(sidecar, "more") == 500
        assert sidecar.get("/settings").status == 200
        assert sidecar.process.poll() is None


def test_an_earlier_database_on_a_read_only_disk_is_told(
    disk: Path,
) -> None:
    data = disk / "data"
    write_first_schema(data / "hearth.db")
    assert mount("-o", "remount,ro", str(disk)) == 0
    with Sidecar.start(data) as sidecar:
        assert sidecar.wait_for_database() == "failed"
        assert "of an earlier version" in sidecar.get("/unlock").text
        assert mount("-o", "remount,rw", str(disk)) == 0
        assert send(sidecar, "/unlock/again").headers.get("hx-redirect") == "/"
        assert sidecar.get("/notes").status == 200
