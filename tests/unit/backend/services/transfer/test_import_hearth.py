"""Hearth's own export updates notes, actions and conversations that are here."""

import json
from base64 import b64encode
from hashlib import sha256
from typing import Any

import pytest

from backend.attachments.files import names_in
from backend.ids import NEW, now_ms
from backend.llm.options import AS_SET, Parameters
from backend.services.chat.setups.parameters import ParameterService
from backend.services.transfer.export_files import all_as_json
from backend.store.actions import ActionStore
from backend.store.attachments.attachments import AttachmentStore, CheckedFile
from backend.store.chat.assistants import AssistantStore
from backend.store.conversations import ConversationStore
from backend.store.exports import ExportStore
from backend.store.history.changes import ChangeStore
from backend.store.messages import MessageStore
from backend.store.notes import NoteStore
from backend.store.settings import SettingStore
from tests.helpers.import_library import Library, library

__all__ = ["library"]

HEARTH_ID = "018bcfe5-7000-7000-8000-00000000000"


def hearth(note: str, at: int, **data: object) -> dict[str, Any]:
    row = {"id": f"{HEARTH_ID}1", "created_at": 1, "updated_at": at, "title": "N"}
    return {
        "format": "hearth-export",
        "version": 1,
        "notes": [row | {"body": note}],
    } | data


def test_a_note_follows_a_newer_export_and_no_older_one(library: Library) -> None:
    notes = NoteStore(library.database)
    for body, at, expected in (
        ("one", 10, "one"),
        ("two", 20, "two"),
        ("one", 10, "two"),
        ("three", 30, "three"),
    ):
        library.bring_in(hearth(body, at))
        assert notes.page()[0].body == expected
    notes.save(f"{HEARTH_ID}1", "mine")
    library.bring_in(hearth("four", now_ms() + 1000))
    assert notes.page()[0].body == "mine"


ACTION = {"id": f"{HEARTH_ID}2", "created_at": 1, "updated_at": 1, "name": "A"}


def actions(library: Library) -> list[tuple[str, str, str]]:
    with library.database.read() as session:
        run = session.connection().exec_driver_sql
        query = "select name, prompt, shortcut from action where deleted_at is null"
        return [tuple(row) for row in run(f"{query} order by id")]


def test_quick_actions_come_once_and_leave_their_keys_to_those_here(
    library: Library,
) -> None:
    first = ACTION | {"prompt": "P", "shortcut": "Ctrl+Alt+A"}
    second = ACTION | {"id": f"{HEARTH_ID}3", "prompt": "Q", "shortcut": "Ctrl+Alt+A"}
    alike = ACTION | {"id": f"{HEARTH_ID}4", "prompt": "P"}
    broken = ACTION | {"id": f"{HEARTH_ID}5", "kind": "fly"}
    library.bring_in(hearth("n", 1, actions=[first]))
    run, report, _ = library.bring_in(
        hearth("n", 1, actions=[first, second, alike, broken])
    )
    assert actions(library) == [("A", "P", "Ctrl+Alt+A"), ("A", "Q", "")]
    assert (report.new_actions, report.unfit) == (1, 1)
    library.revert(run)
    assert actions(library) == [("A", "P", "Ctrl+Alt+A")]


def test_an_assistant_follows_a_newer_export_until_it_is_changed_here(
    library: Library,
) -> None:
    kept = AssistantStore(library.database)
    row = ACTION | {"instructions": "One", "parameters": {"temperature": 0.5}}
    broken = ACTION | {"id": f"{HEARTH_ID}5", "name": 5}
    run, report, _ = library.bring_in(hearth("n", 1, assistants=[row, broken]))
    (made,) = kept.all()
    assert (made.name, made.instructions) == ("A", "One")
    assert json.loads(made.parameters) == {"temperature": 0.5}
    assert report.new_assistants == 1
    newer = row | {"updated_at": 2**40, "instructions": "Two"}
    later, _, _ = library.bring_in(hearth("n", 1, assistants=[newer]))
    assert kept.get(made.id).instructions == "Two"
    library.revert(later)
    assert kept.get(made.id).instructions == "One"
    kept.change(made.id, {"instructions": "Mine"})
    library.bring_in(hearth("n", 1, assistants=[newer | {"updated_at": 2**41}]))
    assert [one.instructions for one in kept.all()] == ["Mine"]
    library.revert(run)
    assert kept.all() == []


def test_a_built_in_action_changed_elsewhere_follows_until_it_is_changed_here(
    library: Library,
) -> None:
    store = ActionStore(library.database)
    store.seed("1", [{"id": f"{HEARTH_ID}2", "name": "A", "prompt": "As it came"}])
    changed = ACTION | {"updated_at": 2**40, "prompt": "Mine elsewhere"}
    library.bring_in(hearth("n", 1, actions=[changed]))
    assert actions(library) == [("A", "Mine elsewhere", "")]
    store.change(f"{HEARTH_ID}2", {"prompt": "Mine here"})
    later = changed | {"updated_at": now_ms() + 1000, "prompt": "Later"}
    library.bring_in(hearth("n", 1, actions=[later]))
    assert actions(library) == [("A", "Mine here", "")]


def test_how_a_conversation_is_answered_comes_with_it(library: Library) -> None:
    conversations = ConversationStore(library.database)
    kept = ParameterService(
        SettingStore(library.database), conversations, library.database.act
    )
    row, plain = conversations.create(title="A"), conversations.create(title="B")
    kept.set(row.id, {"temperature": "0.5", "stop": "END"})
    store = ExportStore(library.database)
    pieces = all_as_json(
        store.conversations(), lambda _: (), (), (), (), parameters=store.parameters
    )
    export = json.loads("".join(pieces))
    ChangeStore(library.database).forget_all(
        [("conversation", row.id), ("conversation", plain.id)]
    )
    assert kept.of(row.id) == AS_SET
    run, _, _ = library.bring_in(export)
    assert kept.of(row.id) == Parameters(temperature=0.5, stop=("END",))
    assert kept.of(plain.id) == AS_SET
    library.revert(run)
    assert kept.of(row.id) == AS_SET
    library.bring_in(export)
    assert kept.of(row.id).temperature == 0.5
    kept.set(row.id, {"temperature": "1"})
    library.bring_in(export)
    assert kept.of(row.id).temperature == 1, "it was changed here"


@pytest.mark.parametrize("odd", [None, [], "hot", {"temperature": "hot"}, {"x": 1}])
def test_odd_parameters_cost_no_conversation(library: Library, odd: object) -> None:
    talk = {"id": f"{HEARTH_ID}9", "created_at": 1, "title": "T", "parameters": odd}
    library.bring_in(hearth("n", 1, conversations=[talk]))
    assert [row.title for row in library.conversations] == ["T"]
    conversations = ConversationStore(library.database)
    kept = ParameterService(
        SettingStore(library.database), conversations, library.database.act
    )
    assert kept.of(f"{HEARTH_ID}9") == AS_SET


def test_a_conversation_of_hearth_without_messages_is_kept(library: Library) -> None:
    empty = {"id": f"{HEARTH_ID}7", "title": "Empty", "messages": []}
    export = hearth("n", 1, conversations=[empty])
    assert library.bring_in(export)[1].new == 1
    assert library.conversations[0].title == "Empty"
    assert not library.bring_in(export)[1].has_added


def export_of(library: Library) -> dict[str, Any]:
    store = ExportStore(library.database)
    pieces = all_as_json(
        store.conversations(),
        lambda one: store.messages(one.id),
        (),
        (),
        (),
        attached=store.attachments(),
    )
    found: dict[str, Any] = json.loads("".join(pieces))
    return found


def attached_to(library: Library, message_id: str) -> list[tuple[str, bytes, str]]:
    files = AttachmentStore(library.database)
    found = files.of_messages([message_id]).get(message_id, ())
    return [(one.name, files.content(one), files.text(one)) for one in found]


def test_attached_files_come_back_with_their_questions(library: Library) -> None:
    files, messages = AttachmentStore(library.database), MessageStore(library.database)
    for name, kind, text in (("cat.png", "picture", ""), ("a.pdf", "document", "read")):
        checked = CheckedFile(
            kind=kind,
            name=name,
            media_type="image/png",
            content=name.encode() * 9,
            text=text,
        )
        files.add(NEW, checked)
    conversation, asked, answer = messages.begin_conversation(
        "What?", engine_id="e", engine_name="E", model="m"
    )
    messages.interrupt([answer.id])
    before = attached_to(library, asked.id)
    assert [name for name, _, _ in before] == ["cat.png", "a.pdf"]
    export = export_of(library)
    library.bring_in(export)
    assert attached_to(library, asked.id) == before, "they came twice"
    ChangeStore(library.database).forget("conversation", conversation.id)
    assert names_in(library.database.files.folder) == set()
    library.bring_in(export)
    assert attached_to(library, asked.id) == before
    assert export_of(library)["attachments"] == export["attachments"]


@pytest.mark.parametrize(
    "odd",
    [
        {"content": "bm90IGl0"},
        {"content": "?"},
        {"content": 3},
        {"message_id": "../x"},
        {"width": -1},
        {"name": None},
    ],
    ids=["other", "no base64", "number", "path", "negative", "nameless"],
)
def test_a_file_that_is_not_what_it_says_costs_nothing_else(
    library: Library, odd: dict[str, object]
) -> None:
    talk_id, message_id = f"{HEARTH_ID}8", f"{HEARTH_ID}9"
    talk = {
        "id": talk_id,
        "title": "T",
        "messages": [{"id": message_id, "role": "user"}],
    }
    file = {
        "id": f"{HEARTH_ID}a",
        "message_id": message_id,
        "name": "a",
        "media_type": "text/html",
        "sha256": sha256(b"it").hexdigest(),
        "content": b64encode(b"it").decode(),
    }
    data = hearth("n", 1, conversations=[talk], attachments=[file | odd])
    library.bring_in(data)
    assert attached_to(library, message_id) == []
    library.bring_in(data | {"attachments": [file]})
    assert attached_to(library, message_id) == [("a", b"it", "")]


def test_a_mark_follows_its_message_to_the_id_that_has_here(library: Library) -> None:
    here, there = (f"0190aaa{n}-0000-7000-8000-000000000009" for n in (0, 1))
    talk = {"id": f"{HEARTH_ID}8", "title": "T"}
    asked = {"role": "user", "text": "Why?"}
    library.bring_in(
        hearth("n", 1, conversations=[talk | {"messages": [asked | {"id": here}]}])
    )
    mark = {"id": f"{HEARTH_ID}b", "title": "Why", "body": "x", "message_id": there}
    again = talk | {"messages": [asked | {"id": there}]}
    own = hearth("n", 1)
    del own["notes"]
    library.bring_in(own | {"conversations": [again], "notes": [mark]})
    note, _ = sorted(
        ExportStore(library.database).notes(), key=lambda n: n.title != "Why"
    )
    assert note.message_id == here == library.messages()[0].id
