"""A data folder that cannot be used is told, and nothing restarts in vain."""

import subprocess
from pathlib import Path

import pytest

from tests.helpers.fault_injection import ForgivingWindow, running
from tests.helpers.window import ROOT, Window, until

pytestmark = pytest.mark.e2e

TOASTS = "document.querySelector('#toasts').innerText"


def test_a_folder_that_cannot_be_made_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    ended = subprocess.run(
        Window.command(tmp_path / "file" / "data"),
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert ended.returncode not in {0, -6}
    assert "Traceback" not in ended.stderr
    assert len(ended.stderr.strip().splitlines()) == 1


def test_a_database_that_cannot_be_opened_does_not_end_the_sidecar(
    tmp_path: Path,
) -> None:
    (tmp_path / "hearth.db").mkdir()
    window = ForgivingWindow.launch(tmp_path)
    try:
        window.attach()
        pid = window.sidecar.pid
        window.wait_for("document.body.innerText.includes('database')")
        assert "unresponsive" not in window.log
        assert window.sidecar.pid == pid
    finally:
        window.close()


def test_a_removed_folder_is_told_and_what_is_typed_stays(tmp_path: Path) -> None:
    data_dir = tmp_path / "data"
    with running(data_dir) as trials:
        away = data_dir.rename(tmp_path / "away")
        trials.window.write("textbox", "Message", "typed without a disk")
        trials.window.wait_for(f"{TOASTS}.includes('no longer in')")
        assert trials.request("/drafts/new") == ""
        away.rename(data_dir)
        trials.window.write("textbox", "Message", ", and with one")
        whole = "typed without a disk, and with one"
        until(lambda: trials.request("/drafts/new") == whole, "the draft")
