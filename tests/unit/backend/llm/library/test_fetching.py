"""A file that is downloaded is whole and the right one, whatever the server does."""

import asyncio
import hashlib
from pathlib import Path

import pytest

from backend.llm.library.fetching import FetchError, Wanted, fetch
from backend.llm.library.hub_client import open_client
from tests.helpers.model_hub import COMMIT, REPOSITORY, ModelHub
from tests.helpers.model_server import Exchange, refuse

BODY = bytes(range(256)) * 4096
NAME = "tiny-Q4_0.gguf"


class Download:
    """One file of a hub, and what was said while it came."""

    def __init__(self, hub: ModelHub, folder: Path) -> None:
        self.hub = hub
        self.target = folder / NAME
        self.said: list[tuple[int, str]] = []

    def run(
        self,
        *,
        most_said: int = 0,
        spare_bytes: int = 0,
        range_bytes: int = len(BODY),
        token: str = "",
    ) -> None:
        """Fetch it; stop as if the process died after so many reports."""
        asyncio.run(self._run(most_said, spare_bytes, range_bytes, token))

    @property
    def wanted(self) -> Wanted:
        return Wanted(
            url="",
            target=self.target,
            bytes=len(BODY),
            sha256=hashlib.sha256(BODY).hexdigest(),
            terms="https://hub.example/owner",
        )

    async def _run(
        self, most_said: int, spare_bytes: int, range_bytes: int, token: str
    ) -> None:
        def report(here: int, waiting: str) -> None:
            self.said.append((here, waiting))
            if most_said and len(self.said) > most_said:
                raise asyncio.CancelledError

        with self.hub.serve() as server:
            plain = self.wanted
            wanted = Wanted(
                url=f"{server.url}/{REPOSITORY}/resolve/{COMMIT}/{NAME}",
                target=plain.target,
                bytes=plain.bytes,
                sha256=plain.sha256,
                terms=plain.terms,
            )
            async with open_client(token, follow_redirects=True) as client:
                await fetch(
                    client,
                    wanted,
                    report,
                    pauses_s=(0.0,),
                    spare_bytes=spare_bytes,
                    range_bytes=range_bytes,
                )


@pytest.fixture
def hub() -> ModelHub:
    return ModelHub({NAME: BODY})


@pytest.fixture
def download(hub: ModelHub, tmp_path: Path) -> Download:
    return Download(hub, tmp_path)


def left(download: Download) -> list[str]:
    return sorted(path.name for path in download.target.parent.iterdir())


def test_it_arrives_whole_and_nothing_else_is_left(download: Download) -> None:
    download.run()
    assert download.target.read_bytes() == BODY
    assert left(download) == [NAME]
    assert download.said[-1] == (len(BODY), "Checking")


def test_after_a_cut_it_goes_on_where_it_was(download: Download) -> None:
    download.hub.cuts = [300_000, 0, 200_000]
    download.run()
    assert download.target.read_bytes() == BODY
    assert download.hub.ranges == ["", "300000", "300000", "500000"]


def test_another_process_goes_on_with_what_is_there(download: Download) -> None:
    download.hub.cuts = [300_000]
    with pytest.raises(asyncio.CancelledError):
        download.run(most_said=2)
    there = download.wanted.part.stat().st_size
    assert 0 < there <= 300_000
    download.run()
    assert download.target.read_bytes() == BODY
    assert str(there) in download.hub.ranges


def test_a_server_without_ranges_is_taken_from_the_start(download: Download) -> None:
    download.hub.cuts, download.hub.ignores_ranges = [300_000], True
    download.run()
    assert download.target.read_bytes() == BODY


def test_a_part_of_other_bytes_is_found_out_and_thrown_away(download: Download) -> None:
    download.wanted.part.write_bytes(b"x" * 1000)
    with pytest.raises(FetchError, match="does not match"):
        download.run()
    assert left(download) == []
    download.run()
    assert download.target.read_bytes() == BODY


@pytest.mark.parametrize("sent", [BODY[:-1] + b"x", BODY + b"more"])
def test_other_bytes_than_promised_are_refused(download: Download, sent: bytes) -> None:
    download.hub.files[NAME] = sent
    with pytest.raises(FetchError, match="does not match"):
        download.run()
    assert left(download) == []


def test_a_part_that_is_longer_than_the_whole_is_forgotten(download: Download) -> None:
    download.wanted.part.write_bytes(b"x" * (len(BODY) + 1))
    download.run()
    assert download.target.read_bytes() == BODY


def test_a_wrong_range_begins_anew(download: Download) -> None:
    def elsewhere(exchange: Exchange) -> None:
        head = f"Content-Range: bytes 5-9/{len(BODY)}\r\nContent-Length: 5"
        exchange.send(f"HTTP/1.1 206 Partial\r\n{head}\r\n\r\nxxxxx".encode())

    download.wanted.part.write_bytes(BODY[:1000])
    download.hub.failures = [elsewhere]
    download.run()
    assert download.target.read_bytes() == BODY


@pytest.mark.parametrize("status", [429, 500, 503])
def test_what_passes_is_waited_for_and_said(download: Download, status: int) -> None:
    download.hub.failures = [refuse(status, {}, "Retry-After: 0")] * 3
    download.hub.cuts = [0]
    download.run()
    assert download.target.read_bytes() == BODY


def test_an_end_of_the_range_is_asked_for_again(download: Download) -> None:
    download.wanted.part.write_bytes(BODY[:1000])
    download.hub.failures = [refuse(416, {})]
    download.run()
    assert download.target.read_bytes() == BODY


@pytest.mark.parametrize(
    ("status", "headers", "words"),
    [
        (403, ["X-Error-Code: GatedRepo"], "accepted its terms at https://hub.example"),
        (401, ["X-Error-Code: RepoNotFound"], "no such model"),
        (404, [], "no longer on the hub"),
        (410, [], "no longer on the hub"),
        (451, [], "HTTP 451"),
    ],
)
def test_a_refusal_is_told_and_keeps_what_came(
    download: Download, status: int, headers: list[str], words: str
) -> None:
    download.wanted.part.write_bytes(BODY[:1000])
    download.hub.failures = [refuse(status, {}, *headers)]
    with pytest.raises(FetchError, match=words):
        download.run()
    assert download.wanted.part.stat().st_size == 1000


def test_without_room_nothing_is_begun(download: Download) -> None:
    with pytest.raises(FetchError, match="almost full"):
        download.run(spare_bytes=1 << 60)
    assert download.hub.ranges == []


def test_what_is_compressed_is_refused(download: Download) -> None:
    download.hub.failures = [
        lambda exchange: exchange.answer(200, "x", "Content-Encoding: gzip")
    ]
    with pytest.raises(FetchError, match="does not match"):
        download.run()


def test_a_link_in_the_place_of_a_part_or_of_the_file_is_left_alone(
    download: Download, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_bytes(b"mine")
    download.wanted.part.symlink_to(elsewhere)
    with pytest.raises(FetchError, match="in the way"):
        download.run()
    download.wanted.part.unlink()
    download.target.symlink_to(elsewhere)
    with pytest.raises(FetchError, match="cannot be written"):
        download.run()
    assert elsewhere.read_bytes() == b"mine"
