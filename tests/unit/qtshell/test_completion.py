"""Completions are made from the parser, and the shells can read them."""

import shutil
import subprocess

import pytest

from qtshell.completion import completion

_ASK = """
source /dev/stdin
COMP_WORDS=({words}); COMP_CWORD={at}; _hearth; echo "${{COMPREPLY[@]}}"
"""


def bash(words: str, at: int) -> set[str]:
    told = subprocess.run(
        ["bash", "-c", _ASK.format(words=words, at=at)],
        input=completion("bash"),
        capture_output=True,
        text=True,
        check=True,
    )
    return set(told.stdout.split())


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


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_other_shells_take_theirs(shell: str) -> None:
    text = completion(shell)
    for word in ("ask", "note", "search", "action", "status", "quit", "quick-ask"):
        assert word in text
    if program := shutil.which(shell):
        subprocess.run([program, "-n", "-c", text], check=True, capture_output=True)
