"""A press on a link of the page asks the shell for something, and nothing else does."""

import pytest
from PySide6.QtCore import QUrl

from tests.helpers.stage import WAIT_MS, Stage, stage

__all__ = ["stage"]

pytestmark = pytest.mark.gui


def test_links_become_commands_questions_or_pages(stage: Stage) -> None:
    key = stage.command_key
    stage.show(
        f"<a id=c href=/shell/{key}/pick-model?x=1>c</a>"
        "<a id=o href=https://b\u00fccher.example/a>o</a>"
        "<a id=w href=/new target=_blank>w</a>"
    )
    click = "document.getElementById('{}').click(); 0"
    with stage.qtbot.waitSignal(stage.view.command_asked, timeout=WAIT_MS) as asked:
        stage.run(click.format("c"))
    assert asked.args[0].path() == f"/shell/{key}/pick-model"
    with stage.qtbot.waitSignal(stage.view.outside_asked, timeout=WAIT_MS) as asked:
        stage.run(click.format("o"))
    assert asked.args[0].host(QUrl.ComponentFormattingOption.FullyEncoded) == (
        "xn--bcher-kva.example"
    )


def test_a_link_that_is_not_ours_is_no_command(stage: Stage) -> None:
    strange = ("/shell/pick-model", f"/shell/{'0' * 32}/pick-model", "http:/shell/a")
    with stage.qtbot.assertNotEmitted(stage.view.command_asked):
        for number, address in enumerate(strange):
            stage.show(f"<a id=n{number} href={address}>c</a>")
            stage.run(f"document.getElementById('n{number}').click(); 0")
            stage.settle()


@pytest.mark.parametrize(
    "html",
    [
        # A script's own move looks like a press to Qt; only Hearth's scripts run.
        pytest.param("<script>open('OWN')</script>", id="window"),
        pytest.param("<iframe src=OWN></iframe>", id="frame"),
        pytest.param("<meta http-equiv=refresh content='0;url=OWN'>", id="refresh"),
    ],
)
def test_nothing_but_a_press_asks_for_a_command(stage: Stage, html: str) -> None:
    own = f"/shell/{stage.command_key}/pick-model"
    with stage.qtbot.assertNotEmitted(stage.view.command_asked):
        stage.show(html.replace("OWN", own))
        stage.settle()


@pytest.mark.parametrize("path", ["/events", "/api/v1/status", "/assets/1/page.js"])
def test_a_link_to_no_page_replaces_none(stage: Stage, path: str) -> None:
    stage.show(f"<a id=a href={path}>a</a>")
    before = stage.view.url()
    stage.run("document.getElementById('a').click(); 0")
    stage.settle()
    assert stage.view.url() == before


def test_a_sidecar_that_starts_again_knows_the_same_links(stage: Stage) -> None:
    before = stage.command_key
    assert len(before) == 32
    with stage.qtbot.waitSignal(stage.supervisor.ready, timeout=WAIT_MS):
        stage.supervisor.restart()
    assert stage.command_key == before


def test_only_a_link_asks_the_user_to_leave(stage: Stage) -> None:
    outside = "https://example.com/"
    with stage.qtbot.assertNotEmitted(stage.view.outside_asked):
        stage.show(f"<meta http-equiv=refresh content='0;url={outside}'>")
        stage.settle()
        stage.run(f"window.open('{outside}'); 0")
        stage.settle()
        stage.show(f"<iframe src={outside}></iframe>")
        stage.settle()
