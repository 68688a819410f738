"""Two sidecars that are paired as a person does it, over a folder or a server."""

import re
import time
from pathlib import Path
from urllib.parse import urlencode

from tests.helpers.sidecar import Sidecar
from tests.helpers.sqld import Sqld

WAIT_S = 30.0


def send(sidecar: Sidecar, method: str, target: str, **form: str) -> str:
    """Send a form that must be taken, and return what is answered."""
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
    """Let the second one join the first."""
    if isinstance(place, Sqld):
        token = place.token() if place.asks else ""
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
