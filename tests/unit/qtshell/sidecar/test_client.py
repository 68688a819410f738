"""Each request of the shell ends once: with a value, a sentence, or with nobody."""

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from backend.interface.api_types import BackupFolder, Done, QuickDraft, Refusal, encode
from qtshell.sidecar.client import SidecarClient
from tests.helpers.sidecar_double import SidecarDouble, sidecar_double

pytestmark = pytest.mark.gui

UNREADABLE = "That did not work. See the log for details."


@pytest.fixture
def sidecar(qtbot: QtBot) -> Iterator[SidecarDouble]:
    parent = QObject()
    with sidecar_double(parent) as double:
        yield double
    with qtbot.waitSignal(parent.destroyed):
        parent.deleteLater()


def outcome(
    client: SidecarClient, qtbot: QtBot, kind: type[object] = BackupFolder
) -> list[object]:
    """Return everything a request of /x is answered."""
    said: list[object] = []
    client.get(
        "/x", kind, said.append, refused=said.append, unreachable=lambda: said.append(0)
    )
    qtbot.waitUntil(lambda: bool(said))
    return said


def test_a_value_comes_as_its_type(sidecar: SidecarDouble, qtbot: QtBot) -> None:
    sidecar.answer("/x", b'{"path": "/backups", "added later": [1]}')
    assert outcome(sidecar.client, qtbot) == [BackupFolder(path="/backups")]


def test_a_long_answer_is_read_whole(sidecar: SidecarDouble, qtbot: QtBot) -> None:
    text = "語" * 500_000
    sidecar.answer("/x", encode(QuickDraft(draft=text)).encode())
    assert outcome(sidecar.client, qtbot, QuickDraft) == [QuickDraft(draft=text)]


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"null", b"[]", b'{"path": 1}', b"{}", b"\xff", b"<html>", b"[" * 9999],
)
def test_what_cannot_be_read_is_a_refusal(
    sidecar: SidecarDouble,
    qtbot: QtBot,
    body: bytes,
) -> None:
    for status in (200, 500):
        sidecar.answer("/x", body, status=status)
        assert outcome(sidecar.client, qtbot) == [Refusal(error=UNREADABLE)]


def test_the_sidecars_own_sentence_is_told(
    sidecar: SidecarDouble, qtbot: QtBot
) -> None:
    sidecar.answer("/x", b'{"error": "Not now."}', status=409)
    assert outcome(sidecar.client, qtbot) == [Refusal(error="Not now.")]
    sidecar.answer("/x", b'{"error": "It is gone."}', status=404)
    said = outcome(sidecar.client, qtbot)
    assert said == [Refusal(error="It is gone.", is_gone=True)]


def test_a_cut_answer_and_a_sidecar_that_is_away_are_nobody(
    sidecar: SidecarDouble, qtbot: QtBot
) -> None:
    sidecar.answer("/x", b'{"path": "/backups"}', missing=7)
    assert outcome(sidecar.client, qtbot) == [0]
    assert outcome(SidecarClient(lambda: None), qtbot) == [0]


def test_of_what_is_only_done_the_status_counts(
    sidecar: SidecarDouble, qtbot: QtBot
) -> None:
    sidecar.answer("/x", b"<p>a page</p>")
    assert outcome(sidecar.client, qtbot, Done) == [Done()]
    sidecar.answer("/x", b"", status=204)
    assert outcome(sidecar.client, qtbot, Done) == [Done()]
