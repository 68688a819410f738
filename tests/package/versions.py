"""Run by `debian`: data of the first version, and of one that is yet to come."""

from pathlib import Path

from backend.interface.stored_values import SnapshotReason
from backend.recovery.snapshots import Snapshots
from backend.sqlite import dbapi
from backend.sqlite.migrations import migrate
from backend.sqlite.schema import STEPS
from tests.helpers.first_schema import ROWS, write_first_schema
from tests.helpers.released import LATER
from tests.helpers.window import Window, until
from tests.package.upgrade import hearth

OLDEST = "w1w"
"""A word that the first version wrote."""


def test_data_of_the_first_version_is_found_and_kept_as_it_was(tmp_path: Path) -> None:
    data = tmp_path / "data"
    write_first_schema(data / "hearth.db")
    with Window.start(data) as window:
        until(lambda: OLDEST in hearth(data, "search", OLDEST), "what was written")
        assert f"w{ROWS - 1}w" in hearth(data, "search", f"w{ROWS - 1}w")
        window.click("link", "Settings")
        window.click("link", "Backups")
        window.wait_for("document.body.innerText.includes('Before an update')")
        assert window.quit() == 0


def test_after_a_downgrade_a_person_goes_back(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with Window.start(data) as window:
        hearth(data, "note", "Water the ferns")
        assert window.quit() == 0
    _be_used_by_a_later_version(data)
    with Window.start(data) as window:
        assert "Water the ferns" in hearth(data, "search", "ferns"), "it can be read"
        window.click("link", "Go back…")
        window.wait_for("document.body.innerText.includes('1 note')")
        window.photograph("go-back")
        window.click("button", "Go back")
        kept = "Before you went back to an earlier version"
        window.wait_for(f"document.body.innerText.includes({kept!r})")
        window.photograph("went-back")
        hearth(data, "note", "Feed the cat")
        assert "Feed the cat" in hearth(data, "search", "cat")
        assert "Water the ferns" in hearth(data, "search", "ferns")
        assert window.quit() == 0


def _be_used_by_a_later_version(data: Path) -> None:
    """Do what it would: keep a copy, take further steps, write something."""
    path = data / "hearth.db"
    Snapshots(path, data / "backups").make(SnapshotReason.BEFORE_UPDATE)
    connection = dbapi.connect(path)
    migrate(connection, (*STEPS, *LATER))
    connection.execute("insert into note(id, title, updated_at) values ('n', 'A', 1)")
    connection.close()
