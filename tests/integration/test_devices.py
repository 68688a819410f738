"""Two sidecars over one folder: what is typed on one is there on the other."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from backend.ids import new_id
from tests.helpers.paired import pair, send, wait_for
from tests.helpers.sidecar import Sidecar
from tests.helpers.sqld import Sqld
from tests.helpers.talk import open_talk, say

pytestmark = pytest.mark.sidecar


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
