"""How the sidecar is started."""

import subprocess

from qtshell.sidecar.launch import sidecar_launch


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
