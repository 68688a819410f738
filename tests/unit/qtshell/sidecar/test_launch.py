"""How the sidecar is started."""

import subprocess

from qtshell.sidecar.launch import clean_environment, sidecar_launch


def test_what_steers_interpreters_is_dropped_and_the_session_is_kept() -> None:
    kept = {"HOME": "/h", "LANG": "de", "DBUS_SESSION_BUS_ADDRESS": "d", "PATH": "/b"}
    dropped = {
        "ROBYN_HOST": "0.0.0.0",
        "PYTHONPATH": "/evil",
        "LD_PRELOAD": "/evil.so",
        "DYLD_INSERT_LIBRARIES": "/evil",
        "QTWEBENGINE_REMOTE_DEBUGGING": "9222",
    }
    assert clean_environment(kept | dropped) == kept


def test_the_command_runs_the_backend_from_any_folder(tmp_path: object) -> None:
    launch = sidecar_launch()
    ended = subprocess.run(
        [launch.program, *launch.arguments],
        input=b"no hello\n",
        capture_output=True,
        cwd=str(tmp_path),
        timeout=30,
        check=False,
    )
    assert ended.returncode == 2
    assert b"Traceback" not in ended.stderr
    assert ended.stdout == b""
