"""The shell knows which paths of the sidecar are pages."""

import re

import pytest

from backend.app import build
from backend.interface.protocol import HEALTH_PATH, Hello, command_path, new_command_key
from backend.web.http import Route
from qtshell.sidecar.origin import Origin
from qtshell.web.navigation import Verdict, classify_navigation

PAGES = {
    "/",
    "/actions",
    "/actions/:id/edit",
    "/actions/new",
    "/assistants",
    "/assistants/:id/edit",
    "/assistants/new",
    "/backups",
    "/backups/:name/missing",
    "/backups/back",
    "/conversations/:id",
    "/conversations/:id/parameters",
    "/conversations/:id/several",
    "/devices",
    "/encryption",
    "/folders/:id",
    "/folders/:id/new",
    "/history/:table/:id",
    "/imports",
    "/models",
    "/notes",
    "/notes/:id",
    "/notes/new",
    "/search",
    "/settings",
    "/temporary",
    "/trash",
    "/unlock",
}
# A download replaces nothing.
DOWNLOADS = {"/actions/export", "/assistants/export"}
OURS = Origin.of_sidecar(57220)
KEY = new_command_key()


def routes() -> list[Route]:
    hello = Hello(token="t", data_dir="/nowhere", command_key=KEY)
    return [each for each in build(hello).routes if each.method == "GET"]


PATHS = sorted({route.path for route in routes()} - {"/*path"})


@pytest.mark.parametrize("path", PATHS)
def test_a_page_stays_in_the_view_and_nothing_else_replaces_it(path: str) -> None:
    url = f"{OURS}{re.sub(r'[*:][a-z]+', '0190aaaa-0000-7000-8000-000000000000', path)}"
    expected = Verdict.IN_VIEW if path in PAGES | DOWNLOADS else Verdict.BLOCK
    for ending in ("", "?around=1", "#top"):
        assert classify_navigation(url + ending, OURS, KEY) is expected


def test_every_page_is_a_route() -> None:
    assert set(PATHS) >= PAGES | {HEALTH_PATH}


def test_a_link_of_the_page_is_a_command_of_the_shell() -> None:
    url = f"{OURS}{command_path(KEY, 'pick-model')}?x=1"
    assert classify_navigation(url, OURS, KEY) is Verdict.COMMAND
