"""The library of models in the window: found, downloaded over a restart, asked."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers.htmx import SETTLED
from tests.helpers.model_hub import ModelHub
from tests.helpers.model_server import FakeModelServer
from tests.helpers.scripted_model import HELLO
from tests.helpers.window import Window, until

pytestmark = [pytest.mark.e2e, pytest.mark.gui, pytest.mark.sidecar]

NAME = "hello-Q4_0"
OPEN_MODELS = "document.querySelector('[data-title=Models]') !== null"


@pytest.fixture
def hub(scripted_gguf: Path) -> ModelHub:
    """A hub with the scripted model; it hangs after the first 200 kB."""
    hub = ModelHub({f"{NAME}.gguf": scripted_gguf.read_bytes()})
    hub.cuts, hub.failures = [200_000], [None, hub.hang]
    return hub


@pytest.fixture
def server(hub: ModelHub, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeModelServer]:
    with hub.serve() as server:
        monkeypatch.setenv("HF_ENDPOINT", server.url)
        yield server


def open_models(window: Window) -> None:
    window.click("link", "Settings")
    window.click("link", "Download models")
    window.wait_for(OPEN_MODELS)


def download(window: Window) -> None:
    """Find the model and begin to download it, by the keyboard."""
    window.write("searchbox", "Model name", "tiny")
    window.press("Enter")
    window.wait_for(f"document.querySelector('.variants summary') && {SETTLED}")
    window.evaluate("document.querySelector('.variants summary').focus()")
    window.press("Enter")
    window.wait_for(f"document.querySelector('.variant-list form') && {SETTLED}")
    window.click("button", f"Download {NAME}")


@pytest.mark.usefixtures("server")
def test_a_model_is_found_downloaded_over_a_restart_and_asked(
    tmp_path: Path, hub: ModelHub
) -> None:
    data = tmp_path / "data"
    with Window.start(data) as window:
        open_models(window)
        window.photograph("models-empty")
        download(window)
        until(hub.hung.is_set, "the cut")
        window.wait_for("document.querySelector('#models-here progress') !== null")
        window.photograph("models-downloading")
        assert window.quit() == 0
    with Window.start(data) as window:
        open_models(window)
        window.wait_for("document.querySelector('#models-here .note.success') !== null")
        window.click("button", f"Check the file of {NAME}")
        window.wait_for(
            "document.body.innerText.includes('is what was downloaded, to the last')"
        )
        window.photograph("models-ready")
        assert hub.ranges == ["", "200000"]
        window.click("button", "New conversation")
        window.ask("hello")
        window.wait_for(f"document.body.innerText.includes({HELLO!r})")


@pytest.mark.usefixtures("server")
def test_a_person_keeps_models_elsewhere_undoes_and_drops_files(
    tmp_path: Path, hub: ModelHub, scripted_gguf: Path
) -> None:
    hub.cuts, hub.failures = [], []
    stick, path = tmp_path / "stick", "document.querySelector('#models-here .path')"
    with Window.start(tmp_path / "data") as window:
        open_models(window)
        window.evaluate(
            "fetch('/models/folder', {method: 'POST', body: new URLSearchParams("
            f"{{path: {str(stick)!r}}})}})"
        )
        window.wait_for(f"{path}.innerText.includes('stick/Hearth models')")
        download(window)
        window.click("button", f"Delete {NAME}")
        window.wait_for("document.querySelector('.deleted-models') !== null")
        window.click("button", "Undo")
        window.wait_for("document.querySelector('.deleted-models') === null")
        window.wait_for("document.querySelector('#models-here .note.success') !== null")
        assert (stick / f"Hearth models/owner/Tiny-GGUF/{NAME}.gguf").is_file()
        stick.rename(tmp_path / "drawer")
        window.evaluate("fetch('/models/folder', {method: 'POST'})")
        window.wait_for(
            "document.querySelector('#models-here .note.warning')"
            "?.innerText.includes('is not there. Connect its disk')"
        )
        paths = [tmp_path / "no model.gguf", scripted_gguf]
        paths[0].write_text("no model")
        form = f"new URLSearchParams({{paths: JSON.stringify({[*map(str, paths)]})}})"
        window.evaluate(f"fetch('/models/files', {{method: 'POST', body: {form}}})")
        for said in ("no model.gguf: The built-in engine", "scripted is ready."):
            window.wait_for(f"document.body.innerText.includes({said!r})")
        window.photograph("models-away")
