"""The log tells what happened and never what was said."""

import re
import stat
from pathlib import Path

import pytest

from tests.helpers.fault_injection import LAST_ANSWER, running

pytestmark = pytest.mark.e2e

PROMPT = "canary-of-the-prompt"
KEY = "canary-of-the-key"
TITLE = "canary-of-the-draft"


def test_faults_are_logged_without_what_was_said(tmp_path: Path) -> None:
    with running(tmp_path) as trials:
        trials.use_ticking_server()
        form = {"content-type": "application/x-www-form-urlencoded"}
        body = f"url={trials.server.url}/v1&key={KEY}&name=Other"
        trials.request("/engines", method="POST", headers=form, body=body)
        trials.ask(PROMPT)
        trials.window.wait_for(f"{LAST_ANSWER}.innerText.length > 60")
        trials.window.write("textbox", "Message", TITLE)
        trials.window.sidecar.kill()
        trials.window.wait_for(f"{LAST_ANSWER}.getAttribute('aria-busy') === 'false'")
        answer = str(trials.window.evaluate(f"{LAST_ANSWER}.innerText"))
        trials.window.renderer.kill()
        trials.window.attach_again()
        assert trials.end() == 0
    logs = list((tmp_path / "logs").iterdir())
    text = "".join(path.read_text("utf-8") for path in logs)
    assert "Hearth's background process stopped unexpectedly." in text
    assert "the page's process ended" in text
    for secret in (PROMPT, KEY, TITLE, answer.split(maxsplit=1)[0]):
        assert secret not in text
    assert not re.search(r"[0-9a-f]{64}", text)
    for path in (*logs, tmp_path / "logs"):
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path
