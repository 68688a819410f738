"""The way most people go: a keyring that opens at the log-in, and its fates."""

import json
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest

from backend.recovery.encryption_probe import Seal, seal_of
from tests.helpers.secret_service import SecretService
from tests.helpers.sidecar import Answer, Sidecar
from tests.helpers.window import until

CODE = re.compile(r"(?:[0-9A-Z]{5}-){5}[0-9A-Z]{5}")
Start = Callable[[], Sidecar]

pytestmark = [
    pytest.mark.sidecar,
    pytest.mark.skipif(
        shutil.which("gnome-keyring-daemon") is None, reason="no gnome-keyring here"
    ),
]


@pytest.fixture
def keyring(tmp_path: Path) -> Iterator[SecretService]:
    service = SecretService.start(tmp_path / "session")
    yield service
    service.stop()


@pytest.fixture
def start(
    tmp_path: Path, keyring: SecretService, request: pytest.FixtureRequest
) -> Start:
    """Start Hearth's own sidecar in the session of this keyring."""

    def begin() -> Sidecar:
        sidecar = Sidecar.start(tmp_path / "data", environment=keyring.environment)
        request.addfinalizer(sidecar.__exit__)
        return sidecar

    return begin


@pytest.fixture
def code(start: Start, tmp_path: Path, keyring: SecretService) -> str:
    """Run for the first time, write something, and note the recovery code."""
    sidecar = start()
    assert sidecar.wait_for_database(30) == "connected"
    send(sidecar, "/drafts/new", "PUT", text="kept")
    found = until(lambda: CODE.search(sidecar.get("/alerts").text), "the recovery code")
    send(sidecar, "/alerts/recovery-code", "DELETE")
    sidecar.stop()
    assert seal_of(tmp_path / "data" / "hearth.db") is Seal.ENCRYPTED
    (secret,) = keyring.secrets().values()
    assert len(bytes.fromhex(secret)) == 32
    return str(found[0])


def send(sidecar: Sidecar, path: str, method: str = "POST", **form: str) -> Answer:
    headers = {
        "content-type": "application/x-www-form-urlencoded",
        "hx-request": "true",
    }
    body = urlencode(form).encode()
    return sidecar.request(method, path, headers=headers, body=body, timeout=30)


def opens_by_itself(start: Start) -> bool:
    sidecar = start()
    state = sidecar.wait_for_database(30)
    words = sidecar.get("/drafts/new").text if state == "connected" else ""
    alerts = sidecar.get("/alerts").text
    sidecar.stop()
    return words == "kept" and "recovery code" not in alerts


def test_the_next_start_opens_by_itself(start: Start, code: str) -> None:
    assert code
    assert opens_by_itself(start)


def test_a_keyring_that_is_unlocked_later_is_asked_again(
    start: Start, code: str, keyring: SecretService
) -> None:
    assert code
    keyring.log_in(is_unlocked=False)
    sidecar = start()
    assert sidecar.wait_for_database(30) == "locked"
    page = sidecar.get("/unlock").text
    assert "Unlock the keyring" in page
    assert "Ask the keyring again" in page
    assert send(sidecar, "/unlock/again").status == 200
    assert sidecar.wait_for_database(30) == "locked"
    keyring.unlock()
    assert send(sidecar, "/unlock/again").headers["hx-redirect"] == "/"
    assert sidecar.get("/drafts/new").text == "kept"
    sidecar.stop()
    assert opens_by_itself(start)


@pytest.mark.parametrize("fate", ["emptied", "replaced"])
def test_a_keyring_without_the_key_gets_it_back_by_the_code(
    start: Start, code: str, keyring: SecretService, fate: str
) -> None:
    if fate == "emptied":
        keyring.empty()
    else:
        keyring.replace()
    sidecar = start()
    assert sidecar.wait_for_database(30) == "locked"
    assert "no longer has their key" in sidecar.get("/unlock").text
    reply = send(sidecar, "/alerts", "GET")
    assert json.loads(reply.headers["hx-location"])["path"] == "/unlock"
    assert "neither" in send(sidecar, "/unlock", secret="wrong").text
    assert send(sidecar, "/unlock", secret=code).headers["hx-redirect"] == "/"
    assert sidecar.get("/drafts/new").text == "kept"
    sidecar.stop()
    assert len(keyring.secrets()) == 1
    assert opens_by_itself(start)


def test_without_a_keyring_the_page_does_not_offer_it(
    start: Start, keyring: SecretService
) -> None:
    keyring.log_out()
    sidecar = start()
    assert sidecar.wait_for_database(30) == "connected"
    page = sidecar.get("/encryption").text
    button = next(part for part in page.split("<button") if "Use the keyring" in part)
    assert "disabled>" in button.split("Use the keyring")[0]
    assert "has no secure keyring" in page
