"""Backups of a computer that is lost, restored on a new one; one folder for two."""

from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlencode

import pytest

from backend.interface.stored_values import SnapshotReason
from backend.keys.key_files import records_in
from backend.recovery.snapshots import Snapshots
from backend.sqlite import dbapi
from backend.sqlite.migrations import migrate
from backend.sqlite.schema import STEPS
from backend.store.database import Database
from tests.helpers.htmx import SETTLED
from tests.helpers.released import LATER
from tests.helpers.sidecar import Answer, Sidecar
from tests.helpers.window import Window

FOLDER = "Hearth backups"
PASSPHRASE = "correct horse"
Start = Callable[[str], Sidecar]


@pytest.fixture
def stick(tmp_path: Path) -> Path:
    folder = tmp_path / "stick"
    folder.mkdir()
    return folder


@pytest.fixture
def start(tmp_path: Path, request: pytest.FixtureRequest) -> Start:
    """Start the sidecar of a computer with this name and a keyring of its own."""

    def begin(name: str) -> Sidecar:
        sidecar = Sidecar.start(
            tmp_path / name,
            module="tests.helpers.sidecar_with_keyring",
            arguments=("ok", str(tmp_path / f"{name}.json")),
        )
        request.addfinalizer(sidecar.__exit__)
        assert sidecar.wait_for_database(30) == "connected"
        return sidecar

    return begin


def send(sidecar: Sidecar, path: str, method: str = "POST", /, **form: str) -> Answer:
    headers = {
        "content-type": "application/x-www-form-urlencoded",
        "hx-request": "true",
    }
    body = urlencode(form).encode()
    answer = sidecar.request(method, path, headers=headers, body=body, timeout=60)
    assert answer.status < 300, answer.text
    return answer


def listed(sidecar: Sidecar) -> list[str]:
    """Return the names of the backups, newest first."""
    parts = sidecar.get("/backups/list").text.split('hx-post="/backups/')
    return [part.split("/restore")[0] for part in parts if "/restore" in part[:200]]


def leave_a_backup(start: Start, stick: Path, way: str) -> str:
    """Back up an encrypted computer to the stick; return what opens the backup."""
    old = start("old")
    send(old, "/backups/folder", path=str(stick))
    send(old, "/drafts/new", "PUT", text="what was written there")
    if way == "passphrase":
        send(old, "/encryption/passphrase", passphrase=PASSPHRASE, again=PASSPHRASE)
        secret = PASSPHRASE
    else:
        shown = send(old, "/encryption/code").text
        secret = shown.split('class="code-words">')[1].split("<")[0]
    send(old, "/backups")
    old.stop()
    return secret


@pytest.mark.e2e
@pytest.mark.parametrize("way", ["code", "passphrase"])
def test_a_lost_computer_is_brought_back_from_its_stick(
    start: Start, stick: Path, tmp_path: Path, way: str
) -> None:
    secret = leave_a_backup(start, stick, way)
    records = records_in(stick / FOLDER)
    with Window.start(tmp_path / "new") as window:
        window.write("textbox", "Message", "newer words")
        window.wait_for(
            "fetch('/drafts/new').then(r => r.text()).then(t => t === 'newer words')"
        )
        body = f"new URLSearchParams({{path: '{stick}'}})"
        window.evaluate(f"fetch('/backups/folder', {{method: 'POST', body: {body}}})")
        window.click("link", "Settings")
        window.click("link", "Backups")
        restore = "document.querySelector('#backup-list [hx-post$=\"/restore\"]')"
        window.wait_for(f"{restore} !== null && {SETTLED}")
        assert "encrypted with another key" in window.evaluate(
            "document.body.innerText"
        )
        window.evaluate(f"{restore}.focus()")
        window.press("Enter")
        field = "document.activeElement.name === 'secret'"
        window.wait_for(field)
        window.photograph(f"backup-key-{way}")
        window.write("textbox", "Passphrase or recovery code", "a wrong one")
        window.press("Enter")
        window.wait_for("document.querySelector('#backup-key-problem') !== null")
        window.photograph(f"backup-key-wrong-{way}")
        window.wait_for(field)
        window.write("textbox", "Passphrase or recovery code", secret.lower())
        window.press("Enter")
        window.wait_for("document.body.innerText.includes('The backup is restored')")
        window.wait_for(
            "fetch('/drafts/new').then(r => r.text())"
            ".then(t => t === 'what was written there')"
        )
        window.photograph(f"backup-restored-{way}")
        assert window.quit() == 0
    known = {record.id: record for record in records_in(stick / FOLDER)}
    assert {record.id: known[record.id] for record in records} == {
        record.id: record for record in records
    }


@pytest.mark.sidecar
def test_two_computers_share_one_folder(start: Start, stick: Path) -> None:
    old, new = start("old"), start("new")
    words = {"old": "old words", "new": "new words"}
    for name, sidecar in (("old", old), ("new", new)):
        send(sidecar, "/backups/folder", path=str(stick))
        send(sidecar, "/drafts/new", "PUT", text=words[name])
        send(sidecar, "/backups")
        send(sidecar, "/backups")
    assert len(listed(old)) == len(listed(new)) == 4
    for sidecar in (old, new):
        shown = sidecar.get("/backups/list").text
        assert shown.count("encrypted with another key") == 2
        assert shown.count("· from ") == 2
        assert shown.count("/verify") == 2
    assert len(records_in(stick / FOLDER)) == 2
    theirs = [name for name in listed(new) if name not in _own(new)]
    asked = send(new, f"/backups/{theirs[0]}/restore")
    assert asked.headers["hx-retarget"] == "#main"
    assert "Passphrase or recovery code" in asked.text
    assert new.get("/drafts/new").text == words["new"]
    own = _own(old)[0]
    send(old, "/drafts/new", "PUT", text="later")
    send(old, f"/backups/{own}/restore")
    assert old.get("/drafts/new").text == words["old"]


def _own(sidecar: Sidecar) -> list[str]:
    parts = sidecar.get("/backups/list").text.split('hx-post="/backups/')
    return [part.split("/verify")[0] for part in parts if "/verify" in part[:200]]


def test_an_older_hearth_goes_back_when_a_person_says_so(tmp_path: Path) -> None:
    data = tmp_path / "hearth"
    (data / "backups").mkdir(0o700, parents=True)
    database = data / "hearth.db"
    Database.open(database).close()
    made = Snapshots(database, data / "backups").make(SnapshotReason.BEFORE_UPDATE)
    name = made.path.name
    connection = dbapi.connect(database)
    migrate(connection, (*STEPS, *LATER))
    connection.execute("insert into note(id, title, updated_at) values ('n', 'A', 1)")
    connection.close()
    with Sidecar.start(data) as sidecar:
        assert sidecar.wait_for_database(30) == "connected"
        assert "/backups/back" in sidecar.get("/alerts").text
        asked = sidecar.get("/backups/back").text
        assert "1 note" in asked
        assert f"/backups/{name}/restore" in asked
        shown = send(sidecar, f"/backups/{name}/restore", shows="backups").text
        assert "Before you went back to an earlier version" in shown
        assert "/backups/back" not in sidecar.get("/alerts").text
