"""Processes that read foreign files can neither write nor connect nor start any."""

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

import backend

TRIES = {
    "write": "open(folder + '/made', 'w')",
    "write over": "open(folder + '/there', 'r+b')",
    "make by a flag": "os.open(folder + '/made', os.O_WRONLY | os.O_CREAT)",
    "empty by a flag": "os.open(folder + '/there', os.O_RDONLY | os.O_TRUNC)",
    "remove": "os.remove(folder + '/there')",
    "rename": "os.rename(folder + '/there', folder + '/made')",
    "link": "os.symlink(folder + '/there', folder + '/made')",
    "hard link": "os.link(folder + '/there', folder + '/made')",
    "make a folder": "os.mkdir(folder + '/made')",
    "cut": "os.truncate(folder + '/there', 0)",
    "rights": "os.chmod(folder + '/there', 0o777)",
    "connect": "socket.create_connection(('127.0.0.1', 9))",
    "listen": "socket.socket()",
    "look up": "socket.getaddrinfo('localhost', 80)",
    "start": "subprocess.Popen(['true'])",
    "shell": "os.system('true')",
    "fork": "os.fork()",
    "call C": "import ctypes; ctypes.CDLL(None)",
    # By libraries below Python, of which no hook tells.
    **(
        {
            "connect below": "below(make_socket(2, 1, 0))",
            "start below": "below(run(b'/bin/true', None, None))",
        }
        if sys.platform == "linux"
        else {}
    ),
}

# The process itself, with another act in the place of reading.
PROBE = """
import ctypes, os, socket, subprocess, sys
from backend.importing import __main__ as process

libc = ctypes.CDLL(None, use_errno=True)
make_socket, run = libc.socket, libc.execve
number_of_error = ctypes.get_errno

def below(result):
    if result < 0 and number_of_error() == 1:
        raise PermissionError("must not")

def attempt(path, *, tell_rows):
    folder = str(path)
    try:
        {act}
    except PermissionError as exc:
        process._say("end", {{"refused": str(exc)}})
    else:
        process._say("end", {{"refused": ""}})

process._read = attempt
process.main()
"""


@pytest.mark.skipif(os.name != "posix", reason="tried with POSIX calls")
@pytest.mark.parametrize("case", TRIES)
def test_the_reader_is_refused_whatever_reaches_outside(
    case: str, tmp_path: Path
) -> None:
    there = tmp_path / "there"
    there.write_text("as it was", "utf-8")
    asked = json.dumps({"path": str(tmp_path), "tell_rows": False}) + "\n"
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(PROBE).format(act=TRIES[case])],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=Path(backend.__file__).parents[1],
        text=True,
    )
    assert process.stdin
    assert process.stdout
    with process:
        process.stdin.write(asked)
        process.stdin.flush()
        data = json.loads(process.stdout.readline())
    assert "must not" in data["refused"]
    assert [path.name for path in tmp_path.iterdir()] == ["there"]
    assert there.read_text("utf-8") == "as it was"
