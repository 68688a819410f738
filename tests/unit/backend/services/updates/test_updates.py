"""Whether there is a newer Hearth is asked once, and believed of its builder alone."""

import asyncio
import base64
from datetime import date
from pathlib import Path

import pytest
import update_file

from backend.errors import HearthError, InvalidInputError
from backend.services.updates.signed_file import Release, UpdateNews, judge, sign
from backend.services.updates.updates import UpdateService, UpdateSource
from backend.store.database import Database
from backend.store.settings import SettingStore
from tests.helpers.model_server import Exchange, FakeModelServer, refusing_port

TODAY = date(2026, 11, 26)
PAGE = "https://hearth.example/0.3"


def release(version: str = "0.3", day: str = "2026-11-20", page: str = PAGE) -> Release:
    return Release(version=version, date=day, page=page)


@pytest.fixture
def private(tmp_path: Path) -> Path:
    return tmp_path / "private"


@pytest.fixture
def public(private: Path) -> str:
    return update_file.main(["key", str(private)]).rpartition(" ")[2]


@pytest.fixture
def service(database: Database, public: str) -> UpdateService:
    source = UpdateSource("https://hearth.example/updates", public)
    settings = SettingStore(database)
    return UpdateService(settings, lambda: None, source, lambda: "0.2.0")


def looked(service: UpdateService, body: bytes, status: int = 200) -> Release | None:
    """Let a server send this, and look once."""
    with FakeModelServer(lambda e: e.answer(status, body.decode())) as server:
        service.choose_address(f"{server.url}/updates")
        try:
            return asyncio.run(service.look(TODAY))
        finally:
            (asked,) = server.requests
            assert asked.head.startswith("GET /updates HTTP/1.1")
            assert "Cookie" not in asked.head
            assert "0.2.0" not in asked.head


def refusal(service: UpdateService, body: bytes, status: int = 200) -> str:
    with pytest.raises(HearthError) as caught:
        looked(service, body, status)
    return str(caught.value)


def key_of(private: Path) -> bytes:
    return base64.b64decode(private.read_text())


def test_a_newer_version_is_offered_and_remembered(
    service: UpdateService, private: Path, tmp_path: Path
) -> None:
    assert not service.is_on()
    assert service.offer() is None
    file = tmp_path / "file"
    update_file.main(["sign", str(private), "0.3", PAGE, str(file)])
    with FakeModelServer(lambda e: e.answer(200, file.read_text())) as server:
        service.choose_address(server.url)
        found = asyncio.run(service.look())
    assert found
    assert (found.version, found.page) == ("0.3", PAGE)
    assert service.offer() == found
    assert service.looked_at() == found.date


def test_an_installed_version_is_offered_no_more(
    service: UpdateService, private: Path
) -> None:
    assert looked(service, sign(release("0.2"), key_of(private))) is None
    assert service.offer() is None


def tampered(body: bytes, at: int) -> bytes:
    changed = bytearray(body)
    changed[at] ^= 1
    return bytes(changed)


@pytest.mark.parametrize("at", [0, 40, 95, -3, -40])
def test_a_file_that_was_changed_is_not_used(
    service: UpdateService, private: Path, at: int
) -> None:
    body = tampered(sign(release(), key_of(private)), at)
    assert "not signed by who built" in refusal(service, body)
    assert service.offer() is None


@pytest.mark.parametrize(
    "body",
    [b"", b"\n", b"<html>Log in</html>", b"[" * 9_999, b"AAAA\n{}", b"\n{}"],
    ids=["nothing", "a line", "a web page", "deep", "short", "no signature"],
)
def test_what_is_no_such_file_is_not_used(service: UpdateService, body: bytes) -> None:
    assert "not signed by who built" in refusal(service, body)


@pytest.mark.parametrize(
    "odd",
    [
        release(page="http://hearth.example"),
        release(page="javascript:alert(1)"),
        release(version="newest"),
        release(version="0.3; rm"),
        release(day="tomorrow"),
    ],
)
def test_a_signed_file_must_say_what_it_should(
    service: UpdateService, private: Path, odd: Release
) -> None:
    assert "not signed" in refusal(service, sign(odd, key_of(private)))


def test_the_key_of_somebody_else_signs_nothing(
    service: UpdateService, tmp_path: Path
) -> None:
    update_file.main(["key", str(tmp_path / "other")])
    other = key_of(tmp_path / "other")
    assert "not signed" in refusal(service, sign(release(), other))


def test_an_older_file_sent_again_hides_nothing(
    service: UpdateService, private: Path
) -> None:
    key = key_of(private)
    newest = release("0.4", "2026-11-21")
    assert looked(service, sign(newest, key)) == newest
    for older in (release("0.3", "2026-11-22"), release("0.4", "2026-11-20")):
        assert "older file than before" in refusal(service, sign(older, key))
        assert service.offer() == newest
    again = release("0.4", "2026-11-25")
    assert looked(service, sign(again, key)) == again


@pytest.mark.parametrize(
    ("version", "news"),
    [
        ("0.10", UpdateNews.NEWER),
        ("0.2.0.1", UpdateNews.NEWER),
        ("0.2", UpdateNews.NEWEST),
        ("0.1.9", UpdateNews.NEWEST),
    ],
)
def test_versions_are_compared_by_their_numbers(version: str, news: UpdateNews) -> None:
    found = judge(release(version), own="0.2.0", seen=None, today=TODAY)
    assert found is news


def test_a_file_from_the_future_is_not_used(
    service: UpdateService, private: Path
) -> None:
    body = sign(release(day="2026-12-24"), key_of(private))
    assert "from the future" in refusal(service, body)


@pytest.mark.parametrize(
    ("status", "said"), [(404, "HTTP 404"), (301, "HTTP 301"), (500, "HTTP 500")]
)
def test_what_is_no_answer_is_said(
    service: UpdateService, status: int, said: str
) -> None:
    assert said in refusal(service, b"moved", status)


def test_a_server_that_is_away_or_sends_too_much_is_said(
    service: UpdateService,
) -> None:
    assert "too large" in refusal(service, b"x" * 70_000)
    with refusing_port() as port:
        service.choose_address(f"http://127.0.0.1:{port}/")
        with pytest.raises(HearthError, match="cannot be reached"):
            asyncio.run(service.look(TODAY))


def test_the_proxy_of_the_system_is_used(
    service: UpdateService, private: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = sign(release(), key_of(private)).decode()

    def relay(exchange: Exchange) -> None:
        assert exchange.path.startswith("http://localhost:9/")
        exchange.answer(200, body)

    with FakeModelServer(relay) as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        monkeypatch.setenv("NO_PROXY", "")
        service.choose_address("http://localhost:9/updates")
        assert asyncio.run(service.look(TODAY)) == release()


@pytest.mark.parametrize(
    "address",
    ["http://hearth.example", "ftp://h", "hearth", "https://", "https://me:pw@h", "["],
)
def test_an_address_that_is_not_safe_is_refused(
    service: UpdateService, address: str
) -> None:
    with pytest.raises(InvalidInputError, match="https://"):
        service.choose_address(address)
    service.choose_address("")
    assert service.address() == "https://hearth.example/updates"


def test_without_a_key_of_the_builder_nothing_is_looked_for(
    database: Database, tmp_path: Path
) -> None:
    assert UpdateSource.read(tmp_path) == UpdateSource()
    assert UpdateSource.of_build() == UpdateSource()
    service = UpdateService(SettingStore(database), lambda: None)
    service.turn(on=True)
    assert not service.is_possible
    assert not service.is_on()
