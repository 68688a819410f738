"""How a conversation is answered stays with it: over starts, undo and the end."""

import json
from pathlib import Path

import pytest

from backend.errors import InvalidInputError, NotFoundError
from backend.ids import NEW
from backend.interface.stored_values import parameters_of
from backend.llm.options import AS_SET, Effort, Parameters
from backend.services.chat.answers import AnswerService
from backend.services.chat.setups.parameters import ParameterService
from backend.services.engines.engines import EngineService
from backend.store.models import Change
from backend.store.settings import SettingStore
from tests.helpers.engine_setup import Nobody, Setup, asking, setup
from tests.helpers.library import Library, open_library
from tests.helpers.model_server import Exchange, FakeModelServer, listing

__all__ = ["setup"]

ALL = {
    "temperature": "0,7",
    "top_p": "0.9",
    "max_tokens": "200",
    "seed": "0",
    "stop": "END",
    "reasoning_effort": "low",
}
SET = Parameters(
    temperature=0.7,
    top_p=0.9,
    max_tokens=200,
    seed=0,
    stop=("END",),
    reasoning_effort=Effort.LOW,
)


def service(library: Library) -> ParameterService:
    database = library.database
    return ParameterService(SettingStore(database), library.conversations, database.act)


def test_they_are_there_after_a_start_and_undone_like_other_changes(
    tmp_path: Path,
) -> None:
    with open_library(tmp_path) as library:
        row, _ = library.talk("A", ("Hi?", "Hi."))
        other, _ = library.talk("B")
        service(library).set(row.id, ALL)
        changed = service(library).set(row.id, {"seed": "5"})
    with open_library(tmp_path) as library:
        kept = service(library)
        assert kept.of(row.id).seed == 5
        assert kept.of(other.id) == AS_SET
        undone = library.changes.undo(changed)
        assert kept.of(row.id) == SET
        library.changes.undo(undone)
        assert kept.of(row.id).seed == 5
        library.changes.undo(kept.set(other.id, ALL))
        assert kept.of(other.id) == AS_SET


def test_what_cannot_be_changes_nothing(tmp_path: Path) -> None:
    with open_library(tmp_path) as library:
        row, _ = library.talk("A")
        kept = service(library)
        kept.set(row.id, ALL)
        with pytest.raises(InvalidInputError):
            kept.set(row.id, {"seed": "1", "temperature": "hot"})
        assert kept.of(row.id) == SET
        with pytest.raises(NotFoundError):
            kept.set("gone", ALL)
        SettingStore(library.database).set(parameters_of(row.id), '{"seed": "x", "y":')
        assert kept.of(row.id) == AS_SET


def test_stop_words_go_for_good_with_their_conversation(tmp_path: Path) -> None:
    with open_library(tmp_path) as library:
        row, _ = library.talk("A")
        service(library).set(row.id, {"stop": "quokka"})
        library.conversations.delete(row.id)
        library.changes.forget("conversation", row.id)
        assert "quokka" not in str(SettingStore(library.database).all())
        logged = library.changes.of_row("setting", parameters_of(row.id))
        assert [*logged] == list[Change]()


def test_what_is_set_before_a_conversation_is_begun_is_its_own(setup: Setup) -> None:
    def play(exchange: Exchange) -> None:
        (exchange.say("Hi") if exchange.body else listing("a")(exchange))

    with FakeModelServer(play) as server:

        async def use(engines: EngineService) -> None:
            await engines.add_server("", server.url)
            answers = AnswerService(setup.library.messages, Nobody())
            talking, kept = asking(setup, answers), service(setup.library)
            kept.set(NEW, ALL)
            quick = await talking.begin("Quick?", None)
            await answers.wait(quick.answer.id)
            begun = await talking.begin("Hi?", None, draft=NEW)
            await answers.wait(begun.answer.id)
            assert kept.of(quick.conversation.id) == kept.of(NEW) == AS_SET
            assert kept.of(begun.conversation.id) == SET

        setup.run(use)
        asked = [json.loads(r.body) for r in server.requests if r.body]
        assert [body.get("seed") for body in asked] == [None, 0]
