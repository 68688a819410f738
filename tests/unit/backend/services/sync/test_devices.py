"""Pairing: a code that is valid for ten minutes and once, and what a person sees."""

import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from backend.errors import ConflictError, InvalidInputError, NotFoundError
from backend.ids import now_ms
from backend.interface.api_types import SyncSummary
from backend.keys.api_keys import KeyStore
from backend.services.sync import kept_pairing
from backend.services.sync.devices import DeviceService
from backend.services.sync.overview import SyncPhase
from backend.services.sync.pace import SOON_S
from backend.store.database import Database
from backend.store.history.changes import ChangeStore
from backend.store.history.joins import JoinStore
from backend.store.notes import NoteStore
from backend.store.sync.sync import SyncStore
from backend.sync.folder import ROOT
from backend.sync.pairing import VALID_S
from backend.sync.transport import TransportError
from tests.helpers.heard import Heard


class Desk:
    """Two computers, one folder, one clock on the wall."""

    def __init__(self, home: Path) -> None:
        self.seconds = 0.0
        self.folder = home / "shared"
        self.folder.mkdir()
        self.databases = [Database.open(home / name / "hearth.db") for name in "ab"]
        self.a, self.b = self.service(0), self.service(1)

    def service(self, which: int) -> DeviceService:
        """Begin one of the computers, or begin it once more."""
        one = self.databases[which]
        return DeviceService(
            SyncStore(one),
            Heard(),
            ("Desk", "Laptop")[which],
            KeyStore(lambda: None),
            partial(ChangeStore(one).forget_all, is_shared=False),
            lambda: self.seconds,
            take_back=JoinStore(one).take_back,
        )

    def code(self) -> str:
        """Let the first computer begin and show a code."""
        self.a.choose_folder(str(self.folder))
        self.a.begin()
        return self.next_code()

    def next_code(self) -> str:
        """Let the first computer, which has begun, show a code."""
        self.b.choose_folder(str(self.folder))
        self.a.offer_code()
        return self.a.overview().code

    def pair(self) -> None:
        self._meet(self.code())

    def join_again(self) -> None:
        """Let the second computer, which has left, join once more."""
        self._meet(self.next_code())
        self.b.confirm()

    def _meet(self, code: str) -> None:
        self.b.join(code)
        self.a.step()
        self.a.accept()
        self.b.step()

    def exchange(self) -> None:
        for one in (self.a, self.b, self.a, self.b):
            one.look_again()
            one.step()


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path)
    yield made
    for one in made.databases:
        one.close()


def titles(database: Database) -> set[str]:
    return {note.title for note in NoteStore(database).page()}


def test_nothing_is_done_until_a_folder_is_chosen(desk: Desk) -> None:
    assert desk.a.overview().phase is SyncPhase.OFF
    assert desk.a.step() is None
    assert desk.a.summary().words == ""
    for act in (desk.a.begin, desk.a.offer_code, desk.a.accept):
        with pytest.raises(ConflictError):
            act()
    with pytest.raises(InvalidInputError):
        desk.a.choose_folder(str(desk.folder / "nowhere"))
    desk.a.choose_folder(str(desk.folder))
    assert desk.a.overview().phase is SyncPhase.CHOSEN
    assert list(desk.folder.iterdir()) == []
    desk.a.cancel()
    assert desk.a.overview().phase is SyncPhase.OFF


def test_two_computers_with_data_of_their_own_come_together(desk: Desk) -> None:
    for database, title in zip(desk.databases, ("of a", "of b"), strict=True):
        NoteStore(database).create(title)
    desk.b.join(desk.code())
    assert desk.b.overview().phase is SyncPhase.JOINING
    desk.a.step()
    asked, asks = desk.a.overview(), desk.b.overview()
    assert asked.asks == "Laptop"
    assert asked.number == asks.number
    assert re.fullmatch(r"\d{6}", asks.number)
    desk.a.accept()
    assert desk.a.overview().code == ""
    desk.b.step()
    desk.b.confirm()
    desk.exchange()
    for database in desk.databases:
        assert titles(database) == {"of a", "of b"}
    assert [one.name for one in desk.a.overview().devices] == ["Laptop"]
    assert [one.name for one in desk.b.overview().devices] == ["Desk"]
    assert desk.a.overview().waiting == desk.b.overview().waiting == 0
    assert desk.a.overview().devices[0].seen
    assert desk.a.step() == SOON_S
    assert desk.a.summary().words == "up to date"
    NoteStore(desk.databases[0]).create("one more")
    assert desk.a.summary().words == "1 change waits"
    desk.exchange()
    assert list((desk.folder / ROOT / "pairing").iterdir()) == []


def test_a_code_is_read_however_it_was_typed_and_no_other(desk: Desk) -> None:
    code = desk.code()
    for wrong in (
        "",
        "hello",
        code[:-1],
        code[:-1] + ("0" if code[-1] != "0" else "1"),
    ):
        with pytest.raises(InvalidInputError):
            desk.b.join(wrong)
    desk.b.join(f" {code.lower().replace('-', ' ').replace('0', 'o')}\n")
    desk.a.step()
    assert desk.a.overview().asks == "Laptop"


def test_a_code_is_valid_once_and_for_ten_minutes(desk: Desk) -> None:
    code = desk.code()
    desk.b.join(code)
    desk.a.step()
    desk.seconds = VALID_S + 1
    assert desk.a.overview().code == ""
    with pytest.raises(ConflictError):
        desk.a.accept()
    with pytest.raises(TransportError, match="did not answer"):
        desk.b.step()
    desk.a.offer_code()
    desk.b.join(desk.a.overview().code)
    desk.a.step()
    desk.a.accept()
    desk.b.step()
    with pytest.raises(ConflictError):
        desk.a.accept()


def test_a_kill_between_asking_and_answering_ends_nothing(desk: Desk) -> None:
    NoteStore(desk.databases[0]).create("of a", "")
    desk.b.join(desk.code())
    number = desk.b.overview().number
    desk.a, desk.b = desk.service(0), desk.service(1)
    desk.b.step()
    assert desk.b.overview().phase is SyncPhase.JOINING
    assert desk.b.overview().number == number
    desk.a.step()
    desk.a = desk.service(0)
    desk.a.step()
    assert (desk.a.overview().asks, desk.a.overview().number) == ("Laptop", number)
    desk.a.accept()
    desk.a, desk.b = desk.service(0), desk.service(1)
    desk.b.step()
    desk.exchange()
    assert titles(desk.databases[1]) == {"of a"}
    assert not desk.a.overview().code
    # Nothing of it is left to begin with again.
    desk.b = desk.service(1)
    desk.b.step()
    assert desk.b.overview().phase is SyncPhase.ON


def test_a_code_is_good_once_and_for_ten_minutes_also_over_a_kill(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = desk.code()
    for minutes, is_there in ((4, True), (8, True), (11, False)):
        then = now_ms() + minutes * 60_000
        monkeypatch.setattr(kept_pairing, "now_ms", lambda then=then: then)
        desk.a = desk.service(0)
        desk.a.step()
        assert bool(desk.a.overview().code) is is_there
        assert desk.a.overview().code in (code, "")
    # A clock that is set back does not make it good again.
    monkeypatch.undo()
    desk.a = desk.service(0)
    desk.a.step()
    assert not desk.a.overview().code
    desk.a.offer_code()
    then = now_ms() - 60_000
    monkeypatch.setattr(kept_pairing, "now_ms", lambda: then)
    desk.a = desk.service(0)
    desk.a.step()
    assert not desk.a.overview().code


def test_who_asks_no_longer_does_not_begin_again(desk: Desk) -> None:
    desk.b.join(desk.code())
    desk.b.cancel()
    desk.a.cancel()
    desk.a, desk.b = desk.service(0), desk.service(1)
    desk.a.step()
    desk.b.step()
    assert desk.b.overview().phase is SyncPhase.OFF
    assert not desk.a.overview().code


def test_who_is_not_let_in_is_given_nothing(desk: Desk) -> None:
    desk.b.join(desk.code())
    desk.a.step()
    desk.a.cancel()
    desk.a.step()
    desk.b.step()
    assert desk.b.overview().phase is SyncPhase.JOINING
    assert desk.a.overview().devices == []


def test_pausing_moves_nothing_and_resuming_all(desk: Desk) -> None:
    desk.pair()
    desk.exchange()
    desk.a.pause(is_paused=True)
    NoteStore(desk.databases[0]).create("written meanwhile")
    desk.exchange()
    assert desk.a.overview().phase is SyncPhase.PAUSED
    assert desk.a.overview().waiting == 1
    assert desk.a.summary() == SyncSummary(words="paused", is_paused=True)
    assert titles(desk.databases[1]) == set()
    desk.a.pause(is_paused=False)
    desk.exchange()
    assert titles(desk.databases[1]) == {"written meanwhile"}


def test_a_removed_computer_says_so_and_keeps_its_data(desk: Desk) -> None:
    desk.pair()
    NoteStore(desk.databases[0]).create("before")
    desk.exchange()
    [laptop] = desk.a.overview().devices
    desk.a.remove(laptop.id)
    NoteStore(desk.databases[0]).create("after")
    desk.exchange()
    assert desk.b.overview().phase is SyncPhase.REMOVED
    assert desk.b.summary().words == "removed by another computer"
    assert titles(desk.databases[1]) == {"before"}
    assert desk.a.overview().devices == []
    with pytest.raises(NotFoundError):
        desk.a.remove(laptop.id)
    desk.b.leave()
    assert desk.b.overview().phase is SyncPhase.OFF
    assert titles(desk.databases[1]) == {"before"}


def test_who_removed_each_other_are_told_and_can_come_together_again(
    desk: Desk,
) -> None:
    desk.pair()
    NoteStore(desk.databases[0]).create("before")
    desk.exchange()
    for one in (desk.a, desk.b):
        [other] = one.overview().devices
        one.remove(other.id)
    for database, title in zip(desk.databases, ("of a", "of b"), strict=True):
        NoteStore(database).create(title)
    desk.exchange()
    assert desk.a.overview().left_out == ["Laptop"]
    assert desk.b.overview().left_out == ["Desk"]
    assert [one.overview().phase for one in (desk.a, desk.b)] == [SyncPhase.ON] * 2
    # What the page says to do.
    desk.b.leave()
    desk.join_again()
    desk.exchange()
    assert desk.a.overview().left_out == desk.b.overview().left_out == []
    assert [titles(one) for one in desk.databases] == [{"before", "of a", "of b"}] * 2


def test_another_folder_is_filled_anew(desk: Desk, tmp_path: Path) -> None:
    desk.pair()
    NoteStore(desk.databases[0]).create("kept")
    desk.exchange()
    other = tmp_path / "other"
    other.mkdir()
    for one in (desk.a, desk.b):
        one.choose_folder(str(other))
    NoteStore(desk.databases[1]).create("in the other")
    desk.exchange()
    assert titles(desk.databases[0]) == {"kept", "in the other"}
    assert any(other.rglob("*.hs"))


def test_a_folder_that_went_says_so_and_comes_back(desk: Desk, tmp_path: Path) -> None:
    desk.pair()
    desk.exchange()
    away = tmp_path / "away"
    desk.folder.rename(away)
    NoteStore(desk.databases[0]).create("while it was away")
    with pytest.raises(TransportError, match="is not there"):
        desk.a.step()
    away.rename(desk.folder)
    desk.exchange()
    assert titles(desk.databases[1]) == {"while it was away"}


def test_what_was_changed_on_both_is_listed_until_it_was_compared(desk: Desk) -> None:
    desk.pair()
    note = NoteStore(desk.databases[0]).create("title", "text")
    desk.exchange()
    NoteStore(desk.databases[0]).save(note.id, "on a")
    NoteStore(desk.databases[1]).save(note.id, "on b")
    desk.exchange()
    for one in (desk.a, desk.b):
        assert one.conflicts() == [("note", note.id)]
        one.looked_at("note", note.id)
        assert one.conflicts() == []
    assert NoteStore(desk.databases[0]).get(note.id).body == "on b"
