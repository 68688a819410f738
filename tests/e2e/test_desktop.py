"""Hearth in a desktop: installed, launched from its entry, called, and taken out."""

import contextlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from qtshell.identity import APP_ID
from qtshell.ipc.instance import running
from qtshell.web.chromium import has_gpu
from tests.helpers.window import ARTIFACTS, ROOT, Window, until

pytestmark = [pytest.mark.gui, pytest.mark.e2e]


@dataclass(frozen=True)
class Home:
    """A user's folders, with Hearth in the start menu."""

    path: Path

    @property
    def data_dir(self) -> Path:
        return self.path / "my data"

    @property
    def entry(self) -> Path:
        return self.path / "share" / "applications" / f"{APP_ID}.desktop"

    @property
    def environment(self) -> dict[str, str]:
        own = {
            "HOME": str(self.path),
            "XDG_DATA_HOME": str(self.path / "share"),
            "XDG_CONFIG_HOME": str(self.path / "config"),
        }
        return os.environ | own

    def run(
        self, *command: str, piped: str | None = None
    ) -> "subprocess.CompletedProcess[str]":
        """Run a program as this user."""
        return subprocess.run(
            command,
            cwd=ROOT,
            env=self.environment,
            stdin=subprocess.DEVNULL if piped is None else None,
            input=piped,
            capture_output=True,
            text=True,
            check=False,
            timeout=90,
        )

    def hearth(
        self, *arguments: str, piped: str | None = None
    ) -> "subprocess.CompletedProcess[str]":
        """Run Hearth's command line as this user."""
        program = [sys.executable, "-m", "qtshell", "--data-dir", str(self.data_dir)]
        return self.run(*program, *arguments, piped=piped)

    def status(self) -> dict[str, object]:
        """Return what Hearth says of itself."""
        result: dict[str, object] = json.loads(self.hearth("status", "--json").stdout)
        return result

    def wait_until_ready(self) -> None:
        """Wait for the sidecar behind the window."""
        until(lambda: self.status().get("phase") == "ready", "Hearth to be ready")

    def screenshot(self, name: str) -> None:
        """Photograph the screen into the artifacts folder."""
        ARTIFACTS.mkdir(exist_ok=True)
        path = ARTIFACTS / f"{name}.png"
        subprocess.run(["import", "-window", "root", path], check=True, timeout=30)


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    """Install for a user of the test's own, and leave nothing running."""
    home = Home(tmp_path)
    result = home.hearth("--install-desktop")
    assert result.returncode == 0, result.stderr
    yield home
    if pid := running(home.data_dir):
        with contextlib.suppress(psutil.NoSuchProcess):
            process = psutil.Process(pid)
            tree = [process, *process.children(recursive=True)]
            process.terminate()
            _, alive = psutil.wait_procs(tree, timeout=20)
            for left in alive:
                left.kill()


def window_of(pid: object) -> str | None:
    result = subprocess.run(
        ["xdotool", "search", "--onlyvisible", "--pid", str(pid), "--name", "Hearth"],
        capture_output=True,
        text=True,
        check=False,
    )
    return result.stdout.split()[0] if result.stdout.split() else None


@pytest.mark.parametrize("launcher", ["gio", "gtk-launch"])
def test_the_entry_opens_the_window_and_again_raises_the_same(
    home: Home, launcher: str
) -> None:
    command = {
        "gio": ("gio", "launch", str(home.entry)),
        "gtk-launch": ("gtk-launch", f"{APP_ID}.desktop"),
    }[launcher]
    # The launcher's own output stays open in what it launched.
    with subprocess.Popen(
        command,
        env=home.environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ):
        home.wait_until_ready()
        pid = home.status()["pid"]
        window = until(lambda: window_of(pid), "the window")
        result = home.run("xprop", "-id", window, "WM_CLASS")
        assert f'"{APP_ID}"' in result.stdout
        home.screenshot(f"desktop-{launcher}")
        closing = ["windowactivate", "--sync", window, "key", "alt+F4"]
        subprocess.run(["xdotool", *closing], check=True)
        until(lambda: home.status()["window"] == "hidden", "the window to hide")
        subprocess.run(
            command,
            env=home.environment,
            check=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=60,
        )
        until(lambda: home.status()["window"] == "shown", "the window again")
        assert home.status()["pid"] == pid
        assert home.hearth("quit").returncode == 0


@pytest.mark.skipif(not shutil.which("jgmenu"), reason="jgmenu is not installed")
def test_the_entry_is_found_and_chosen_in_a_menu(home: Home) -> None:
    quiet = subprocess.DEVNULL
    menu = ["jgmenu", "--simple", "--center", "--csv-cmd=jgmenu_run apps"]
    with subprocess.Popen(
        menu, env=home.environment, stdin=quiet, stdout=quiet, stderr=quiet
    ) as chooser:
        search = ["xdotool", "search", "--onlyvisible", "--class", "jgmenu"]
        until(lambda: bool(home.run(*search).stdout), "the menu")
        subprocess.run(["xdotool", "type", "hearth"], check=True)
        home.screenshot("desktop-menu")
        subprocess.run(["xdotool", "key", "Return"], check=True)
        home.wait_until_ready()
        assert home.status()["window"] == "shown"
        assert home.hearth("quit").returncode == 0
        chooser.kill()


def test_uninstalling_stops_hearth_and_leaves_the_data(home: Home) -> None:
    assert home.hearth("note", "kept").returncode == 0
    pid = running(home.data_dir)
    assert pid is not None
    tree = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
    assert home.hearth("--autostart", "on").returncode == 0
    result = home.hearth("--uninstall-desktop")
    assert result.returncode == 0, result.stderr
    assert not psutil.wait_procs(tree, timeout=10)[1]
    left = {p for p in home.path.rglob("*") if p.is_file()}
    assert left
    assert all(p.is_relative_to(home.data_dir) or ".cache" in p.parts for p in left), (
        left
    )
    assert (home.data_dir / "hearth.db").exists()


def test_notes_are_saved_found_and_acted_on_from_the_command_line(home: Home) -> None:
    result = home.hearth("note", "-", piped="The kettle is in the attic.\n")
    assert (result.returncode, result.stdout) == (0, "Saved as a note.\n")
    assert "kettle" in home.hearth("search", "kettle").stdout
    assert home.hearth("search", "teapot").stdout == "Nothing was found.\n"
    result = home.hearth("action", "upper", piped="whisper")
    assert (result.returncode, result.stdout) == (0, "WHISPER\n")
    result = home.hearth("action", "dance", piped="x")
    assert result.returncode == 1
    assert "Known: " in result.stderr


def test_the_entry_saves_the_clipboard_as_a_note(home: Home) -> None:
    subprocess.run(
        ["xclip", "-selection", "clipboard"], input=b"From afar", check=True, timeout=10
    )
    assert home.hearth("note", "first").returncode == 0
    assert home.hearth("--note-from-clipboard").returncode == 0
    until(lambda: "afar" in home.hearth("search", "afar").stdout, "the note")


@pytest.mark.skipif(has_gpu(), reason="where there is a graphics card, it draws")
def test_without_a_graphics_card_opengl_is_not_even_loaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The tests run without it themselves; the program has to find out anew.
    monkeypatch.delenv("QT_QUICK_BACKEND", raising=False)
    monkeypatch.delenv("QT_XCB_GL_INTEGRATION", raising=False)
    with Window.start(tmp_path) as window:
        shell = psutil.Process(window.process.pid)
        mapped = {Path(part.path).name for part in shell.memory_maps()}
        assert any("WebEngineCore" in name for name in mapped), "nothing is drawn"
        assert not [name for name in mapped if "LLVM" in name or "GLX_mesa" in name]
        assert not re.search("WARNING.*(OpenGL|Gles|RHI)", window.log)
