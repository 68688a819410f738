"""The whole program: its token is nowhere to be found, its switches cannot be set."""

import http.client
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import Self
from urllib.parse import urlencode

import psutil
import pytest

from backend.interface.protocol import HEALTH_PATH, LOOPBACK, TOKEN_HEADER
from qtshell.web.chromium import is_root
from tests.helpers.canary_shell import CANARY_TOKEN
from tests.helpers.page import Parrot
from tests.helpers.processes import find_sidecar
from tests.helpers.sidecar import ROOT
from tests.helpers.window import until

pytestmark = [pytest.mark.sidecar, pytest.mark.e2e]

_SWITCHES = "--disable-web-security --remote-debugging-port={port} --no-sandbox"
_ANOTHER_USER = ("unshare", "--map-user=1000", "--map-group=1000")
# fmt: off
_FOLDERS = (
    "TMPDIR", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_RUNTIME_DIR",
    "XDG_STATE_HOME",
)
# fmt: on


class Program:
    """A running Hearth in a home of its own, started with hostile switches."""

    def __init__(self, home: Path, prefix: Sequence[str] = ()) -> None:
        self.home = home
        self.data_dir = home / "data"
        with socket.create_server((LOOPBACK, 0)) as free:
            self.debugging_port = int(free.getsockname()[1])
        folders = {name: str(home / name.lower()) for name in _FOLDERS}
        for folder in folders.values():
            Path(folder).mkdir(mode=0o700)
        switches = {
            "HOME": str(home),
            "QTWEBENGINE_REMOTE_DEBUGGING": f"{LOOPBACK}:{self.debugging_port}",
            "QTWEBENGINE_CHROMIUM_FLAGS": _SWITCHES.format(port=self.debugging_port),
        }
        module = "tests.helpers.canary_shell"
        self.process = subprocess.Popen(
            [*prefix, sys.executable, "-m", module, "--data-dir", str(self.data_dir)],
            cwd=ROOT,
            env={**os.environ, **folders, **switches},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def __enter__(self) -> Self:
        try:
            self._wait()
            self.chat()
        except BaseException:
            self.quit()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.quit()

    def _wait(self) -> None:
        self.port = until(self._find_port, "the sidecar's port")
        self.sidecar: psutil.Process = until(self._find_sidecar, "the sidecar")
        until(self._is_connected, "the database")
        until(lambda: self.renderers, "the page")

    @property
    def tree(self) -> list[psutil.Process]:
        """Every process of the program."""
        shell = psutil.Process(self.process.pid)
        return [shell, *shell.children(recursive=True)]

    @property
    def renderers(self) -> list[psutil.Process]:
        """The processes of pages: forked from a zygote, they keep its command line."""
        found = []
        for process in self.tree:
            with suppress(psutil.Error):
                parent = process.parent()
                is_forked = parent and "--type=zygote" in _command(parent)
                # In a sandbox the zygote itself is forked once more.
                is_over = process.status() == psutil.STATUS_ZOMBIE
                if is_forked and not is_over and not process.children():
                    found.append(process)
        return found

    def request(
        self, method: str, path: str, form: dict[str, str] | None = None
    ) -> tuple[int, str]:
        """Ask the sidecar with the token."""
        headers = {
            TOKEN_HEADER: CANARY_TOKEN,
            "Content-Type": "application/x-www-form-urlencoded",
        }
        connection = http.client.HTTPConnection(LOOPBACK, self.port, timeout=20)
        with closing(connection):
            connection.request(method, path, urlencode(form or {}), headers)
            response = connection.getresponse()
            return response.status, response.read().decode()

    def chat(self) -> None:
        """Ask a model and wait for its answer."""
        parrot = Parrot()
        parrot.texts["A question"] = "An answer"
        with parrot.server:
            form = {"name": "Parrot", "url": parrot.server.url, "key": ""}
            assert self.request("POST", "/engines", form)[0] == 204
            sent = {"text": "A question", "submission": "one"}
            status, reply = self.request("POST", "/conversations", sent)
            assert status == 200, reply
            found = re.search(r"/conversations/([0-9a-f-]{36})", reply)
            assert found
            path = f"/conversations/{found[1]}/log"
            until(lambda: "An answer" in self.request("GET", path)[1], "the answer")

    def quit(self) -> None:
        """End it as the desktop does."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        self.process.wait(30)

    def _find_sidecar(self) -> psutil.Process | None:
        return find_sidecar(psutil.Process(self.process.pid).children(recursive=True))

    def _find_port(self) -> int | None:
        sidecar = self._find_sidecar()
        try:
            found = sidecar.net_connections("inet") if sidecar else []
        except psutil.Error:
            return None
        listening = (c.laddr.port for c in found if c.status == psutil.CONN_LISTEN)
        return next(listening, None)

    def _is_connected(self) -> bool:
        return '"connected"' in self.request("GET", HEALTH_PATH)[1]


def _command(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""  # it ended meanwhile


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    """Return the program after a chat."""
    with Program(tmp_path_factory.mktemp("home")) as program:
        yield program


def test_switches_from_outside_reach_no_process(program: Program) -> None:
    for process in program.tree:
        assert "remote-debugging" not in _command(process)
        assert "--disable-web-security" not in _command(process)
    listening = {
        (found.laddr.ip, found.laddr.port)
        for process in program.tree
        for found in process.net_connections("inet")
        if found.status == psutil.CONN_LISTEN
    }
    assert listening == {(LOOPBACK, program.port)}


def test_only_for_root_the_sandbox_is_off(program: Program) -> None:
    assert program.renderers
    # One that has just begun tells no command yet.
    commands = until(
        lambda: (found := [*map(_command, program.renderers)]) and all(found) and found,
        "the commands of the page's processes",
    )
    for command in commands:
        assert ("--no-sandbox" in command) == is_root()


def test_the_sandbox_is_on(tmp_path: Path) -> None:
    """As root, in a user namespace where this process has another number."""
    prefix = _ANOTHER_USER if is_root() else ()
    if subprocess.run(
        [*prefix, "unshare", "--user", "--pid", "--fork", "true"],
        capture_output=True,
        check=False,
    ).returncode:
        pytest.skip("this system gives programs no namespaces of their own")
    with Program(tmp_path, prefix) as program:
        log = "".join(
            path.read_text("utf-8") for path in (program.data_dir / "logs").iterdir()
        )
        assert "sandbox is off" not in log
        until(lambda: _are_confined(program), "a filter, no powers, own namespaces")


def _are_confined(program: Program) -> bool:
    """Whether all processes of pages are, none of which ends meanwhile."""
    wanted = (r"^Seccomp:\s+2$", r"^CapEff:\s+0+$")
    shell = program.process.pid
    try:
        pages = program.renderers
        for process in pages:
            status = Path(f"/proc/{process.pid}/status").read_text("utf-8")
            confined = all(re.search(line, status, re.MULTILINE) for line in wanted)
            if not confined or "--no-sandbox" in _command(process):
                return False
            for kind in ("pid", "net", "user"):
                if _namespace(process.pid, kind) == _namespace(shell, kind):
                    return False
    except OSError:
        return False
    return bool(pages)


def _namespace(pid: int, kind: str) -> str:
    return str(Path(f"/proc/{pid}/ns/{kind}").readlink())


def test_the_token_is_found_nowhere(program: Program) -> None:
    secret = CANARY_TOKEN.encode()
    for name in ("cmdline", "environ"):
        for path in Path("/proc").glob(f"[0-9]*/{name}"):
            try:
                data = path.read_bytes()
            except OSError:
                continue  # it ended meanwhile, or is not ours to read
            assert secret not in data, path
    # The dump of a hanging sidecar is written to the log too.
    program.sidecar.send_signal(signal.SIGUSR1)
    log = program.data_dir / "logs"
    until(
        lambda: any(b"most recent call" in p.read_bytes() for p in log.iterdir()),
        "the dump",
    )
    program.quit()
    looked_at = [path for path in program.home.rglob("*") if path.is_file()]
    assert any(path.name == "hearth.db" for path in looked_at)
    for path in looked_at:
        content = path.read_bytes()
        assert secret not in content, path
        # Outside its data folder Hearth leaves nothing that was read or written.
        if not path.is_relative_to(program.data_dir):
            assert b"A question" not in content, path
            assert b"An answer" not in content, path
