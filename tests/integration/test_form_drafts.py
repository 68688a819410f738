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


def test_a_form_that_does_not_exist_keeps_nothing(desk: Desk) -> None:
    assert desk.send("PUT", "/drafts/nobody:new/form", text="x").status == 404
