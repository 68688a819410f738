"""Two sidecars over one folder: what is typed on one is there on the other."""

import re
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest

from backend.ids import new_id
from tests.helpers.sidecar import Sidecar
from tests.helpers.sqld import Sqld
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


def pair(a: Sidecar, b: Sidecar, place: Path | Sqld) -> None:
    if isinstance(place, Sqld):
        token = place.token()
        send(a, "POST", "/devices/server", url=place.url, token=token)
    else:
        place.mkdir()
        for one in (a, b):
            send(one, "POST", "/devices/folder", path=str(place))
    send(a, "POST", "/devices/begin")
    shown = send(a, "POST", "/devices/code")
    found = re.search(r'id="pairing-code"[^>]*>([^<]+)<', shown)
    assert found
    send(b, "POST", "/devices/join", code=found[1])
    wait_for(a, "/devices/state", "Yes, add it")
    send(a, "POST", "/devices/accept")


@pytest.fixture(params=["folder", "server"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path | Sqld]:
    """What the computers share."""
    if request.param == "folder":
        yield tmp_path / "shared"
        return
    with Sqld(tmp_path, asks=True) as server:
        yield server


def test_what_is_typed_on_one_computer_is_there_on_the_other(
    tmp_path: Path, place: Path | Sqld
) -> None:
    note = new_id()
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
        pair(a, b, place)
        wait_for(b, "/notes", "A note of the canary")
        shown = wait_for(b, f"/conversations/{conversation}/log", "An answer of")
        assert "A question of the canary" in shown
        with b.open_events() as events:
            talk.exchange(conversation, "Another question")
            heard = next(event for event in events if event.name == "messages")
        assert conversation in heard.data or "log" in heard.data
        assert talk.fetch_json("/api/v1/status")["sync"] == "up to date"
        send(a, "POST", "/api/v1/sync/paused", paused="yes")
        assert talk.fetch_json("/api/v1/status")["sync"] == "paused"
        send(a, "POST", "/api/v1/sync/paused", paused="")
        send(b, "PUT", f"/notes/{note}", body="Typed on the other one")
        wait_for(a, f"/notes/{note}", "Typed on the other one")
    shared = place.rglob("*.hs") if isinstance(place, Path) else place.files()
    files = list(shared)
    assert files
    assert all(b"canary" not in file.read_bytes() for file in files)
