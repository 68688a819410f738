"""Engines as a person adds, changes and removes them, over a real store."""

import os
from pathlib import Path

import pytest

from backend.errors import EngineError, HearthError, InvalidInputError
from backend.interface.stored_values import EngineKind
from backend.llm.engine import Role, Turn
from backend.llm.engines import headers_key, proxy_key
from backend.llm.options import EngineOptions
from backend.services.engines.connecting import NotConnectedError, ServerQuestion
from backend.services.engines.engines import Choice, EngineService
from tests.helpers.engine_setup import Setup, gguf, setup
from tests.helpers.model_server import Exchange, FakeModelServer, listing, refusing_port
from tests.helpers.proxy import OfficeProxy

__all__ = ["setup"]


@pytest.mark.parametrize("key", ["sk-…abcd", "clé", "🔑", "sk a"])
def test_a_key_that_is_none_changes_nothing(setup: Setup, key: str) -> None:
    with FakeModelServer(listing("a")) as server:

        async def use(service: EngineService) -> None:
            with pytest.raises(InvalidInputError):
                await service.add_server("", server.url, key)
            assert not await service.offers()
            record = (await service.add_server("", server.url, "Bearer sk-1")).record
            with pytest.raises(InvalidInputError):
                await service.set_key(record.id, key)
            assert setup.keys.get(record.id, record.url) == "sk-1"

        setup.run(use)
        assert "Authorization: Bearer sk-1" in server.requests[-1].head


def test_the_key_leaves_the_keyring_when_its_engine_is_removed(setup: Setup) -> None:
    with FakeModelServer(listing("a")) as server:

        async def use(service: EngineService) -> None:
            record = (await service.add_server("", server.url, "sk-1")).record
            assert setup.vault.kept
            await service.remove(record.id)
            assert not setup.vault.kept

        setup.run(use)


@pytest.mark.parametrize("name", ["pipe.gguf", "gone.gguf", "text.gguf"])
def test_a_file_that_is_no_model_is_not_added(
    setup: Setup, tmp_path: Path, name: str
) -> None:
    os.mkfifo(tmp_path / "pipe.gguf")
    (tmp_path / "text.gguf").write_text("Once upon a time")

    async def use(service: EngineService) -> None:
        with pytest.raises(EngineError):
            await service.add_file(tmp_path / name)
        assert not await service.offers()

    setup.run(use)


def test_a_removed_engine_is_told_of_in_its_conversation(
    setup: Setup, tmp_path: Path
) -> None:
    async def use(service: EngineService) -> None:
        record = (await service.add_file(gguf(tmp_path))).record
        await service.remove(record.id)
        with pytest.raises(HearthError, match="was removed"):
            await service.open(Choice(record.id, "model"))

    setup.run(use)


def test_the_same_server_is_one_engine_however_it_is_written(setup: Setup) -> None:
    with FakeModelServer(listing("a")) as server:
        forms = [server.url, f"localhost:{server.port}", f"{server.url}/v1/models"]

        async def use(service: EngineService) -> None:
            added = [await service.add_server("", form) for form in forms]
            assert [one.is_new for one in added] == [True, False, False]
            assert len({one.record.id for one in added}) == 1
            assert len(await service.offers()) == 1

        setup.run(use)


def test_a_model_is_used_by_its_name_where_none_is_listed(setup: Setup) -> None:
    def play(exchange: Exchange) -> None:
        is_chat = exchange.path.endswith("/v1/chat/completions")
        exchange.answer(400 if is_chat else 404, "{}")

    with FakeModelServer(play) as server:

        async def use(service: EngineService) -> None:
            added = await service.add_server("", server.url, model="org/mine|c:latest")
            chosen = Choice(added.record.id, "org/mine|c:latest")
            assert await service.default() == chosen
            assert Choice.parse(str(chosen)) == chosen
            service._offers.forget(added.record.id)
            [offer] = await setup.offers_when(lambda found: not found[0].is_asked)
            assert (offer.models, offer.problem) == (("org/mine|c:latest",), "")
            await service.change(added.record.id, models="one, two")
            [offer] = await setup.offers_when(lambda found: not found[0].is_asked)
            assert offer.models == ("one", "two")

        setup.run(use)


def test_an_engine_keeps_its_id_when_name_and_address_change(setup: Setup) -> None:
    with (
        FakeModelServer(listing("a")) as old,
        FakeModelServer(listing("b")) as new,
    ):

        async def use(service: EngineService) -> None:
            record = (await service.add_server("", old.url, "sk-1")).record
            changed, problem = await service.change(
                record.id, name="Mine", url=f"{new.url}/v1/models"
            )
            assert (changed.id, changed.name, problem) == (record.id, "Mine", "")
            [offer] = await setup.offers_when(lambda found: not found[0].is_asked)
            assert offer.models == ("b",)
            assert not [e for e in new.requests if "sk-1" in e.head], (
                "a key goes only where it was entered for"
            )
            await service.change(record.id, url=new.url, key="sk-2")
            assert "sk-2" in new.requests[-1].head

        setup.run(use)


def test_an_engine_can_be_edited_while_nothing_answers(setup: Setup) -> None:
    with refusing_port() as port:
        record = setup.engines.add(EngineKind.OPENAI, "Asleep", "http://127.0.0.1:9/v1")

        async def use(service: EngineService) -> None:
            url = f"http://127.0.0.1:{port}"
            changed, problem = await service.change(record.id, name="Awake", url=url)
            assert changed.name == "Awake"
            assert changed.url == f"{url}/v1"
            assert "Nothing answers" in problem
            changed, _ = await service.change(record.id, name="Again")
            assert changed.name == "Again"

        setup.run(use)


def test_an_engine_takes_no_address_of_another_one(setup: Setup) -> None:
    with FakeModelServer(listing("a")) as server:

        async def use(service: EngineService) -> None:
            await service.add_server("First", server.url)
            record = setup.engines.add(
                EngineKind.OPENAI, "Second", "http://127.0.0.1:9/v1"
            )
            with pytest.raises(HearthError, match="First has this address"):
                await service.change(record.id, url=f"localhost:{server.port}")
            assert setup.engines.get(record.id).url == "http://127.0.0.1:9/v1"

        setup.run(use)


def test_saving_a_key_for_another_computer_asks_first(setup: Setup) -> None:
    with FakeModelServer(listing("a")) as server:
        url = f"http://127.1:{server.port}/v1"
        record = setup.engines.add(EngineKind.OPENAI, "Perhaps far", url)

        async def use(service: EngineService) -> None:
            with pytest.raises(NotConnectedError) as caught:
                await service.set_key(record.id, "sk-1")
            assert caught.value.question is ServerQuestion.IN_CLEAR
            assert not setup.vault.kept
            assert not server.requests
            await service.set_key(record.id, "sk-1", may_send_in_clear=True)
            assert setup.keys.get(record.id, url) == "sk-1"

        setup.run(use)


def test_a_moved_file_is_found_again_by_the_same_engine(
    setup: Setup, tmp_path: Path
) -> None:
    async def use(service: EngineService) -> None:
        path = gguf(tmp_path, "old.gguf")
        record = (await service.add_file(path)).record
        moved = path.rename(tmp_path / "new.gguf")
        service._offers.forget(record.id)
        [offer] = await setup.offers_when(lambda found: not found[0].is_asked)
        assert "no longer there" in offer.problem
        with pytest.raises(EngineError):
            await service.change_file(record.id, tmp_path / "nothing.gguf")
        await service.change_file(record.id, moved)
        [offer] = await setup.offers_when(lambda found: not found[0].is_asked)
        assert (offer.record.id, offer.problem) == (record.id, "")

    setup.run(use)


def test_a_model_larger_than_the_memory_is_tried_when_a_person_says_so(
    setup: Setup, tmp_path: Path
) -> None:
    path = gguf(tmp_path, "vast.gguf")
    os.truncate(path, 2**40)

    async def use(service: EngineService) -> None:
        added = await service.add_file(path)
        assert "needs about 1024.5 GB" in added.problem
        [offer] = await setup.offers_when(lambda found: not found[0].is_asked)
        assert (offer.is_too_large, offer.problem) == (True, added.problem)
        for said, is_too_large in (("yes", False), ("", True), ("yes", False)):
            await service.change(added.record.id, options={"beyond_memory": said})
            [offer] = await setup.offers_when(lambda found: not found[0].is_asked)
            assert (offer.is_too_large, bool(offer.problem)) == (is_too_large,) * 2
        assert offer.models == ("vast",)
        _, problem = await service.change_file(added.record.id, path)
        assert not problem, "what was said of it counts for its other file"

    setup.run(use)


def test_a_server_behind_a_proxy_is_added_and_the_password_is_in_the_keyring(
    setup: Setup,
) -> None:
    office = OfficeProxy("me:secret")
    with FakeModelServer(listing("a")) as server, office.serve() as proxy:
        known = f"http://me:secret@127.0.0.1:{proxy.port}"

        async def use(service: EngineService) -> None:
            with pytest.raises(NotConnectedError, match="proxy does not let"):
                await service.add_server("", server.url, options={"proxy": proxy.url})
            added = await service.add_server("", server.url, options={"proxy": known})
            record = added.record
            assert "secret" not in record.options
            assert setup.keys.get(proxy_key(record.id), proxy.url) == "me:secret"
            _, engine = await service.open(Choice(record.id, "a"))
            assert [model.id for model in await engine.models()] == ["a"]
            await service.remove(record.id)
            assert not setup.vault.kept

        setup.run(use)
        assert len(server.requests) == 2


def test_extra_headers_go_with_every_request_and_their_values_stay_in_the_keyring(
    setup: Setup,
) -> None:
    typed = {"headers": "X-Team: research\nX-Pass: hush-hush\nuser-agent: Mine/1"}

    def echo(exchange: Exchange) -> None:
        said = "hush-hush is wrong" if "stream" in str(exchange.body) else ""
        exchange.answer(400, said) if said else listing("a")(exchange)

    with FakeModelServer(echo) as server, FakeModelServer(listing("b")) as other:

        async def use(service: EngineService) -> None:
            record = (await service.add_server("", server.url, options=typed)).record
            assert "X-Team" in record.options
            for secret in ("research", "hush-hush"):
                assert secret not in record.options + repr(record)
            _, engine = await service.open(Choice(record.id, "a"))
            turns = [Turn(Role.USER, "Hi")]
            with pytest.raises(EngineError) as failed:
                [delta async for delta in engine.stream("a", turns)]
            assert "hush" not in str(failed.value)
            # One goes, one stays, one is new; nothing of it is sent elsewhere.
            after = {"headers": "x-pass: …\nX-New: 1"}
            await service.change(record.id, options=after)
            with pytest.raises(InvalidInputError, match="x-pass again"):
                await service.change(record.id, url=other.url)
            await service.change(record.id, options={"headers": "x-pass: …"})
            assert "research" not in str(setup.vault.kept)
            clash = {"headers": "x-pass: …\nauthorization: Basic x"}
            with pytest.raises(InvalidInputError, match="authorization already"):
                await service.change(record.id, key="sk-1", options=clash)
            await service.set_key(record.id, "sk-1")
            with pytest.raises(InvalidInputError, match="authorization already"):
                await service.change(record.id, options=clash)
            assert setup.keys.get(headers_key(record.id), server.url)
            await service.remove(record.id)
            assert not setup.vault.kept

        setup.run(use)
        for request in server.requests[:2]:
            head = request.head.lower().split("\r\n")
            lines = {"x-team: research", "x-pass: hush-hush", "user-agent: mine/1"}
            assert lines <= set(head)
            assert sum(line.startswith("user-agent") for line in head) == 1
        assert "x-pass: hush-hush" in server.requests[-1].head
        assert "X-Team" not in server.requests[-1].head
        assert not other.requests


def test_extra_headers_are_as_secret_as_a_key(setup: Setup) -> None:
    with FakeModelServer(listing("a")) as server:
        typed = f"http://127.1:{server.port}", {"headers": "X-Pass: hush"}

        async def use(service: EngineService) -> None:
            with pytest.raises(NotConnectedError, match="extra headers") as asked:
                await service.add_server("", typed[0], options=typed[1])
            assert asked.value.question is ServerQuestion.IN_CLEAR
            assert not server.requests
            await service.add_server(
                "", typed[0], options=typed[1], may_send_in_clear=True
            )

        setup.run(use)
        assert "X-Pass: hush" in server.requests[0].head


def test_what_is_set_for_an_engine_is_kept_and_used_from_the_next_question_on(
    setup: Setup,
) -> None:
    with FakeModelServer(listing("a")) as server:

        async def use(service: EngineService) -> None:
            record = (await service.add_server("", server.url)).record
            _, before = await service.open(Choice(record.id, "a"))
            changed, _ = await service.change(record.id, options={"temperature": "0"})
            assert EngineOptions.read(changed.options).parameters.temperature == 0
            _, after = await service.open(Choice(record.id, "a"))
            assert before is not after
            with pytest.raises(InvalidInputError):
                await service.change(record.id, name="x", options={"seed": "no"})
            [offer] = await service.offers()
            assert offer.record.name != "x"

        setup.run(use)
