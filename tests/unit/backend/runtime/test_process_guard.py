"""The limits of a process, and what its death watch needs."""

import resource
import signal
import subprocess
import sys
import time

import pytest

from backend.runtime.process_guard import (
    MEMORY_HEADROOM_BYTES,
    OPEN_FILES,
)


def run_python(code: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )


@pytest.mark.skipif(sys.platform != "linux", reason="Linux limits")
def test_limits_are_soft_so_that_a_child_may_lift_them() -> None:
    code = (
        "from backend.runtime.process_guard import this_system; import resource as r;"
        "this_system().bound(); s, h = r.getrlimit(r.RLIMIT_AS);"
        "print(s, h, *r.getrlimit(r.RLIMIT_NOFILE)); r.setrlimit(r.RLIMIT_AS, (h, h))"
    )
    result = run_python(code)
    soft, hard, files, most = (int(word) for word in result.stdout.split())
    assert soft > MEMORY_HEADROOM_BYTES
    assert hard == resource.RLIM_INFINITY
    assert files == min(most, OPEN_FILES)


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX alarm")
@pytest.mark.parametrize(
    "busy",
    ["import time; time.sleep(30)", "import ctypes; ctypes.PyDLL(None).sleep(30)"],
)
def test_the_end_comes_whatever_python_does(busy: str) -> None:
    start = time.monotonic()
    ended = run_python(
        "from backend.runtime.process_guard import this_system as t; "
        f"t().end_within(0.2); {busy}"
    )
    assert ended.returncode < 0
    assert time.monotonic() - start < 10


STUCK = """
import threading
from backend.runtime import process_guard as guard
from tests.helpers.clinging_worker import deadlock
{arming}
guard.this_system().follow_parent(lambda: None)
print("stuck", flush=True)
threading.Thread(target=deadlock).start()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's word on a pipe")
def test_only_the_alarm_ends_what_holds_the_interpreter_lock() -> None:
    """The measurement that keeps the alarm: without it the process stays."""
    with (
        stuck("guard._arm_alarm_on_leash = lambda libc: None") as unarmed,
        stuck("") as armed,
    ):
        for process in (unarmed, armed):
            assert process.stdin is not None
            assert process.stdout is not None
            assert process.stdout.readline() == b"stuck\n"
            process.stdin.close()
        start = time.monotonic()
        try:
            assert armed.wait(20) == -signal.SIGALRM
            assert time.monotonic() - start >= signal.SIGILL - 1
            assert unarmed.poll() is None
        finally:
            unarmed.kill()
            armed.kill()


def stuck(arming: str) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-c", STUCK.format(arming=arming)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)


@pytest.mark.parametrize("heavy", ["sqlmodel", "sqlalchemy", "multiprocess", "dill"])
def test_serving_needs_no_heavy_import(heavy: str) -> None:
    code = (
        "import sys; import backend.app, backend.web.listener;"
        "import backend.web.request_guard, backend.web.server;"
        f"print({heavy!r} in sys.modules)"
    )
    result = run_python(code)
    assert result.stdout.strip() == "False", result.stderr


def test_robyn_reads_neither_arguments_nor_environment() -> None:
    result = run_python(
        "import sys; sys.argv[1:] = ['--dev']; import backend.web.robyn_binding;"
        "print([name for name in sys.modules if name.startswith('robyn')])"
    )
    assert result.stdout.strip() == "['robyn', 'robyn.robyn']"
