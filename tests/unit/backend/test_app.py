"""The secrets of a run are held where they are needed, and nowhere else."""

import gc
from pathlib import Path

from backend.app import build
from backend.interface.protocol import Hello
from backend.web.request_guard import Credentials

TOKEN, PORT = "A-token-of-this-test", 61_237


def holders(secret: object) -> list[object]:
    """Return what holds a value, but for what runs now."""
    gc.collect()
    found = gc.get_referrers(secret)
    return [one for one in found if one is not globals() and not is_of_now(one)]


def is_of_now(one: object) -> bool:
    return type(one).__name__ in {"frame", "list_iterator"}


def test_token_and_port_live_in_exactly_two_objects(tmp_path: Path) -> None:
    token, port = "".join(TOKEN), int(str(PORT))
    app = build(Hello(token=token, data_dir=str(tmp_path)))
    trust = Credentials(token, port)
    guard, proof = sorted(type(one).__name__ for one in holders(token))
    assert (guard, proof) == ("Credentials", "cell")
    assert holders(port) == [trust]
    assert app.routes
