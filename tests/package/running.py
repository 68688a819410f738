"""Run by `debian`: the package is upgraded under a running Hearth."""

import json
import os
import subprocess
from contextlib import suppress
from pathlib import Path

import psutil

from qtshell.ipc.instance import running
from tests.e2e.test_settings import SHOWS_UPDATE
from tests.e2e.test_update import SAID
from tests.helpers.window import Window, until
from tests.package.upgrade import hearth

UPDATE = "document.documentElement.dataset.update"


def test_it_says_so_and_restarts_as_the_new_one(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with Window.start(data) as window:
        window.click("link", "Notes")
        window.wait_for("location.pathname === '/notes'")
        before = _versions(data)
        assert before["version"] == before["installed"]
        subprocess.run(os.environ["HEARTH_UPGRADE"], shell=True, check=True)
        # It looks once a minute, and then whether nothing changes any more.
        with suppress(AssertionError):
            window.wait_for(f"{UPDATE} === 'installed'")
        window.wait_for(f"{UPDATE} === 'installed'")
        window.wait_for(SHOWS_UPDATE)
        runs, installed = before["version"], _versions(data)["installed"]
        assert installed != runs
        window.wait_for(f"{SAID}.includes('from {runs} to {installed}')")
        window.photograph("upgraded-under-it")
        hearth(data, "note", "Written in between")
        window.click("link", "Restart")
        assert window.process.wait(60) == 0
        follower = until(lambda: running(data), "the new one")
        until(lambda: _is_there_again(window), "the page of before")
        assert "Written in between" in hearth(data, "search", "between")
        assert set(_versions(data).values()) == {installed}
        psutil.Process(follower).terminate()
        until(lambda: running(data) is None, "its end")


def _versions(data: Path) -> dict[str, str]:
    status = json.loads(hearth(data, "status", "--json"))
    return {name: status[name] for name in ("version", "installed")}


def _is_there_again(window: Window) -> bool:
    with suppress(OSError):  # between the two
        return any(page["url"].endswith("/notes") for page in window.pages())
    return False
