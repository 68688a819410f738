"""Two sidecars over one folder: what is typed on one is there on the other."""

import re
import time
from pathlib import Path
from urllib.parse import urlencode

import pytest

from backend.ids import new_id
from tests.helpers.sidecar import Sidecar
from tests.helpers.talk import open_talk, say

pytestmark = pytest.mark.sidecar

WAIT_S = 30.0


def send(sidecar: Sidecar, method: str, target: str, **form: str) -> str:
    headers = {"content-type": "application/x-www-form-urlencoded"}
    body = urlencode(form).encode()
    answer = sidecar.request(method, target, headers=headers, body=body)
    assert answer.status < 300, answer.text
    return answer.text


def wait_for(sidecar: Sidecar, path: str, words: str) -> str:
    """Return a page once it has these words."""
    deadline = time.monotonic() + WAIT_S
    while words not in (shown := sidecar.get(path).text):
        assert time.monotonic() < deadline, f"{shown}\n{sidecar.log}"
        time.sleep(0.05)
    return shown


def pair(a: Sidecar, b: Sidecar, folder: Path) -> None:
    folder.mkdir()
    for one in (a, b):
        send(one, "POST", "/devices/folder", path=str(folder))
    send(a, "POST", "/devices/begin")
    shown = send(a, "POST", "/devices/code")
    found = re.search(r'id="pairing-code"[^>]*>([^<]+)<', shown)
    assert found
    send(b, "POST", "/devices/join", code=found[1])
    wait_for(a, "/devices/state", "Yes, add it")
    send(a, "POST", "/devices/accept")


def test_what_is_typed_on_one_computer_is_there_on_the_other(tmp_path: Path) -> None:
    folder, note = tmp_path / "shared", new_id()
    with (
        open_talk(tmp_path / "a", say("An answer of the canary.")) as talk,
        Sidecar.start(tmp_path / "b", database_key="5a" * 32) as b,
    ):
        a = talk.sidecar
        assert b.wait_for_database(60) == "connected"
        send(a, "PUT", f"/notes/{note}", body="A note of the canary")
        asked = talk.fetch_json("/api/v1/ask", text="A question of the canary")
        conversation = asked["conversation_id"]
        talk.wait(asked["message_id"])
        pair(a, b, folder)
        wait_for(b, "/notes", "A note of the canary")
        shown = wait_for(b, f"/conversations/{conversation}/log", "An answer of")
        assert "A question of the canary" in shown
        with b.open_events() as events:
            talk.exchange(conversation, "Another question")
            heard = next(event for event in events if event.name == "messages")
        assert conversation in heard.data or "log" in heard.data
        send(b, "PUT", f"/notes/{note}", body="Typed on the other one")
        wait_for(a, f"/notes/{note}", "Typed on the other one")
    for file in folder.rglob("*.hs"):
        assert b"canary" not in file.read_bytes()
