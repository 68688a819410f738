"""A person opens Hearth, chats with a real model, quits, and finds everything again."""

import socket
import subprocess
from pathlib import Path

import pytest

from backend.interface.protocol import LOOPBACK
from tests.helpers.model_server import llama_server
from tests.helpers.processes import are_gone
from tests.helpers.scripted_model import HELLO
from tests.helpers.window import Window

pytestmark = pytest.mark.e2e

ANSWER = "[...document.querySelectorAll('.answer .prose')].at(-1)?.innerText ?? ''"


def is_open(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((LOOPBACK, port)) == 0


def xdotool(*words: str) -> None:
    subprocess.run(["xdotool", *words], check=True, timeout=30)


def test_a_person_chats_with_a_model_file_and_finds_it_all_again(
    tmp_path: Path, scripted_gguf: Path
) -> None:
    data_dir = tmp_path / "Jörg und Zoë's data"
    with Window.start(data_dir) as window:
        assert window.find("navigation", "Main")
        window.click("link", "Open a file…")
        xdotool("search", "--sync", "--name", "Choose a Model", "windowactivate")
        xdotool("type", str(scripted_gguf))
        xdotool("key", "Return")
        window.wait_for("document.querySelector('.model [name=choice]') !== null")

        window.ask("Hello, who are you?")
        window.wait_for(f"({ANSWER}).includes({HELLO.split()[0]!r})")
        window.wait_for("!document.querySelector('[aria-busy=true]')")
        assert window.text_of("log", "Conversation").count("Hello, who are you?") == 1
        assert window.evaluate(ANSWER).strip() == HELLO.strip()

        window.ask("Go on forever")
        window.find("button", "Stop")
        early = len(window.wait_for(ANSWER))
        window.wait_for(f"({ANSWER}).length > {early + 50}")
        window.click("button", "Stop")
        window.wait_for("!document.querySelector('[aria-busy=true]')")
        stopped = window.evaluate(ANSWER)
        assert window.find("button", "Continue")
        window.screenshot("chat")
        port, below = window.port, window.children
        assert window.quit() == 0
    assert are_gone(below)
    assert not is_open(port)

    with Window.start(data_dir) as window:
        window.click("link", "Hello, who are you?")
        window.wait_for("document.querySelectorAll('.message').length === 4")
        assert window.evaluate(ANSWER) == stopped


def test_a_server_is_reached_as_a_stranger(tmp_path: Path, scripted_gguf: Path) -> None:
    with (
        llama_server(scripted_gguf, "a-key") as url,
        Window.start(tmp_path / "data") as window,
    ):
        window.write("textbox", "Address", url)
        window.click("button", "Connect")
        window.wait_for("document.querySelector('#toasts .danger') !== null")
        assert "key" in window.evaluate("document.querySelector('#toasts').innerText")
        window.evaluate("document.querySelector('.choice details').open = true")
        window.write("textbox", "API key", "a-key")
        window.click("button", "Connect")
        window.wait_for("document.querySelector('.model [name=choice]') !== null")
        window.ask("Hello")
        window.wait_for(f"({ANSWER}).trim() === {HELLO.strip()!r}")


def test_a_draft_and_a_rename_survive_a_killed_shell(
    tmp_path: Path, scripted_gguf: Path
) -> None:
    with Window.start(tmp_path) as window:
        window.use_model(scripted_gguf)
        window.ask("Hello")
        window.wait_for("!document.querySelector('[aria-busy=true]')")
        title = "Hello from the scripted llama.cpp fixture model"
        window.click("button", f"Actions for {title}")
        window.click("menuitem", "Rename")
        window.find("textbox", "Title")
        window.evaluate("document.querySelector('input[name=title]').value = ''")
        window.write("textbox", "Title", "A better name")
        window.press("Enter")
        window.find("link", "A better name")
        with_draft = "fetch(location.pathname.replace('conversations', 'drafts'))"
        window.write("textbox", "Message", "half a thought")
        window.wait_for(f"{with_draft}.then(r => r.text()).then(t => t.length > 10)")
        below = window.children
        window.kill()
    assert are_gone(below)
    with Window.start(tmp_path) as window:
        window.click("link", "A better name")
        window.wait_for(
            "document.querySelector('.composer textarea')?.value === 'half a thought'"
        )


def test_a_deleted_conversation_comes_back_with_undo(
    tmp_path: Path, scripted_gguf: Path
) -> None:
    with Window.start(tmp_path) as window:
        window.use_model(scripted_gguf)
        window.ask("Where is my coat today?")
        window.find("link", "Where is my coat today?")
        window.wait_for("!document.querySelector('[aria-busy=true]')")
        window.click("button", "Actions for Where is my coat today?")
        window.click("menuitem", "Delete")
        window.wait_for("location.pathname === '/'")
        window.click("button", "Undo")
        window.find("link", "Where is my coat today?")


def test_ten_instances_on_other_folders_do_not_meet(tmp_path: Path) -> None:
    folders = [tmp_path / f"instance {number}" for number in range(10)]
    windows: list[Window] = []
    try:
        windows += [Window.launch(folder) for folder in folders]
        for window in windows:
            window.attach()
        assert len({window.port for window in windows}) == len(folders)
    finally:
        for window in windows:
            window.kill()
            window.close()


def test_without_a_display_it_says_so_and_exits_with_2(tmp_path: Path) -> None:
    command = Window.command(tmp_path)
    result = subprocess.run(
        command,
        env={"HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 2
    assert len(result.stderr.strip().splitlines()) == 1
    assert "display" in result.stderr
