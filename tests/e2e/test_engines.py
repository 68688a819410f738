"""Engines as a person adds, edits and removes them in the window."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers.certificates import untrusted_context
from tests.helpers.htmx import SETTLED
from tests.helpers.model_server import Exchange, FakeModelServer, Script, refusing_port
from tests.helpers.proxy import OfficeProxy
from tests.helpers.window import Window

pytestmark = [pytest.mark.e2e, pytest.mark.gui, pytest.mark.sidecar]


ERROR = "[...document.querySelectorAll('#toasts .danger')].at(-1)?.innerText"


def listing(*ids: str) -> Script:
    body = json.dumps({"object": "list", "data": [{"id": model} for model in ids]})

    def play(exchange: Exchange) -> None:
        is_list = exchange.path.endswith("/v1/models")
        exchange.answer(200 if is_list else 404, body if is_list else "{}")

    return play


def without_list(exchange: Exchange) -> None:
    is_chat = exchange.path.endswith("/v1/chat/completions")
    exchange.answer(400 if is_chat else 404, "{}")


@pytest.fixture(scope="module")
def window(
    tmp_path_factory: pytest.TempPathFactory, scripted_gguf: Path
) -> Iterator[Window]:
    """One window for the module; nothing is set up, and LM Studio keeps a model."""
    home = tmp_path_factory.mktemp("home")
    models = home / ".lmstudio" / "models" / "org" / "name"
    models.mkdir(parents=True)
    shutil.copy(scripted_gguf, models / "found-model.gguf")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOME", str(home))
        with Window.start(home / "data") as started:
            yield started


def fill(window: Window, name: str, text: str, role: str = "textbox") -> None:
    """Replace what a field has, as a person does."""
    field = window.find(role, name)
    window._call(field, "function() { this.focus(); this.select() }")
    window.send("Input.insertText", text=text)


def alerts(window: Window) -> list[str]:
    """What is said in red, in the order of the page."""
    data = window.evaluate(
        "[...document.querySelectorAll('[role=alert]')]"
        ".filter(e => e.checkVisibility()).map(e => e.innerText.trim())"
    )
    return [str(text) for text in data]


def open_settings(window: Window) -> None:
    window.evaluate("document.querySelector('#main > *').dataset.earlier = ''")
    window.click("link", "Settings")
    window.wait_for("document.querySelector('[data-earlier]') === null")
    window.wait_for(SETTLED)
    window.find("list", "Models and servers")


def test_an_error_goes_when_its_form_is_sent_again(window: Window) -> None:
    with FakeModelServer(listing("embed-1", "qwen3", "gemma")) as server:
        with refusing_port() as port:
            fill(window, "Address", f"127.0.0.1:{port}")
            window.click("button", "Connect")
            window.wait_for("document.querySelector('#toasts .danger') !== null")
            window.photograph("engines-welcome-error")
            [said] = alerts(window)
            assert said.startswith(f"Nothing answers at 127.0.0.1:{port}.")
            kept = window.evaluate(
                "document.querySelector('[name=url]:not([type])').value"
            )
            assert kept == f"127.0.0.1:{port}"
        fill(window, "Address", f"127.0.0.1:{server.port}")
        window.click("button", "Connect")
        window.wait_for("document.querySelector('#composer .picker-button') !== null")
        window.wait_for("document.querySelector('.toast.success') !== null")
        window.photograph("engines-connected")
        assert (
            "Connected: 3 models. qwen3 is used for new conversations."
            in window.evaluate("document.querySelector('.toast.success').innerText")
        )
        assert not alerts(window)


def test_a_model_of_another_program_is_used_where_it_is(window: Window) -> None:
    open_settings(window)
    window.find("button", "Use found-model")
    window.evaluate("document.querySelector('.found-files').scrollIntoView()")
    window.photograph("engines-found")
    window.click("button", "Use found-model")
    chosen = "document.querySelector('#composer .picker-button')?.innerText"
    window.wait_for(f"{chosen} === 'found-model'")
    window.wait_for(SETTLED)
    window.ask("Hi")
    window.wait_for("document.querySelector('.answer[aria-busy=false]') !== null")
    open_settings(window)
    window.wait_for("document.querySelector('.found-files') !== null")
    assert not window.has("button", "Use found-model")


def test_a_model_is_typed_where_the_server_lists_none(window: Window) -> None:
    with FakeModelServer(without_list) as server:
        open_settings(window)
        fill(window, "Address", server.url)
        window.click("button", "Connect")
        fill(window, "Model name", "my-model")
        window.photograph("engines-typed-model")
        window.click("button", "Connect")
        window.wait_for(
            "document.querySelector('#composer [name=choice]')"
            "?.value.endsWith('|my-model')"
        )


def behind_a_proxy(exchange: Exchange) -> None:
    if exchange.path.endswith("/models"):
        listing("office-model")(exchange)
    else:
        exchange.say("From behind the proxy.")


def test_a_server_behind_a_proxy_with_a_password_and_an_own_authority_answers(
    window: Window, tmp_path: Path
) -> None:
    office = OfficeProxy("me:secret")
    tls = untrusted_context(tmp_path)
    with FakeModelServer(behind_a_proxy, tls=tls) as server, office.serve() as proxy:
        open_settings(window)
        fill(window, "Address", server.url)
        window.click("button", "Connect")
        window.wait_for(f"{ERROR}?.includes('certificate')")
        behind = "It is behind a proxy"
        window.evaluate(
            "[...document.querySelectorAll('summary')]"
            f".find(one => one.innerText.trim() === '{behind}').click()"
        )
        authority = str(tmp_path / "untrusted.pem")
        fill(window, "File of an own certificate authority", authority)
        fill(window, "Proxy", proxy.url, "combobox")
        window.click("button", "Connect")
        window.wait_for(f"{ERROR}?.includes('proxy')")
        window.photograph("engines-proxy")
        known = f"http://me:secret@127.0.0.1:{proxy.port}"
        fill(window, "Proxy", known, "combobox")
        window.click("button", "Connect")
        chosen = "document.querySelector('#composer .picker-button')?.innerText"
        window.wait_for(f"{chosen} === 'office-model'")
        window.wait_for(SETTLED)
        window.ask("Hi")
        answer = "document.querySelector('#log .answer[aria-busy=false]')"
        window.wait_for(f"{answer}?.innerText.includes('From behind the proxy.')")
        open_settings(window)
        page = window.evaluate("document.documentElement.outerHTML")
        assert f"127.0.0.1:{proxy.port}" in page
        assert "secret" not in page
    assert {asked.split()[0] for asked in office.asked} == {"CONNECT"}


def test_an_engine_is_edited_and_removed(window: Window) -> None:
    with FakeModelServer(listing("b")) as server:
        open_settings(window)
        window.evaluate("document.querySelector('.engine-edit summary').click()")
        name = window.evaluate(
            "document.querySelector('.engine-edit [name=name]').value"
        )
        fill(window, f"Name of {name}", "Mine")
        fill(window, f"Address of {name}", server.url)
        window.evaluate("document.querySelectorAll('.engine-edit summary')[2].click()")
        fill(window, f"Extra headers of {name}", "X-Team: research\n")
        window.photograph("engines-edit")
        window.click("button", f"Save {name}")
        window.wait_for(
            "document.querySelector('#engines strong').innerText === 'Mine'"
        )
        window.wait_for("document.querySelector('#engines .note.success') !== null")
        window.photograph("engines-edited")
        assert "X-Team: research" in server.requests[-1].head
        shown = "document.querySelector('[name=headers]').value"
        assert window.evaluate(shown) == "X-Team: …\n", "the value is a secret"
        window.click("button", "Remove Mine")
        window.wait_for(
            "!document.querySelector('#engines').innerText.includes('Mine')"
        )
