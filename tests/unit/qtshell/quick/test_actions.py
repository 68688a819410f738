"""The shell says of a quick action only what the sidecar said became of it."""

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from backend.interface.api_types import ActionRun, AnswerPiece, encode
from qtshell.quick.actions import QuickActions
from qtshell.quick.ask import QuickAsk
from qtshell.quick.window import QuickWindow
from tests.helpers.sidecar_double import SidecarDouble, sidecar_double

pytestmark = pytest.mark.gui

SAVED = "Saved as a note."
FULL = "The disk is full."


class Desk:
    """Quick actions, and what is told of them."""

    def __init__(self, sidecar: SidecarDouble, qtbot: QtBot, parent: QObject) -> None:
        self.sidecar = sidecar
        self.notices: list[str] = []
        self.has_tray = True
        self.window = QuickWindow()
        qtbot.addWidget(self.window)
        client = sidecar.client
        ask = QuickAsk(client, self.window, lambda _: None, parent)
        self.actions = QuickActions(client, lambda: ask, self._tell, parent)

    def _tell(self, _heading: str, words: str) -> bool:
        if self.has_tray:
            self.notices.append(words)
        return self.has_tray

    def answer(self, run: ActionRun, *, note: str = "", outcome: str = "") -> None:
        """Answer the run of action `a`, and the answer it begins, if any."""
        path = "/api/v1/actions/a/run"
        self.sidecar.answer(path, encode(run).encode())
        last = AnswerPiece(
            at=0, text="x", state="complete", note=note, error=note, outcome=outcome
        )
        self.sidecar.answer_in_pieces(run.message_id, last)


@pytest.fixture
def desk(qtbot: QtBot) -> Iterator[Desk]:
    parent = QObject()
    with sidecar_double(parent) as sidecar:
        yield Desk(sidecar, qtbot, parent)
    with qtbot.waitSignal(parent.destroyed):
        parent.deleteLater()


@pytest.mark.parametrize(
    ("note", "outcome", "said"),
    [
        ("", SAVED, SAVED),
        (FULL, "", FULL),
        ("", "", "Whether it became a note is not known."),
    ],
)
def test_an_answer_is_saved_when_the_sidecar_says_so(
    desk: Desk, qtbot: QtBot, note: str, outcome: str, said: str
) -> None:
    run = ActionRun(name="Sum", result="note", conversation_id="c", message_id="m")
    desk.answer(run, note=note, outcome=outcome)
    desk.actions.run("a")
    qtbot.waitUntil(lambda: len(desk.notices) > 1)
    assert desk.notices[0] == "Working on it…"
    assert said in desk.notices[1]
    assert (SAVED in desk.notices) == (said == SAVED)


@pytest.mark.parametrize("has_tray", [True, False])
def test_a_text_that_is_not_saved_is_shown_with_the_reason(
    desk: Desk, qtbot: QtBot, *, has_tray: bool
) -> None:
    desk.has_tray = has_tray
    desk.answer(ActionRun(name="Keep", result="note", text="my text", error=FULL))
    desk.actions.run("a")
    qtbot.waitUntil(lambda: desk.window.answer.toPlainText() == "my text")
    assert desk.notices == ([FULL] if has_tray else [])
    assert (FULL in desk.window._words.text()) == (not has_tray)
