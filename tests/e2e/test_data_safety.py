"""The store of a real sidecar: encrypted, backed up, restored, rescued, unlocked."""

import json
import re
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlencode

import pytest

from backend.recovery.encryption_probe import Seal, seal_of
from tests.helpers.fake_keyrings import BROKEN
from tests.helpers.sidecar import Answer, Sidecar

CANARY = "canary-7f3a-bird"
CODE = re.compile(r"(?:[0-9A-Z]{5}-){5}[0-9A-Z]{5}")
Start = Callable[..., Sidecar]

pytestmark = pytest.mark.sidecar


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def start(data: Path, tmp_path: Path, request: pytest.FixtureRequest) -> Start:
    """Start a sidecar with a keyring of some kind; it ends with the test."""

    def begin(kind: str = "ok", file: str = "vault.json") -> Sidecar:
        sidecar = Sidecar.start(
            data,
            module="tests.helpers.sidecar_with_keyring",
            arguments=(kind, str(tmp_path / file)),
        )
        request.addfinalizer(sidecar.__exit__)
        return sidecar

    return begin


def send(sidecar: Sidecar, path: str, method: str = "POST", **form: str) -> Answer:
    """Send a form as htmx does."""
    headers = {
        "content-type": "application/x-www-form-urlencoded",
        "hx-request": "true",
    }
    body = urlencode(form).encode()
    return sidecar.request(method, path, headers=headers, body=body, timeout=30)


def write(sidecar: Sidecar, text: str) -> None:
    answer = send(sidecar, "/drafts/new", "PUT", text=text)
    assert answer.status < 300, answer.text


def written(sidecar: Sidecar) -> str:
    return sidecar.get("/drafts/new").text


def backups(sidecar: Sidecar) -> list[str]:
    listed = sidecar.get("/backups/list").text
    return re.findall(r"/backups/(hearth-[^/]+)/restore", listed)


def test_everything_of_an_encrypted_run_is_encrypted_on_disk(
    start: Start, data: Path
) -> None:
    sidecar = start()
    assert sidecar.wait_for_database() == "connected"
    write(sidecar, CANARY)
    assert send(sidecar, "/backups").status == 200
    (name,) = backups(sidecar)
    assert send(sidecar, f"/backups/{name}/verify").status == 200
    assert send(sidecar, f"/backups/{name}/restore").status == 200
    assert written(sidecar) == CANARY
    assert seal_of(data / "backups" / name) is Seal.ENCRYPTED
    sidecar.kill()
    for file in data.rglob("*"):
        if file.is_file():
            assert CANARY.encode() not in file.read_bytes(), file
            assert file.stat().st_mode & 0o077 == 0, file
    assert CANARY not in sidecar.log


def test_a_restore_brings_back_what_was_and_can_be_taken_back(start: Start) -> None:
    sidecar = start("missing")
    write(sidecar, "old words")
    send(sidecar, "/backups")
    (old,) = backups(sidecar)
    write(sidecar, "new words")
    answer = send(sidecar, f"/backups/{old}/restore")
    assert written(sidecar) == "old words"
    undo = re.search(r'hx-post="(/backups/[^"]+/restore)"', answer.text)
    assert undo
    assert "before-restore" in undo[1]
    send(sidecar, undo[1])
    assert written(sidecar) == "new words"


@pytest.mark.parametrize("path", ["/notes", "/conversations/none", "/settings"])
def test_a_page_that_cannot_be_shown_says_why(start: Start, path: str) -> None:
    document = {"sec-fetch-dest": "document"}
    sidecar = start()
    write(sidecar, "kept")
    missing = sidecar.request("GET", "/notes/none", headers=document)
    assert missing.status == 404
    assert "<html" in missing.text
    sidecar.stop()
    closed = start("missing").request("GET", path, headers=document)
    assert (closed.status, closed.headers["location"]) == (303, "/unlock")


@pytest.mark.parametrize("kind", ["ok", *BROKEN])
def test_it_starts_with_every_kind_of_keyring(
    start: Start, data: Path, kind: str
) -> None:
    sidecar = start(kind)
    assert sidecar.wait_for_database(30) == "connected"
    write(sidecar, "kept")
    page = sidecar.get("/encryption").text
    is_encrypted = "with a key in this computer" in page
    assert is_encrypted is (kind == "ok")
    assert ("Not encrypted" in page) is (kind != "ok")
    payload = sidecar.get("/alerts").text
    assert ("recovery code" in payload) is (kind == "ok")
    assert ("is not encrypted" in payload) is (kind != "ok")
    assert "is not encrypted" not in send(sidecar, "/alerts/plain", "DELETE").text
    sidecar.stop()
    assert "is not encrypted" not in start(kind).get("/alerts").text


def first_code(sidecar: Sidecar) -> str:
    """Wait for the recovery code that the first page shows unasked."""
    end = time.monotonic() + 30
    while not (found := CODE.search(sidecar.get("/alerts").text)):
        assert time.monotonic() < end
        time.sleep(0.05)
    return found[0]


def test_the_first_run_shows_a_recovery_code_until_it_is_written_down(
    start: Start,
) -> None:
    sidecar = start()
    write(sidecar, "kept")
    code = first_code(sidecar)
    assert first_code(sidecar) == code
    sidecar.stop()
    sidecar = start("missing")
    assert sidecar.wait_for_database() == "locked"
    assert send(sidecar, "/unlock", secret=code).headers["hx-redirect"] == "/"
    assert written(sidecar) == "kept"
    sidecar.stop()
    sidecar = start()
    sidecar.wait_for_database()
    assert "Get the code" in sidecar.get("/alerts").text
    reply = send(sidecar, "/alerts/recovery-code", "DELETE").text
    assert "recovery code" not in reply
    sidecar.stop()
    assert "recovery code" not in start().get("/alerts").text


@pytest.mark.parametrize("kind", [*BROKEN, "swapped"])
def test_the_recovery_code_opens_it_when_the_keyring_does_not(
    start: Start, kind: str
) -> None:
    sidecar = start()
    write(sidecar, "kept")
    shown = send(sidecar, "/encryption/code").text
    code = CODE.search(shown)
    assert code
    sidecar.stop()
    sidecar = start("ok", "other.json") if kind == "swapped" else start(kind)
    assert sidecar.wait_for_database() == "locked"
    reply = send(sidecar, "/alerts", "GET")
    assert json.loads(reply.headers["hx-location"])["path"] == "/unlock"
    assert "Your data is locked" in sidecar.get("/unlock").text
    assert sidecar.get("/conversations").status == 423
    assert "neither" in send(sidecar, "/unlock", secret="wrong").text
    assert send(sidecar, "/unlock", secret=code[0]).headers["hx-redirect"] == "/"
    assert written(sidecar) == "kept"


def test_who_lost_every_key_begins_anew_and_keeps_what_is_locked(
    start: Start, data: Path
) -> None:
    sidecar = start()
    write(sidecar, "kept")
    send(sidecar, "/backups")
    assert send(sidecar, "/unlock/anew").status == 409
    sidecar.stop()
    before = (data / "hearth.db").read_bytes()
    sidecar = start("ok", "other.json")
    assert sidecar.wait_for_database() == "locked"
    assert "Start with empty data" in sidecar.get("/unlock").text
    assert send(sidecar, "/unlock/anew").headers["hx-redirect"] == "/"
    assert written(sidecar) == ""
    write(sidecar, "new")
    sidecar.stop()
    (away,) = data.glob("locked-*")
    assert (away / "hearth.db").read_bytes() == before
    assert {file.name for file in away.iterdir()} >= {"key.json", "backups"}
    assert written(start("ok", "other.json")) == "new"


def test_encryption_is_changed_while_it_runs(start: Start, data: Path) -> None:
    sidecar = start("missing")
    write(sidecar, CANARY)
    send(sidecar, "/backups")
    (backup,) = backups(sidecar)
    refused = send(sidecar, "/encryption/keyring")
    assert refused.status == 422
    assert "Choose a passphrase" in refused.text
    words = "correct horse"
    reply = send(sidecar, "/encryption/passphrase", passphrase=words, again=words)
    assert "Hearth asks for it at every start" in reply.text
    assert written(sidecar) == CANARY
    for path in (data / "hearth.db", data / "backups" / backup):
        assert seal_of(path) is Seal.ENCRYPTED
    sidecar.stop()
    sidecar = start("missing")
    assert sidecar.wait_for_database() == "locked"
    assert send(sidecar, "/unlock", secret=words).status == 204
    assert written(sidecar) == CANARY
    assert "Not encrypted" in send(sidecar, "/encryption/none").text
    assert written(sidecar) == CANARY
    sidecar.stop()
    assert seal_of(data / "hearth.db") is Seal.PLAIN
    sidecar = start("missing")
    assert written(sidecar) == CANARY


def test_a_damaged_database_is_kept_and_the_backup_restored(
    start: Start, data: Path
) -> None:
    sidecar = start()
    write(sidecar, "kept")
    send(sidecar, "/backups")
    sidecar.stop()
    path = data / "hearth.db"
    path.write_bytes(b"\0" * 4096 + path.read_bytes()[4096:])
    sidecar = start()
    assert sidecar.wait_for_database() == "connected"
    assert written(sidecar) == "kept"
    page = sidecar.get("/alerts").text
    assert "was restored" in page
    (kept,) = data.glob("hearth.db.corrupt-*")
    assert kept.name in page
    assert "was restored" not in send(sidecar, "/alerts/rescue", "DELETE").text


@pytest.mark.expects_errors
def test_damage_that_shows_late_is_found_while_it_runs(
    start: Start, data: Path
) -> None:
    sidecar = start("missing")
    write(sidecar, "kept")
    send(sidecar, "/backups")
    sidecar.stop()
    path = data / "hearth.db"
    content = bytearray(path.read_bytes())
    content[-8192:] = b"\x07" * 8192
    path.write_bytes(content)
    sidecar = start("missing")
    assert sidecar.wait_for_database() == "connected"
    end = time.monotonic() + 30
    while "was restored" not in sidecar.get("/alerts").text:
        assert time.monotonic() < end
        time.sleep(0.1)
    assert written(sidecar) == "kept"


@pytest.mark.expects_errors
def test_text_that_no_longer_is_text_is_mended_while_it_runs(
    start: Start, data: Path
) -> None:
    sidecar = start("missing")
    write(sidecar, f"{CANARY} mended")
    sidecar.stop()
    path = data / "hearth.db"
    path.write_bytes(path.read_bytes().replace(b"bird mended", b"bi\xff\xfe mended"))
    sidecar = start("missing")
    end = time.monotonic() + 60
    while (answer := sidecar.get("/drafts/new")).status != 200:
        assert time.monotonic() < end
        time.sleep(0.1)
    assert (
        answer.text
        == "canary-7f3a-bi\N{REPLACEMENT CHARACTER}\N{REPLACEMENT CHARACTER} mended"
    )
    assert "Before a repair" in sidecar.get("/backups/list").text
