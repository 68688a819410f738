"""A server as the place: chosen, asked about, paired by one code, and its token."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from backend.errors import ConflictError, InvalidInputError
from backend.keys.api_keys import KeyStore
from backend.services.sync.devices import DeviceService
from backend.services.sync.overview import SyncPhase
from backend.services.sync.places import SyncPlace
from backend.store.database import Database
from backend.store.notes import NoteStore
from backend.store.sync.sync import SyncStore
from backend.sync.pairing import full_code, new_code
from backend.sync.transport import TransportError
from tests.helpers.fake_keyrings import WorkingVault
from tests.helpers.heard import Heard
from tests.helpers.sqld import Sqld

AWAY = "http://192.0.2.1:8080"


def nothing(_given: object) -> None:
    """Delete nothing for good, and take nothing back."""


class Desk:
    """Two computers with a keyring each, and a server that wants a token."""

    def __init__(self, home: Path) -> None:
        self.server = Sqld(home, asks=True)
        self.databases = [Database.open(home / name / "hearth.db") for name in "ab"]
        self.vaults = [WorkingVault(), WorkingVault()]
        self.a, self.b = (self.service(which) for which in (0, 1))

    def service(self, which: int) -> DeviceService:
        vault = self.vaults[which]
        return DeviceService(
            SyncStore(self.databases[which]),
            Heard(),
            ("Desk", "Laptop")[which],
            KeyStore(lambda: vault),
            nothing,
            take_back=nothing,
        )

    def pair(self) -> None:
        self.a.choose_server(self.server.url, self.server.token())
        self.a.begin()
        self.a.offer_code()
        self.b.join(self.a.overview().full_code)
        self.a.step()
        self.a.accept()
        self.b.step()

    def exchange(self) -> None:
        for one in (self.a, self.b, self.a, self.b):
            one.look_again()
            one.step()

    def titles(self, which: int) -> set[str]:
        return {note.title for note in NoteStore(self.databases[which]).page()}

    def close(self) -> None:
        self.a.close()
        self.b.close()
        self.server.kill()
        for one in self.databases:
            one.close()


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path)
    yield made
    made.close()


def test_one_code_is_all_that_another_computer_needs(desk: Desk) -> None:
    NoteStore(desk.databases[0]).create("of a")
    NoteStore(desk.databases[1]).create("of b")
    desk.pair()
    desk.b.confirm()
    desk.exchange()
    assert desk.titles(0) == desk.titles(1) == {"of a", "of b"}
    assert desk.b.overview().place.name == desk.server.url
    assert [one.name for one in desk.b.overview().devices] == ["Desk"]


def test_a_request_goes_on_after_a_kill_with_the_token_of_the_keyring(
    desk: Desk, tmp_path: Path
) -> None:
    token = desk.server.token()
    desk.a.choose_server(desk.server.url, token)
    desk.a.begin()
    desk.a.offer_code()
    desk.b.join(desk.a.overview().full_code)
    desk.databases[1].checkpoint()
    assert token.encode() not in (tmp_path / "b" / "hearth.db").read_bytes()
    desk.b.close()
    desk.b = desk.service(1)
    desk.a.step()
    desk.a.accept()
    desk.b.step()
    assert desk.b.overview().phase is SyncPhase.ON


def test_who_asks_no_longer_keeps_no_token(desk: Desk) -> None:
    desk.a.choose_server(desk.server.url, desk.server.token())
    desk.a.begin()
    desk.a.offer_code()
    desk.b.join(desk.a.overview().full_code)
    assert desk.vaults[1].kept
    desk.b.cancel()
    assert not desk.vaults[1].kept


def test_the_short_code_does_where_the_server_was_entered(desk: Desk) -> None:
    desk.a.choose_server(desk.server.url, desk.server.token())
    desk.a.begin()
    desk.a.offer_code()
    code = desk.a.overview().code
    with pytest.raises(ConflictError, match="Choose a folder or a server"):
        desk.b.join(code)
    desk.b.choose_server(desk.server.url, desk.server.token())
    desk.b.join(code)
    desk.a.step()
    assert desk.a.overview().asks == "Laptop"
    assert desk.a.overview().number == desk.b.overview().number
    desk.b.cancel()


def test_the_token_is_in_the_keyring_and_nowhere_else(
    desk: Desk, tmp_path: Path
) -> None:
    desk.pair()
    desk.exchange()
    token = desk.server.token()
    desk.a.choose_server(desk.server.url, token)
    assert any(token in kept for kept in desk.vaults[0].kept.values())
    for database in desk.databases:
        database.checkpoint()
    for file in tmp_path.glob("[ab]/*"):
        assert token.encode() not in file.read_bytes()
    assert token not in repr(SyncPlace(server=desk.server.url, token=token))
    # Another run of the program has it from there.
    again = desk.service(0)
    again.step()
    again.close()
    desk.a.leave()
    assert not desk.vaults[0].kept


def test_a_server_that_does_not_take_the_token_is_not_chosen(desk: Desk) -> None:
    with pytest.raises(TransportError, match="does not accept the token"):
        desk.a.choose_server(desk.server.url, "garbage")
    assert desk.a.overview().phase is SyncPhase.OFF
    for typed in ("", "not an address", "ftp://x"):
        with pytest.raises(InvalidInputError, match="address of a server"):
            desk.a.choose_server(typed, "")
    for token in ("two words", "Größe", "line\nbreak"):
        with pytest.raises(InvalidInputError, match="no token"):
            desk.a.choose_server(desk.server.url, token)


def test_an_expired_token_is_told_and_another_one_goes_on(desk: Desk) -> None:
    desk.pair()
    desk.exchange()
    NoteStore(desk.databases[0]).create("while it had expired")
    [name] = desk.vaults[0].kept
    expired = desk.server.token(until=1_000_000_000)
    desk.vaults[0].kept[name] = f"{desk.server.url} {expired}"
    desk.a.close()
    with pytest.raises(TransportError, match="has expired"):
        desk.a.step()
    desk.a.choose_server(desk.server.url, desk.server.token())
    desk.exchange()
    assert desk.titles(1) == {"while it had expired"}


def test_a_keyring_that_is_locked_is_waited_for(desk: Desk) -> None:
    desk.pair()

    def locked() -> WorkingVault:
        raise OSError("locked")

    service = DeviceService(
        SyncStore(desk.databases[0]),
        Heard(),
        "Desk",
        KeyStore(locked),
        nothing,
        take_back=nothing,
    )
    with pytest.raises(TransportError, match="keyring"):
        service.step()
    service.offer_code()
    assert service.overview().code
    assert service.overview().full_code == ""


def test_a_server_that_asks_for_none_needs_no_keyring(tmp_path: Path) -> None:
    with Sqld(tmp_path) as server:
        database = Database.open(tmp_path / "hearth.db")
        for _ in range(2):
            service = DeviceService(
                SyncStore(database),
                Heard(),
                "Desk",
                KeyStore(lambda: None),
                nothing,
                take_back=nothing,
            )
            if service.overview().phase is SyncPhase.OFF:
                service.choose_server(server.url, "")
                service.begin()
            service.step()
            service.close()
        database.close()


@pytest.mark.parametrize("carried", [False, True], ids=["typed", "in a code"])
def test_nothing_goes_in_clear_to_another_computer_unasked(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, carried: bool
) -> None:
    asked: list[str] = []
    monkeypatch.setattr(SyncPlace, "check", lambda place: asked.append(place.server))
    if carried:
        desk.b.join(full_code(new_code(), AWAY, "secret"))
    else:
        desk.b.choose_server(AWAY, "secret")
    assert asked == []
    assert desk.b.overview().open_server == AWAY
    assert desk.b.overview().phase is SyncPhase.OFF
    desk.b.cancel()
    assert desk.b.overview().open_server == ""
    with pytest.raises(ConflictError):
        desk.b.agree_to_open_server()
    desk.b.choose_server(AWAY, "secret")
    desk.b.agree_to_open_server()
    assert asked == [AWAY]
    assert desk.b.overview().phase is SyncPhase.CHOSEN


ADDRESSES = {
    "libsql://name-me.turso.io": "https://name-me.turso.io",
    "https://name.turso.io/": "https://name.turso.io",
    "name.turso.io": "https://name.turso.io",
    "127.0.0.1:8080": "http://127.0.0.1:8080",
    "http://nas:8080": "http://nas:8080",
    "https://example.com/sync/": "https://example.com/sync",
}


@pytest.mark.parametrize(("typed", "url"), ADDRESSES.items(), ids=ADDRESSES)
def test_addresses_are_read_as_people_write_them(typed: str, url: str) -> None:
    place = SyncPlace.of_server(typed, " token\n")
    assert (place.server, place.token) == (url, "token")
    assert place.is_open == (url == "http://nas:8080")


def test_an_emptied_server_gets_all_again_and_the_page_says_so(desk: Desk) -> None:
    desk.pair()
    NoteStore(desk.databases[0]).create("kept")
    desk.exchange()
    assert not desk.a.overview().sent_again
    desk.server.set_back()
    for _ in range(3):
        desk.exchange()
    assert desk.a.overview().sent_again
    assert desk.a.overview().waiting == 0
    third = Path(desk.databases[0].path).parent.parent / "c"
    database = Database.open(third / "hearth.db")
    vault = WorkingVault()
    c = DeviceService(
        SyncStore(database),
        Heard(),
        "Third",
        KeyStore(lambda: vault),
        nothing,
        take_back=nothing,
    )
    desk.a.offer_code()
    c.join(desk.a.overview().full_code)
    desk.a.step()
    desk.a.accept()
    for _ in range(3):
        c.step()
    assert {note.title for note in NoteStore(database).page()} == {"kept"}
    c.close()
    database.close()


def test_a_mangled_code_says_so(desk: Desk) -> None:
    code = full_code(new_code(), "https://name.turso.io", "t")
    for wrong in (code[:-6], code[:20], "hearth1.", code.replace(".", ".A")):
        with pytest.raises(InvalidInputError, match="pairing code"):
            desk.b.join(wrong)
