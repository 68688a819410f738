"""What the log keeps and what it must not."""

import logging
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from backend.interface.protocol import new_token
from qtshell.process.logs import open_logs, redact

UUID = "0198a4c2-7b1e-7cc3-98c4-dc0c0c07398f"


@pytest.fixture
def restored_root() -> Iterator[None]:
    """Put the root logger back as it was."""
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    yield
    for handler in set(root.handlers) - set(before):
        root.removeHandler(handler)
        handler.close()
    root.setLevel(level)


@pytest.mark.parametrize(
    "secret",
    [
        pytest.param(new_token(), id="token"),
        "sk-proj-abcdefghij1234",
        "Bearer abc.def",
        "api_key=short",
        '"password": "hunter2"',
        "dGhpcyBpcyBhIHNlY3JldCBvZiBzb21lYm9keQ==",
        "someone@example.com",
        "/home/someone/chats",
        "C:\\Users\\someone\\chats",
        "http://127.0.0.1:5/search?q=private",
    ],
)
def test_secrets_are_taken_out(secret: str) -> None:
    line = redact(f"before {secret} after")
    assert secret not in line
    assert "someone" not in line
    assert "hunter2" not in line
    assert line.startswith("before ")
    assert line.endswith(" after")


@pytest.mark.parametrize(
    "line",
    [
        f"message {UUID} ended",
        "launching -> probing",
        "GET http://127.0.0.1:57220/c/1 200 in 3 ms",
        'File "backend/store/database.py", line 42, in write',
    ],
)
def test_what_helps_to_find_a_bug_stays(line: str) -> None:
    assert redact(line) == line


def test_the_file_is_the_users_own_and_tracebacks_are_redacted(
    tmp_path: Path, restored_root: None
) -> None:
    path = open_logs(tmp_path / "logs", dev=False)
    token = new_token()
    try:
        int(f"no number {token}")
    except ValueError:
        logging.getLogger("hearth.test").warning("it failed", exc_info=True)
    written = path.read_text()
    assert "no number [secret]" in written
    assert token not in written
    assert path.stat().st_mode & 0o077 == 0
    assert path.parent.stat().st_mode & 0o077 == 0


def test_five_files_are_kept_however_much_is_logged(
    tmp_path: Path, restored_root: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("qtshell.process.logs._MAX_BYTES", 10_000)
    # As the program sets it before anything else.
    before = os.umask(0o077)
    try:
        path = open_logs(tmp_path / "logs", dev=False)
        for number in range(1_000):
            logging.getLogger("hearth.test").info("%s %s", number, "word " * 40)
    finally:
        os.umask(before)
    files = list(path.parent.iterdir())
    assert len(files) == 5
    assert path in files
    assert all(file.stat().st_size <= 10_000 for file in files)
    assert all(file.stat().st_mode & 0o077 == 0 for file in files)
