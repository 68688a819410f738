"""A temporary conversation is like any other, until its sidecar ends."""

import re
import threading
from pathlib import Path
from urllib.parse import urlencode

import pytest

from backend.ids import kept_id
from tests.helpers.sidecar import Answer, Sidecar
from tests.helpers.talk import Talk, open_talk, say, say_until

pytestmark = pytest.mark.sidecar

_ASKED, _ANSWERED, _DRAFTED = "zyxwasked", "zyxwanswered", "zyxwdrafted"


def begin(talk: Talk) -> str:
    """Return a temporary conversation, as a browser begins one."""
    answer = talk.sidecar.get("/temporary")
    assert answer.status == 303, answer.text
    return answer.headers["location"].rpartition("/")[2]


def send(talk: Talk, method: str, path: str, /, shown: str = "", **form: str) -> Answer:
    """Send a request as htmx does from a page."""
    headers = {
        "hx-request": "true",
        "hx-current-url": f"http://{talk.sidecar.host}/conversations/{shown}",
        "content-type": "application/x-www-form-urlencoded",
    }
    body = urlencode(form).encode()
    return talk.sidecar.request(method, path, headers=headers, body=body)


def readable(folder: Path) -> list[Path]:
    """Return the files in which a word of it can be read."""
    words = [word.encode() for word in (_ASKED, _ANSWERED, _DRAFTED)]
    files = [file for file in folder.rglob("*") if file.is_file()]
    assert files
    return [f for f in files if any(word in f.read_bytes() for word in words)]


def test_nothing_of_one_is_kept_though_all_of_it_works(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with open_talk(data, say(_ANSWERED)) as talk:
        begun = begin(talk)
        talk.exchange(begun, _ASKED)
        (answer,) = talk.answers(begun)
        form = {"text": _DRAFTED}
        assert send(talk, "PUT", f"/drafts/{begun}", **form).status < 300
        parameters = f"/conversations/{begun}/parameters"
        assert send(talk, "PUT", parameters, temperature="0.3").status < 300
        assert talk.send(f"/messages/{answer}/retry").status < 300
        talk.rest()
        page = talk.page(begun)
        assert page.count(_ANSWERED) == 1
        assert "2 of 2" in page
        assert _DRAFTED in page
        question = re.findall(r'id="message-([^"]+)" aria-label="You"', page)[0]
        asked = send(talk, "POST", f"/messages/{question}/ask", text=f"{_ASKED}2")
        assert asked.status == 200
        talk.rest()
        assert f"{_ASKED}2" in talk.page(begun)
        assert talk.send(f"/messages/{answer}/note").status == 409
        refused = talk.sidecar.post(f"/drafts/{begun}/attachments", b"words")
        assert refused.status == 409
        assert "cannot be attached" in refused.text
        assert begun in talk.sidecar.get("/conversations").text
        assert talk.send("/backups").status < 300
        assert 'class="hit' not in talk.sidecar.get(f"/search?q={_ASKED}").text
        assert readable(tmp_path) == []
        shown = talk.sidecar.get(f"/conversations/{begun}")
        assert shown.headers["cache-control"] == "no-store"
        log = talk.sidecar.log
        talk.sidecar.kill()
    assert readable(tmp_path) == []
    assert _ASKED not in log
    assert _ANSWERED not in log
    with Sidecar.start(data) as sidecar:
        again = Talk(sidecar, say("x"))
        for method, path in (("GET", "log"), ("GET", "head"), ("POST", "messages")):
            where = f"/conversations/{begun}/{path}"
            lost = send(again, method, where, begun, text="x")
            assert lost.status == 410
            assert lost.headers["hx-retarget"] == "#gone"
            assert "nothing of it was kept" in lost.text
        document = {"sec-fetch-dest": "document"}
        page = sidecar.request("GET", f"/conversations/{begun}", headers=document).text
        assert "New conversation" in page
        assert "nothing of it was kept" in page


def test_one_is_kept_by_an_act_that_can_be_undone(tmp_path: Path) -> None:
    stay = threading.Event()
    with open_talk(tmp_path / "data", say_until(stay, "Half")) as talk:
        begun = begin(talk)
        assert talk.ask(begun, _ASKED).status == 200
        talk.grow(talk.answers(begun)[0], "Half")
        assert talk.send(f"/conversations/{begun}/keep").status == 409
        assert talk.send(f"/conversations/{begun}/stop").status == 204
        talk.rest()
        assert talk.send(f"/conversations/{begun}/keep").status == 204
        kept = talk.page(kept_id(begun))
        assert _ASKED in kept
        assert "Half" in kept
        assert readable(tmp_path)
        assert talk.send(f"/conversations/{begun}/keep/undo").status == 204
        assert talk.sidecar.get(f"/conversations/{kept_id(begun)}").status == 404
        assert _ASKED in talk.page(begun)
        stay.set()
    assert readable(tmp_path) == []
