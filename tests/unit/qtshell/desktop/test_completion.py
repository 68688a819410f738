"""Completions are made from the parser, and the shells can read them."""

import os
import pty
import select
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from qtshell.desktop.completion import completion

_ASK = """
source /dev/stdin
COMP_WORDS=({words}); COMP_CWORD={at}; _hearth; echo "${{COMPREPLY[@]}}"
"""


def bash(words: str, at: int) -> set[str]:
    result = subprocess.run(
        ["bash", "-c", _ASK.format(words=words, at=at)],
        input=completion("bash"),
        capture_output=True,
        text=True,
        check=True,
    )
    return set(result.stdout.split())


@pytest.mark.parametrize(
    ("words", "at", "expected"),
    [
        ("hearth st", 1, {"status"}),
        ("hearth --hid", 1, {"--hidden"}),
        ("hearth status --js", 2, {"--json"}),
        ("hearth completion z", 2, {"zsh"}),
        ("hearth --autostart o", 2, {"on", "off"}),
    ],
)
def test_bash_completes_commands_options_and_choices(
    words: str, at: int, expected: set[str]
) -> None:
    assert bash(words, at) == expected


_START = {
    "bash": ("--norc", "--noprofile", "-i"),
    "zsh": ("-f", "-i"),
}
_LOAD = {
    "bash": "source {file}",
    "zsh": "autoload -U compinit && compinit -u -D && source {file}",
}


def typed_in(shell: str, file: Path, keys: str, expected: str) -> str:
    """Type into a shell on a terminal of its own until it shows what is expected."""
    terminal, its_end = pty.openpty()
    process = subprocess.Popen(
        [shell, *_START[shell]],
        stdin=its_end,
        stdout=its_end,
        stderr=its_end,
        env={"TERM": "dumb", "PATH": os.environ["PATH"], "PS1": "> "},
        start_new_session=True,
    )
    os.close(its_end)
    shown, deadline = "", time.monotonic() + 30
    os.write(terminal, f"{_LOAD[shell].format(file=file)}; echo load''ed\n".encode())
    is_typed = False
    try:
        while expected not in shown and time.monotonic() < deadline:
            if not select.select([terminal], [], [], 1)[0]:
                continue
            shown += os.read(terminal, 4096).decode("utf-8", "replace")
            if "loaded" in shown and not is_typed:
                is_typed = True
                os.write(terminal, keys.encode())
    finally:
        process.kill()
        process.wait(10)
        os.close(terminal)
    return shown


@pytest.mark.parametrize("shell", ["bash", "zsh"])
@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ("hearth stat\t", "hearth status "),
        ("hearth --hid\t", "hearth --hidden "),
        ("hearth completion f\t", "hearth completion fish "),
    ],
)
def test_a_shell_completes_what_is_typed(
    shell: str, keys: str, expected: str, tmp_path: Path
) -> None:
    if not shutil.which(shell):
        pytest.skip(f"{shell} is not installed")
    file = tmp_path / "hearth"
    file.write_text(completion(shell), "utf-8")
    assert expected in typed_in(shell, file, keys, expected)


@pytest.mark.skipif(not shutil.which("fish"), reason="fish is not installed")
@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("hearth sta", {"status"}),
        ("hearth --hid", {"--hidden"}),
        ("hearth status --js", {"--json"}),
        ("hearth completion z", {"zsh"}),
        ("hearth --autostart o", {"on", "off"}),
    ],
)
def test_fish_completes_what_is_typed(
    line: str, expected: set[str], tmp_path: Path
) -> None:
    result = subprocess.run(
        ["fish", "--no-config", "-c", f"source; complete -C {line!r}"],
        input=completion("fish"),
        capture_output=True,
        text=True,
        check=True,
        env={"HOME": str(tmp_path), "PATH": os.environ["PATH"]},
    )
    assert {row.split("\t")[0] for row in result.stdout.splitlines()} == expected
    assert "%%" not in result.stdout


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_every_command_is_in_it(shell: str) -> None:
    text = completion(shell)
    for word in ("ask", "note", "search", "action", "status", "quit", "quick-ask"):
        assert word in text
