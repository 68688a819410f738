"""A clock that is set back or forward changes no order and loses no event."""

from pathlib import Path
from urllib.parse import urlencode

import pytest

from tests.helpers.sidecar import Sidecar
from tests.helpers.sidecar_with_clock_skew import SHIFT
from tests.helpers.ticking_server import TickingServer

pytestmark = pytest.mark.sidecar

_DAY_S = 24 * 60 * 60
_YEARS_S = 10 * 365 * _DAY_S


def started(data_dir: Path, shift_s: int, port: int = 0) -> Sidecar:
    return Sidecar.start(
        data_dir,
        module="tests.helpers.sidecar_with_clock_skew",
        environment={SHIFT: str(shift_s)},
        port=port,
    )


def say(sidecar: Sidecar, path: str, **form: str) -> None:
    answer = sidecar.post(path, urlencode(form).encode())
    assert answer.status in {200, 204}, answer.text


@pytest.mark.parametrize(
    "shift_s",
    [-_DAY_S, _YEARS_S, -_YEARS_S],
    ids=["a day back", "ten years on", "ten years back"],
)
def test_messages_keep_their_order_and_events_arrive(
    tmp_path: Path, shift_s: int
) -> None:
    with TickingServer() as server:
        with started(tmp_path, 0) as sidecar:
            say(sidecar, "/engines", url=server.url)
            begun = sidecar.post("/conversations", b"text=question-one")
            path = begun.headers["hx-push-url"]
            say(sidecar, f"{path}/stop")
            with sidecar.open_events(since=1) as events:
                last_seq = next(events).seq
            port = sidecar.port
        with started(tmp_path, shift_s, port) as sidecar:
            with sidecar.open_events(since=last_seq) as events:
                say(sidecar, f"{path}/messages", text="question-two")
                names = {next(events).name, next(events).name}
                assert names & {"resync", "conversations"}
            say(sidecar, f"{path}/stop")
        with started(tmp_path, 0, port) as sidecar:
            say(sidecar, f"{path}/messages", text="question-three")
            say(sidecar, f"{path}/stop")
            log = sidecar.get(f"{path}/log").text
    places = [log.index(f"question-{word}") for word in ("one", "two", "three")]
    assert places == sorted(places)
