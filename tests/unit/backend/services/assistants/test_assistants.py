"""Assistants are made, found, copied, deleted and remembered."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from backend.errors import InvalidInputError, NotFoundError
from backend.ids import NEW
from backend.services.assistants.assistants import AssistantService
from backend.services.assistants.examples import EXAMPLES
from backend.services.assistants.forms import (
    EMPTY_FORM,
    MAX_INSTRUCTIONS_CHARS,
    MAX_NAME_CHARS,
    drafted_parameters,
    to_form,
)
from backend.services.chat.folders import FolderService
from backend.services.chat.setups.parameters import ParameterService
from backend.services.engines.choices import Choice
from backend.store.chat.assistants import AssistantStore
from backend.store.chat.folders import FolderStore
from backend.store.chat.temporary import TemporaryStore
from backend.store.conversations import ConversationStore
from backend.store.drafts import DraftStore
from backend.store.exports import ExportStore
from backend.store.settings import SettingStore
from tests.helpers.engine_setup import assistants_of
from tests.helpers.library import Library, open_library

FORM = {
    **EMPTY_FORM,
    "name": "  Sea   dog ",
    "icon": "globe",
    "instructions": "Talk like a pirate.\n",
    "choice": "e1|big",
    "temperature": "0,5",
    "stop": "ARR\nEND",
    "seed": "0",
}


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with open_library(tmp_path) as opened:
        yield opened


@pytest.fixture
def service(library: Library) -> AssistantService:
    return assistants_of(library)


def test_a_form_comes_back_as_it_was_saved(service: AssistantService) -> None:
    service.save_draft(FORM)
    assert service.draft() == FORM
    made, _ = service.add(FORM)
    assert service.draft() == {}
    assert (made.name, made.instructions) == ("Sea dog", "Talk like a pirate.")
    kept = {"name": "Sea dog", "instructions": "Talk like a pirate."}
    assert to_form(service.get(made.id)) == FORM | kept | {"temperature": "0.5"}
    service.save_draft({**FORM, "temperature": "hot"}, made.id)
    typed = service.draft(made.id)
    assert typed["temperature"] == "hot"
    assert drafted_parameters(typed).stop == ("ARR", "END"), "what can be read stays"


def test_a_temporary_conversation_has_an_assistant_too(library: Library) -> None:
    temporary = TemporaryStore()
    begun = temporary.begin()
    service = AssistantService(
        AssistantStore(library.database),
        ConversationStore(temporary.database),
        FolderStore(library.database),
        SettingStore(library.database),
        DraftStore(library.database),
        library.database.act,
    )
    sea, _ = service.add(FORM)
    service.choose(begun, sea.id)
    found = service.of(begun)
    assert found
    assert found.name == "Sea dog"
    assert temporary.all()[0].model == "big"


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": " \n "},
        {"name": "n" * (MAX_NAME_CHARS + 1)},
        {"instructions": "i" * (MAX_INSTRUCTIONS_CHARS + 1)},
        {"temperature": "hot"},
    ],
    ids=lambda wrong: next(iter(wrong)),
)
def test_what_cannot_be_changes_nothing(
    service: AssistantService, wrong: dict[str, str]
) -> None:
    made, _ = service.add(FORM)
    service.save_draft({**FORM, **wrong}, made.id)
    with pytest.raises(InvalidInputError):
        service.change(made.id, {**FORM, **wrong})
    with pytest.raises(InvalidInputError):
        service.add({**FORM, **wrong})
    assert [one.name for one in service.all()] == ["Sea dog"]
    assert service.draft(made.id), "what was typed is kept"


def test_they_are_found_by_name_and_by_what_they_are_told(
    service: AssistantService,
) -> None:
    assert service.all() == []
    for example in EXAMPLES:
        service.add_example(example["name"])
    made, _ = service.add(FORM)
    assert [one.name for one in service.all()] == sorted(
        [*(example["name"] for example in EXAMPLES), "Sea dog"], key=str.casefold
    )
    assert [one.id for one in service.find("PIRATE  sea")] == [made.id]
    assert service.find("pirate translator") == []
    with pytest.raises(InvalidInputError):
        service.add_example("Oracle")


def test_a_copy_is_its_own(library: Library, service: AssistantService) -> None:
    made, _ = service.add({**FORM, "name": "n" * MAX_NAME_CHARS})
    copy, added = service.duplicate(made.id)
    assert len(copy.name) == MAX_NAME_CHARS
    assert copy.name.endswith(" (copy)")
    service.change(copy.id, {**FORM, "instructions": "Be plain."})
    assert service.get(made.id).instructions == "Talk like a pirate."
    library.changes.undo(added)
    with pytest.raises(NotFoundError):
        service.get(copy.id)


def test_a_file_brings_those_that_are_not_there(service: AssistantService) -> None:
    service.add(FORM)
    content = service.export()
    assert service.import_from(content) == 0, "all are there"
    for one in service.all():
        service.delete(one.id)
    assert service.import_from(content) == 1
    (back,) = service.all()
    there = {"choice": "", "name": "Sea dog", "temperature": "0.5"}
    assert to_form(back) == FORM | there | {"instructions": "Talk like a pirate."}
    other = {"name": "Second", "instructions": "x"}
    for wrong in (
        "",
        "[1]",
        content.replace("hearth-assistants", "hearth-actions"),
        content.replace('"version": 1', '"version": 2'),
        json.dumps({**json.loads(content), "assistants": [other, {"name": ""}]}),
        json.dumps({**json.loads(content), "assistants": ["Second"]}),
        json.dumps({**json.loads(content), "assistants": [other] * 501}),
    ):
        with pytest.raises(InvalidInputError):
            service.import_from(wrong)
    assert service.all() == [back], "all or none"


def test_new_conversations_have_the_latest_choice_and_its_model(
    library: Library, service: AssistantService
) -> None:
    assert (service.of(NEW), service.model_for_new()) == (None, None)
    assert not service.choose_model_for_new(Choice("e2", "other"))
    sea, _ = service.add(FORM)
    plain, _ = service.add({**FORM, "name": "Plain", "choice": ""})
    service.choose(NEW, sea.id)
    assert service.model_for_new() == Choice("e1", "big")
    assert service.choose_model_for_new(Choice("e2", "other"))
    assert (found := service.of(NEW)) is not None
    assert (found.id, service.model_for_new()) == (sea.id, Choice("e2", "other"))
    service.choose(NEW, sea.id)
    assert service.model_for_new() == Choice("e1", "big")
    deleted = service.delete(sea.id)
    assert (service.of(NEW), service.model_for_new()) == (None, None)
    library.changes.undo(deleted)
    assert service.model_for_new() == Choice("e1", "big")
    service.choose(NEW, plain.id)
    assert service.model_for_new() is None
    with pytest.raises(NotFoundError):
        service.choose(NEW, "gone")
    service.choose(NEW, "")
    assert service.of(NEW) is None


def test_a_folder_begins_with_its_assistant_and_another_is_for_one_alone(
    library: Library, service: AssistantService
) -> None:
    stored = FolderStore(library.database)
    folders = FolderService(stored, AssistantStore(library.database))
    sea, _ = service.add(FORM)
    plain, _ = service.add({**FORM, "name": "Plain", "choice": ""})
    ships, other = stored.create("Ships"), stored.create("Other")
    service.choose(NEW, plain.id)
    with pytest.raises(NotFoundError):
        folders.set_up(ships.id, "", "gone")
    set_up = folders.set_up(ships.id, "", sea.id)

    def begins(folder_id: str) -> tuple[str, str]:
        found = service.of(NEW, folder_id)
        return found.name if found else "", str(service.model_for_new(folder_id) or "")

    assert begins(ships.id) == ("Sea dog", "e1|big")
    assert begins(other.id) == begins("") == begins("gone") == ("Plain", "")
    assert service.choose_model_for_new(Choice("e2", "other"), ships.id)
    assert begins(ships.id) == ("Sea dog", "e2|other")
    service.choose(NEW, "", ships.id)
    assert (begins(ships.id), begins("")) == (("", ""), ("Plain", ""))
    settings = SettingStore(library.database)
    own = ParameterService(settings, library.conversations, library.database.act)
    own.move(library.talk("Begun")[0].id)
    assert begins(ships.id) == ("Sea dog", "e1|big"), "for the next one alone"
    service.choose(NEW, "", ships.id)
    again = folders.set_up(ships.id, "", plain.id)
    assert begins(ships.id) == ("Plain", ""), "the folder was given another since"
    service.choose(NEW, sea.id, other.id)
    assert begins(other.id) == begins("") == ("Sea dog", "e1|big")
    for undone in (again, set_up):
        library.changes.undo(undone)
    assert stored.get(ships.id).assistant_id == ""


def test_a_folder_waits_for_an_assistant_in_the_trash_and_forgets_one_gone_for_good(
    library: Library, service: AssistantService
) -> None:
    stored = FolderStore(library.database)
    sea, _ = service.add(FORM)
    ships = stored.create("Ships")
    stored.set_up(ships.id, "", sea.id)
    exported = ExportStore(library.database)
    deleted = service.delete(sea.id)
    assert (service.of(NEW, ships.id), service.of_folder(ships.id)) == (None, None)
    assert [folder.assistant_id for folder in exported.folders()] == [""]
    FolderService(stored, AssistantStore(library.database)).set_up(
        ships.id, "Ahoy.", sea.id
    )
    library.changes.undo(deleted)
    found = service.of(NEW, ships.id)
    assert found
    assert found.name == "Sea dog"
    assert [folder.assistant_id for folder in exported.folders()] == [sea.id]
    service.delete(sea.id)
    library.changes.forget("assistant", sea.id)
    kept = stored.get(ships.id)
    assert (kept.assistant_id, kept.instructions) == ("", "Ahoy.")


def test_a_choice_brings_the_model_and_is_undone_with_it(
    library: Library, service: AssistantService
) -> None:
    sea, _ = service.add(FORM)
    talk, _ = library.talk("Ships", ("Hi?", "Hi."))
    chosen = service.choose(talk.id, sea.id)
    row = library.conversations.get(talk.id)
    assert (row.assistant_id, row.engine_id, row.model) == (sea.id, "e1", "big")
    library.conversations.choose_model(talk.id, "e2", "other")
    service.choose(talk.id, sea.id)
    assert library.conversations.get(talk.id).model == "other", "chosen after it"
    library.changes.undo(chosen)
    row = library.conversations.get(talk.id)
    assert (row.assistant_id, row.model) == ("", "other")
    with pytest.raises(NotFoundError):
        service.choose(talk.id, "gone")


def test_it_goes_for_good_and_leaves_what_it_says_where_it_is_used(
    library: Library, service: AssistantService
) -> None:
    sea, _ = service.add(FORM)
    unused, _ = service.add({**FORM, "name": "Quokka", "instructions": "Say quokka."})
    talks = [library.talk(f"Talk {n}")[0].id for n in range(51)]
    for one in talks:
        service.choose(one, sea.id)
    library.conversations.instruct(talks[0], "And be brief.")
    settings = SettingStore(library.database)
    own = f"model.parameters.{talks[0]}"
    settings.set(own, json.dumps({"temperature": 1.5}))
    for gone in (sea, unused):
        service.delete(gone.id)
        library.changes.forget("assistant", gone.id)
    for one in talks:
        row = library.conversations.get(one)
        assert row.assistant_id == ""
        assert row.instructions.startswith("Talk like a pirate.")
        kept = json.loads(settings.get(f"model.parameters.{one}"))
        assert (kept["seed"], kept["stop"]) == (0, ["ARR", "END"])
    first = library.conversations.get(talks[0]).instructions
    assert first == "Talk like a pirate.\n\nAnd be brief."
    assert json.loads(settings.get(own))["temperature"] == 1.5, "its own counts"
    assert service.known(sea.id) is None
    assert [*library.changes.of_row("assistant", sea.id)] == []
    with library.database.read() as session:
        log = session.connection().exec_driver_sql("select after from change").all()
    assert "quokka" not in str(log).casefold()
