"""What is typed into a form and not saved is there after the sidecar was killed."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlencode

import pytest

from tests.helpers.scripted_model import HELLO
from tests.helpers.sidecar import Answer, Sidecar

pytestmark = pytest.mark.sidecar

_FORM = {"content-type": "application/x-www-form-urlencoded"}
_UNSAVED = "unsaved changes"


@dataclass
class Desk:
    """One data folder, and the sidecar that runs on it now."""

    folder: Path
    sidecar: Sidecar

    def send(self, method: str, target: str, /, **form: str) -> Answer:
        body = urlencode(form).encode()
        return self.sidecar.request(method, target, headers=_FORM, body=body)

    def type(self, draft: str, /, **form: str) -> None:
        """Type into a form, as its page tells it, and kill the sidecar."""
        kept = self.send("PUT", f"/drafts/{quote(draft)}/form", **form)
        assert kept.status == 204
        with self.sidecar:
            self.sidecar.kill()
        self.sidecar = Sidecar.start(self.folder)
        assert self.sidecar.wait_for_database() == "connected"

    def get(self, target: str) -> str:
        return self.sidecar.get(target).text


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    running = Desk(tmp_path, Sidecar.start(tmp_path))
    assert running.sidecar.wait_for_database() == "connected"
    try:
        yield running
    finally:
        with running.sidecar:
            running.sidecar.stop()


@pytest.fixture
def folder(desk: Desk) -> str:
    made = desk.send("POST", "/folders").text
    return str(re.findall(r'id="folder-([^"]+)"', made)[0])


@pytest.fixture
def conversation(desk: Desk, scripted_gguf: Path) -> str:
    desk.send("POST", "/engines/builtin", path=str(scripted_gguf))
    desk.send("POST", "/conversations", text=HELLO, submission="1")
    listed = desk.get("/conversations")
    return str(re.findall(r'id="conversation-([^"]+)"', listed)[0])


def test_the_instructions_of_a_folder(desk: Desk, folder: str) -> None:
    page = f"/folders/{folder}"
    desk.type(f"folder:{folder}", instructions="half a tho", assistant="")
    shown = desk.get(page)
    assert "half a tho" in shown
    assert _UNSAVED in shown
    desk.send("PUT", f"{page}/setup", instructions="half a thought")
    assert _UNSAVED not in desk.get(page)
    desk.type(f"folder:{folder}", instructions="another", assistant="")
    over = desk.send("DELETE", f"{page}/draft").text
    assert "half a thought" in over
    assert _UNSAVED not in over + desk.get(page)


def test_the_name_of_a_folder(desk: Desk, folder: str) -> None:
    desk.type(f"folder-name:{folder}", name="Recip")
    assert 'value="Recip"' in desk.get(f"/folders/{folder}/rename")
    assert "Recip" not in desk.send("DELETE", f"/folders/{folder}/rename").text
    assert "Recip" not in desk.get(f"/folders/{folder}/rename")


def test_the_title_of_a_conversation(desk: Desk, conversation: str) -> None:
    path = f"/conversations/{conversation}"
    desk.type(f"title:{conversation}", title="About sou")
    assert 'value="About sou"' in desk.get(f"{path}/rename")
    assert "About sou" not in desk.send("DELETE", f"{path}/rename").text
    desk.type(f"title:{conversation}", title="About so")
    desk.send("PUT", f"{path}/title", title="About soup")
    assert 'value="About soup"' in desk.get(f"{path}/rename")


@pytest.mark.parametrize("is_new", [True, False], ids=["new", "begun"])
def test_how_a_conversation_is_answered(
    desk: Desk, conversation: str, is_new: bool
) -> None:
    where = "new" if is_new else conversation
    path = f"/conversations/{where}/parameters"
    desk.type(f"setup:{where}", instructions="Be br", stop="END", temperature="0.")
    shown = desk.get(path)
    assert "Be br" in shown
    assert "END" in shown
    assert _UNSAVED in shown
    desk.send("PUT", path, instructions="Be brief", stop="END")
    assert _UNSAVED not in desk.get(path)
    desk.type(f"setup:{where}", instructions="Never mind", stop="END")
    assert "Be brief" in desk.send("DELETE", f"{path}/draft").text


SECRETS = ("sk-geheim", "hunter2", "abcdef0123456789abcdef0123456789abcdef01234567")


def kept_files(desk: Desk) -> bytes:
    return b"".join(one.read_bytes() for one in desk.folder.glob("**/*.db*"))


def test_the_address_of_a_new_server_without_its_key(desk: Desk) -> None:
    desk.type("server:new", url="http://10.0.0.7:80", key="sk-geheim", proxy="hunter2")
    for page in ("/settings", "/engines/welcome"):
        assert 'value="http://10.0.0.7:80"' in desk.get(page)
    for typed in (
        "http://me:hunter2@10.0.0.7",
        "curl -H 'Authorization: Bearer sk-geheim' http://10.0.0.7",
        "http://10.0.0.7/v1?key=sk-geheim",
        "sk-geheim-proj-1",
        SECRETS[2],
    ):
        desk.send("PUT", "/drafts/server:new/form", url=typed, key="sk-geheim")
        assert "10.0.0.7" not in desk.get("/engines/welcome")
    assert not [one for one in SECRETS if one.encode() in kept_files(desk)]


def test_the_form_of_a_server(desk: Desk, conversation: str) -> None:
    listed = desk.get("/engines")
    engine = re.findall(r'id="engine-([^"]+)"', listed)[0]
    name = re.findall(r'aria-label="Name of ([^"]+)"', listed)[0]
    desk.type(f"server:{engine}", name="My mod", key="sk-geheim")
    shown = desk.get("/engines")
    assert 'value="My mod"' in shown
    assert _UNSAVED in shown
    over = desk.send("DELETE", f"/engines/{engine}/draft").text
    assert f'value="{name}"' in over
    assert _UNSAVED not in over
    desk.type(f"server:{engine}", name="My mod")
    desk.send("PUT", f"/engines/{engine}", name="My model")
    shown = desk.get("/engines")
    assert 'value="My model"' in shown
    assert _UNSAVED not in shown


def test_a_form_that_does_not_exist_keeps_nothing(desk: Desk) -> None:
    assert desk.send("PUT", "/drafts/nobody:new/form", text="x").status == 404
