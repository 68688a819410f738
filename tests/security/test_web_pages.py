"""A web page in a real browser, on another port of this machine, can do nothing."""

import hashlib
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import libsql_experimental as libsql
import pytest

from backend.interface.protocol import LOOPBACK
from tests.helpers.canary import Canary
from tests.helpers.malicious_page import MaliciousSite
from tests.helpers.sidecar import Sidecar

pytestmark = pytest.mark.sidecar

CHROMIUM = shutil.which("chromium") or ""
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # Older and other browsers do not ask before a page reaches this computer.
    "--disable-features=LocalNetworkAccessChecks,BlockInsecurePrivateNetworkRequests",
)
FORM = {
    "text": "owned",
    "instructions": "owned",
    "path": "/etc/passwd",
    "url": "http://x",
}


@contextmanager
def browser(profile: Path, url: str) -> Iterator[None]:
    """Show a page in a browser that takes `rebound.example` for this computer."""
    command = [
        CHROMIUM,
        *FLAGS,
        f"--user-data-dir={profile}",
        f"--host-resolver-rules=MAP rebound.example {LOOPBACK}",
        url,
    ]
    quiet = subprocess.DEVNULL
    with subprocess.Popen(command, stdout=quiet, stderr=quiet) as process:
        try:
            yield
        finally:
            process.kill()


def content(data_dir: Path, copy: Path) -> str:
    """Return a hash of every row of a copy of the database."""
    copy.mkdir()
    for path in data_dir.glob("hearth.db*"):
        shutil.copy(path, copy / path.name)
    connection = libsql.connect(str(copy / "hearth.db"))
    query = "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name"
    rows = []
    for (name,) in connection.execute(query).fetchall():
        rows.append(
            (
                name,
                sorted(
                    map(repr, connection.execute(f'SELECT * FROM "{name}"').fetchall())
                ),
            )
        )
    connection.close()
    assert len(rows) > 5
    return hashlib.sha256(repr(rows).encode()).hexdigest()


@pytest.mark.skipif(not CHROMIUM, reason="Chromium is not installed")
@pytest.mark.parametrize("site_host", [LOOPBACK, "rebound.example"])
def test_a_malicious_page_changes_nothing_and_reads_nothing(
    tmp_path: Path, site_host: str
) -> None:
    data_dir = tmp_path / "data"
    with Sidecar.start(data_dir) as sidecar:
        assert sidecar.wait_for_database() == "connected"
        before = content(data_dir, tmp_path / "before")
        hosts = (LOOPBACK, "localhost", "rebound.example")
        bases = [f"http://{host}:{sidecar.port}" for host in hosts]
        paths = ["/", "/conversations", "/settings", "/engines", "/api/v1/health"]
        with (
            Canary() as canary,
            MaliciousSite([*bases, canary.url], paths, sidecar.token, FORM) as site,
            browser(tmp_path / "profile", f"http://{site_host}:{site.port}/"),
        ):
            assert site.done.wait(90), "the page did not report"
        assert site.tried > 300
        assert len(canary.heard) > 20, "the browser let nothing through"
        achieved = [what for what in site.achieved if canary.url not in what]
        assert achieved == []
        assert content(data_dir, tmp_path / "after") == before


@pytest.mark.skipif(not CHROMIUM, reason="Chromium is not installed")
def test_a_rebound_name_gets_the_refusal_only(tmp_path: Path) -> None:
    with Sidecar.start(tmp_path / "data") as sidecar:
        result = subprocess.run(
            [
                CHROMIUM,
                *FLAGS,
                f"--user-data-dir={tmp_path / 'profile'}",
                f"--host-resolver-rules=MAP rebound.example {LOOPBACK}",
                "--dump-dom",
                f"http://rebound.example:{sidecar.port}/",
            ],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        ).stdout
        assert result
        assert "Hearth" not in result
        assert "htmx" not in result
