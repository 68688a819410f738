"""Every engine is offered as it is known, whatever becomes of another."""

import pytest

from backend.interface.stored_values import EngineKind
from backend.services.engines.engines import EngineService
from tests.helpers.engine_setup import Setup, setup
from tests.helpers.model_server import Exchange, FakeModelServer, listing

__all__ = ["setup"]


def test_no_page_waits_for_a_silent_server_and_its_failure_is_kept(
    setup: Setup, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("backend.services.engines.offers.DEADLINE_S", 0.5)
    with (
        FakeModelServer(listing("a")) as good,
        FakeModelServer(Exchange.hang) as silent,
    ):
        setup.engines.add(EngineKind.OPENAI, "Good", good.url)
        setup.engines.add(EngineKind.OPENAI, "Silent", silent.url)

        async def use(service: EngineService) -> None:
            offers = await setup.offers_when(lambda found: bool(found[0].models))
            assert [(o.models, o.is_asked) for o in offers] == [
                (("a",), False),
                ((), True),
            ]
            offers = await setup.offers_when(lambda found: bool(found[1].problem))
            assert offers[1].problem == "It does not respond."
            assert "engines" in setup.changes, "the page is told to look again"
            asked = len(silent.requests)
            for _ in range(5):
                await service.offers()
            assert len(silent.requests) == asked, "the failure counts for a while"

        setup.run(use)


def test_an_engine_that_cannot_even_be_built_hides_no_other(setup: Setup) -> None:
    with FakeModelServer(listing("a")) as server:
        bad = [
            setup.engines.add(EngineKind.OPENAI, "No address", "ftp://x"),
            setup.engines.add(EngineKind.OPENAI, "Bad key", "http://127.0.0.1:9"),
            setup.engines.add(EngineKind.OPENAI, "Bad port", "http://127.0.0.1:99999"),
        ]
        setup.keys.set(bad[1].id, "sk-…abcd", bad[1].url)
        setup.engines.add(EngineKind.OPENAI, "Good", server.url)

        async def use(service: EngineService) -> None:
            offers = await setup.offers_when(
                lambda found: not any(offer.is_asked for offer in found)
            )
            assert [bool(offer.problem) for offer in offers] == [
                True,
                True,
                True,
                False,
            ]
            assert "hidden" in offers[1].problem
            for record in bad:
                await service.remove(record.id)
            assert [o.record.name for o in await service.offers()] == ["Good"]
            assert not setup.vault.kept, "the key leaves the keyring with its engine"

        setup.run(use)
