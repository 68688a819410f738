"""What a model is sent of an assistant, and of a conversation's own instructions."""

import asyncio
import json
from datetime import datetime
from typing import Any

import pytest

from backend.errors import InvalidInputError
from backend.ids import NEW
from backend.llm.options import Parameters
from backend.services.assistants.forms import EMPTY_FORM
from backend.services.chat.answers import AnswerService
from backend.services.chat.setups.parameters import MAX_OWN_CHARS, ParameterService
from backend.services.chat.setups.setups import Setup, SetupService
from backend.services.engines.engines import Choice, EngineService
from backend.services.settings import SettingService
from backend.store.chat.folders import FolderStore
from backend.store.settings import SettingStore
from tests.helpers.engine_setup import Nobody, asking, assistants_of, setup
from tests.helpers.engine_setup import Setup as Below
from tests.helpers.model_server import Exchange, FakeModelServer, listing

__all__ = ["setup"]

PIRATE = {**EMPTY_FORM, "name": "Pirate", "instructions": "Arr.", "temperature": "0.5"}
POET = {**EMPTY_FORM, "name": "Poet", "instructions": "Rhyme, {name}."}


def play(exchange: Exchange) -> None:
    (exchange.say("Hi") if exchange.body else listing("a", "b")(exchange))


def parameters_of(below: Below) -> ParameterService:
    library = below.library
    settings = SettingStore(library.database)
    return ParameterService(settings, library.conversations, library.database.act)


def sent(server: FakeModelServer) -> list[tuple[str, str, Any]]:
    """Return model, instructions and temperature of each question."""
    asked = [json.loads(request.body) for request in server.requests if request.body]
    return [
        (
            body["model"],
            "".join(t["content"] for t in body["messages"] if t["role"] == "system"),
            body.get("temperature"),
        )
        for body in asked
    ]


def test_each_question_is_sent_with_the_assistant_of_then(setup: Below) -> None:
    library = setup.library
    kept, own = assistants_of(library), parameters_of(setup)
    settings = SettingService(SettingStore(library.database))
    settings.instruct("Be kind.")
    settings.call(" Ada  Lovelace ")

    async def use(engines: EngineService) -> None:
        record = (await engines.add_server("", server.url)).record
        engines.choose(Choice(record.id, "a"))
        pirate, _ = kept.add(PIRATE | {"choice": f"{record.id}|b"})
        poet, _ = kept.add(POET)
        answers = AnswerService(library.messages, Nobody())
        talking = asking(setup, answers)
        kept.choose(NEW, pirate.id)
        own.set(NEW, {"instructions": "Only today."})
        model = kept.model_for_new()
        begun = await talking.begin("One?", model, draft=NEW)
        await answers.wait(begun.answer.id)
        place = begun.conversation.id
        assert own.instructions(NEW) == ""
        kept.choose(place, poet.id)
        second = await talking.ask(place, "Two?")
        await answers.wait(second.answer.id)
        kept.delete(poet.id)
        again = await talking.answer_again(second.answer.id, keep_text=False)
        assert again
        await answers.wait(library.messages.of_conversation(place)[-1].id)
        library.changes.forget("assistant", poet.id)
        third = await talking.ask(place, "Three?")
        await answers.wait(third.answer.id)
        kept.choose(place, "")
        own.set(place, {"instructions": ""})
        last = await talking.ask(place, "Four?")
        await answers.wait(last.answer.id)
        quick = await talking.begin("Quick?", None)
        await answers.wait(quick.answer.id)
        names = [m.assistant for m in library.messages.of_conversation(place)]
        assert names == ["Pirate"] * 2 + ["Poet"] * 2 + [""] * 4

    with FakeModelServer(play) as server:
        setup.run(use)
    poem = "Be kind.\n\nRhyme, Ada Lovelace.\n\nOnly today."
    assert sent(server) == [
        ("b", "Be kind.\n\nArr.\n\nOnly today.", 0.5),
        ("b", poem, None),
        ("b", poem, None),
        ("b", poem, None),
        ("b", "Be kind.", None),
        ("a", "Be kind.", None),
    ]


def test_a_conversation_of_a_folder_begins_with_the_assistant_of_it(
    setup: Below,
) -> None:
    library = setup.library
    kept, folders = assistants_of(library), FolderStore(library.database)
    made, _ = kept.add(PIRATE)
    folder = folders.create("Ships")
    folders.set_up(folder.id, "Of ships.", made.id)

    async def use(engines: EngineService) -> None:
        record = (await engines.add_server("", server.url)).record
        engines.choose(Choice(record.id, "a"))
        answers = AnswerService(library.messages, Nobody())
        talking = asking(setup, answers)
        for assistant_id in (None, ""):
            begun = await talking.begin(
                *("One?", None),
                draft=NEW,
                folder_id=folder.id,
                assistant_id=assistant_id,
            )
            await answers.wait(begun.answer.id)
            row = library.conversations.get(begun.conversation.id)
            here = made.id if assistant_id is None else ""
            assert (row.folder_id, row.assistant_id) == (folder.id, here)

    with FakeModelServer(play) as server:
        setup.run(use)
    assert sent(server) == [("a", "Of ships.\n\nArr.", 0.5), ("a", "Of ships.", None)]


def test_own_parameters_count_over_those_of_the_assistant(setup: Below) -> None:
    library = setup.library
    kept, own = assistants_of(library), parameters_of(setup)
    settings = SettingService(SettingStore(library.database))
    folders = FolderStore(library.database)
    now = datetime(2026, 1, 2, 3, 4)  # noqa: DTZ001 a wall clock
    setups = SetupService(settings, kept, own, folders, lambda: now)
    talk, _ = library.talk("A")
    made, _ = kept.add({**PIRATE, "seed": "7", "instructions": "{date}, {model}"})
    assert setups.of(talk.id) == setups.of("") == Setup()
    kept.choose(talk.id, made.id)
    own.set(talk.id, {"temperature": "1"})
    assert setups.of(talk.id, "m") == Setup(
        assistant_id=made.id,
        assistant="Pirate",
        instructions="2 January 2026, m",
        parameters=Parameters(temperature=1.0, seed=7),
    )
    folder = folders.create("F")
    folders.set_up(folder.id, "{model}!")
    library.conversations.arrange([talk.id], folder_id=folder.id)
    assert setups.of(talk.id, "m").instructions == "m!\n\n2 January 2026, m"
    library.conversations.arrange([talk.id], folder_id="")
    assert setups.of("", "m", assistant_id=made.id).parameters.temperature == 0.5
    assert setups.of(talk.id, "m", assistant_id="") == Setup(
        parameters=Parameters(temperature=1.0)
    )


def test_saving_both_is_one_act_that_is_undone_as_one(setup: Below) -> None:
    own, library = parameters_of(setup), setup.library
    talk, _ = library.talk("A")
    saved = own.set(talk.id, {"instructions": " Be brief. ", "seed": "5"})
    assert (own.instructions(talk.id), own.of(talk.id).seed) == ("Be brief.", 5)
    with pytest.raises(InvalidInputError):
        own.set(talk.id, {"instructions": "i" * (MAX_OWN_CHARS + 1), "seed": "6"})
    assert own.of(talk.id).seed == 5
    library.changes.undo(saved)
    assert (own.instructions(talk.id), own.of(talk.id)) == ("", Parameters())


def test_a_page_that_names_no_assistant_begins_without_one(setup: Below) -> None:
    library = setup.library
    kept = assistants_of(library)

    async def use(engines: EngineService) -> None:
        await engines.add_server("", server.url)
        made, _ = await asyncio.to_thread(kept.add, PIRATE)
        kept.choose(NEW, made.id)
        answers = AnswerService(library.messages, Nobody())
        talking = asking(setup, answers)
        for assistant_id in ("", made.id, None):
            begun = await talking.begin(
                "Hi?", None, draft=NEW, assistant_id=assistant_id
            )
            await answers.wait(begun.answer.id)
            chosen = library.conversations.get(begun.conversation.id).assistant_id
            assert chosen == ("" if assistant_id == "" else made.id)

    with FakeModelServer(play) as server:
        setup.run(use)
    assert [said for _, said, _ in sent(server)] == ["", "Arr.", "Arr."]
