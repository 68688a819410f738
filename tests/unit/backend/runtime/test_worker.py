"""A helper process gets a small environment and ends with whoever started it."""

import subprocess
import sys

import psutil
import pytest

from backend.runtime.worker import Job
from tests.helpers.sidecar import ROOT

CLINGING = "tests.helpers.clinging_worker"
PLANTED = (
    *("LD_PRELOAD", "PYTHONPATH", "PYTHONSTARTUP", "QT_PLUGIN_PATH"),
    *("QTWEBENGINE_CHROMIUM_FLAGS", "ROBYN_PORT", "DYLD_INSERT_LIBRARIES"),
    *("OPENAI_API_KEY", "DBUS_SESSION_BUS_ADDRESS", "HTTPS_PROXY", "GGML_X"),
)
LISTED = {"HOME", "LANG", "LC_ALL", "LC_CTYPE", "PATH", "TEMP", "TMP", "TMPDIR"}


def test_nothing_planted_reaches_it(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in PLANTED:
        monkeypatch.setenv(name, "planted")
    monkeypatch.setenv("LANG", "C.UTF-8")
    job = Job(CLINGING, {"holds_lock": False})
    answers = job.answers()
    environment = next(answers)["environment"]
    answers.close()
    assert "planted" not in environment.values()
    assert environment.keys() <= LISTED | {"RUST_LOG", "SYSTEMROOT"}
    assert environment["LANG"] == "C.UTF-8"
    assert environment["RUST_LOG"] == "off"


PARENT = """
import sys, time
from backend.runtime.worker import Job
job = Job("tests.helpers.clinging_worker", {"holds_lock": sys.argv[1] == "holding"})
answers = job.answers()
print(next(answers)["pid"], flush=True)
time.sleep(600)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's word on a pipe")
@pytest.mark.parametrize("state", ["waiting", "holding", "stopped"])
def test_it_ends_with_a_parent_that_is_killed(state: str) -> None:
    command = [sys.executable, "-c", PARENT, state]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as parent:
        try:
            assert parent.stdout is not None
            child = psutil.Process(int(parent.stdout.readline()))
            if state == "stopped":
                child.suspend()
        finally:
            parent.kill()
    _, alive = psutil.wait_procs([child], timeout=20)
    for orphan in alive:
        orphan.kill()
    assert not alive
