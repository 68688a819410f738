"""With encryption on, nothing that was written is on the disk to be read."""

import contextlib
import json
from pathlib import Path

import psutil
import pytest

from backend.recovery.encryption_probe import Seal, seal_of
from tests.helpers import export_samples
from tests.helpers.page import Parrot
from tests.helpers.processes import are_gone
from tests.helpers.window import Window, until

pytestmark = pytest.mark.e2e

_WORDS = (
    *("zyxwasked", "zyxwanswered", "zyxwnoted", "zyxwimported", "zyxwdrafted"),
    *("zyxwfleeting", "zyxwtyped"),
)
_ASKED, _ANSWERED, _NOTED, _IMPORTED, _DRAFTED, _FLEETING, _TYPED = _WORDS
_PASSPHRASE = "zyxwpass correct horse"
_CONNECTED = "document.querySelector('.model [name=choice]') !== null"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home in which all folders are that a program might write to."""
    for name in ("CACHE_HOME", "CONFIG_HOME", "DATA_HOME", "STATE_HOME"):
        monkeypatch.setenv(f"XDG_{name}", str(tmp_path / "home" / name.lower()))
    for name in ("HOME", "TMPDIR"):
        folder = tmp_path / "home" / name.lower()
        folder.mkdir(parents=True)
        monkeypatch.setenv(name, str(folder))
    return tmp_path / "home"


def send(window: Window, to: str, **form: str) -> int:
    """Send a form as the page does."""
    body = f"new URLSearchParams({json.dumps(form)})"
    script = f"fetch({json.dumps(to)}, {{method: 'POST', body: {body}}})"
    return int(window.evaluate(f"{script}.then(r => r.status)"))


def encrypt(window: Window) -> None:
    window.go("/encryption")
    window.write("textbox", "Passphrase", _PASSPHRASE)
    window.write("textbox", "Repeat the passphrase", _PASSPHRASE)
    window.click("button", "Use this passphrase")
    window.wait_for("document.body.innerText.includes('asks for it at every start')")


def talk(window: Window, parrot: Parrot) -> None:
    assert send(window, "/engines", name="Parrot", url=parrot.server.url, key="") == 204
    window.go("/")
    window.wait_for(_CONNECTED)
    window.ask(_ASKED)
    window.wait_for(
        f"document.querySelector('#log .answer')?.innerText.includes('{_ANSWERED}')"
    )
    window.write("textbox", "Message", _DRAFTED)
    note = "/notes/0198c0de-0000-7000-8000-000000000001"
    body = f"new URLSearchParams({{body: '{_NOTED}'}})"
    wrote = f"fetch('{note}', {{method: 'PUT', body: {body}}}).then(r => r.ok)"
    assert window.evaluate(wrote)


def talk_in_passing(window: Window) -> None:
    """Talk in a temporary conversation over a reload."""
    window.go("/")
    window.click("link", "New temporary chat")
    window.wait_for("document.querySelector('.temporary') !== null")
    window.wait_for(_CONNECTED)
    window.ask(_FLEETING)
    answered = """document.querySelector('#log .answer[aria-busy="false"]')"""
    window.wait_for(f"{answered}?.innerText.includes('{_FLEETING}')")
    window.write("textbox", "Message", _TYPED)
    drafted = "fetch('/drafts/' + location.pathname.slice(15)).then(r => r.text())"
    window.wait_for(f"{drafted}.then(t => t.includes('{_TYPED}'))")
    window.go(str(window.evaluate("location.pathname")))
    window.wait_for(f"{answered}?.innerText.includes('{_FLEETING}')")
    assert window.evaluate("document.querySelector('[name=text]').value") == _TYPED


def find(window: Window) -> None:
    for word in (_ASKED, _ANSWERED, _NOTED, _IMPORTED):
        shown = f"fetch('/search?q={word}').then(r => r.text())"
        hits = f"{shown}.then(t => t.includes('class=\"hit'))"
        window.wait_for(hits)


def carry(window: Window, outside: Path) -> None:
    """Back up, import, and export with a change of mind."""
    path = outside / "conversations.json"
    path.write_text(json.dumps([export_samples.chatgpt(title=_IMPORTED)]), "utf-8")
    assert send(window, "/backups") == 200
    assert send(window, "/imports", path=str(path)) < 300
    window.go("/imports")
    window.click("button", "Import")
    window.wait_for(f"document.body.innerText.includes('{_IMPORTED}')")
    target = outside / "everything.json"
    data = {"what": "", "format": "json", "path": str(target)}
    assert send(window, "/exports", **data) == 204
    send(window, "/exports/cancel")
    until(
        lambda: (
            window.evaluate("fetch('/exports/state').then(r => r.text())").strip() == ""
        ),
        "the end of the export",
    )
    path.unlink()
    target.unlink(missing_ok=True)
    assert list(outside.iterdir()) == []


def readable(folder: Path) -> list[str]:
    """Return the files in which a word of ours can be read."""
    words = (*_WORDS, _PASSPHRASE)
    forms = [w.encode(code) for w in words for code in ("utf-8", "utf-16-le")]
    return [
        str(file)
        for file in folder.rglob("*")
        if file.is_file() and any(form in file.read_bytes() for form in forms)
    ]


def test_no_word_is_on_the_disk(home: Path, tmp_path: Path) -> None:
    data, outside = home / "data", tmp_path / "outside"
    outside.mkdir()
    parrot = Parrot()
    parrot.texts[_ASKED] = f"It is {_ANSWERED}."
    parrot.texts[_FLEETING] = f"As {_FLEETING} as this."
    with parrot.server:
        with Window.start(data) as window:
            encrypt(window)
            talk(window, parrot)
            carry(window, outside)
            find(window)
            talk_in_passing(window)
            assert readable(home) == []
            below = window.children
            window.kill()
            for process in below:
                with contextlib.suppress(psutil.NoSuchProcess):
                    process.kill()
            assert are_gone(below)
            assert readable(home) == []
        logs = window.log
        with Window.start(data) as window:
            window.wait_for("location.pathname === '/unlock'")
            window.write("textbox", "Passphrase or recovery code", _PASSPHRASE)
            window.click("button", "Unlock")
            window.wait_for("location.pathname === '/'")
            find(window)
            assert window.quit() == 0
        logs += window.log
    assert seal_of(data / "hearth.db") is Seal.ENCRYPTED
    assert readable(home) == []
    assert not [word for word in (*_WORDS, _PASSPHRASE) if word in logs]
