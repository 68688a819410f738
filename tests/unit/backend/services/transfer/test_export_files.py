"""Exports tell everything, and what is exported as JSON comes back the same."""

import contextlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.ids import new_id
from backend.importing.__main__ import tell
from backend.services.transfer.export_files import (
    ExportFormat,
    all_as_json,
    conversation_pieces,
)
from backend.services.transfer.import_batches import Batch
from backend.store.database import Database
from backend.store.exports import ExportStore
from backend.store.imports.imports import ImportStore
from backend.store.models import (
    Action,
    Assistant,
    Conversation,
    Folder,
    Logged,
    Message,
    Note,
)
from backend.store.states.message_state import MessageState
from backend.store.text import clean_text
from tests.helpers.reading import rows_of

WORDS = st.text(max_size=20).map(clean_text)
STATES = [state for state in MessageState if state is not MessageState.STREAMING]
MESSAGES: st.SearchStrategy[list[dict[str, Any]]] = st.lists(
    st.builds(
        dict,
        role=st.sampled_from(["user", "assistant"]),
        text=WORDS,
        reasoning=WORDS,
        error=WORDS,
        engine=WORDS,
        model=WORDS,
        assistant=WORDS,
        state=st.sampled_from(STATES),
    ),
    max_size=4,
)
TALKS = st.lists(
    st.tuples(
        WORDS, st.sampled_from(["none", "text", "model", "user"]), WORDS, MESSAGES
    ),
    max_size=3,
)
NOTES: st.SearchStrategy[list[dict[str, Any]]] = st.lists(
    st.builds(dict, title=WORDS, body=WORDS), max_size=3
)
ACTION: st.SearchStrategy[dict[str, Any]] = st.builds(
    dict,
    name=st.sampled_from(["Shorten", "Häkchen 🎉"]),
    prompt=st.sampled_from(["Do {clipboard}", "</details>"]),
    icon=st.sampled_from(["zap", "list"]),
    result=st.sampled_from(["show", "copy", "note"]),
    shortcut=st.sampled_from(["", "Ctrl+Alt+E"]),
    in_tray=st.sampled_from([0, 1]),
    engine_id=st.sampled_from(["", "an engine"]),
    position=st.sampled_from(["", "a", "b"]),
    assistant_id=st.sampled_from(["", "a"]),
)
ACTIONS = st.lists(
    ACTION,
    max_size=3,
    unique_by=(lambda a: (a["name"], a["prompt"]), lambda a: a["shortcut"] or id(a)),
)


def rows(talks: Iterable[Any], notes: Any, actions: Any) -> list[Logged]:  # noqa: ANN401 generated
    """Return rows as Hearth makes them."""
    made: list[Logged] = []
    for title, source, model, messages in talks:
        talk = Conversation(title=title, title_source=source, model=model)
        talk.pinned_at, talk.archived_at = len(title), len(model)
        talk.folder_id = talk.assistant_id = model
        talk.instructions = title
        made.append(talk)
        for record in messages:
            made.append(Message(conversation_id=talk.id, **record))
            talk.latest = new_id()
    made += [
        Note(message_id=new_id() if record["title"] else "", **record)
        for record in notes
    ]
    made += [
        Folder(name=n["title"], instructions=n["body"], assistant_id=n["title"])
        for n in notes
    ]
    made += [
        Assistant(
            name=f"A{n['title']}",
            icon="languages",
            instructions=f"Be {n['body']}",
            parameters='{"temperature": 0.5}' if n["body"] else "",
        )
        for n in notes
    ]
    return made + [Action(**record) for record in actions]


def exported(database: Database) -> dict[str, Any]:
    store = ExportStore(database)
    pieces = all_as_json(
        store.conversations(),
        lambda one: store.messages(one.id),
        store.notes(),
        store.assistants(),
        store.actions(),
        folders=store.folders(),
    )
    record: dict[str, Any] = json.loads("".join(pieces))
    return record


@settings(max_examples=40)
@given(TALKS, NOTES, ACTIONS)
def test_everything_comes_back_the_same(
    tmp_path_factory: pytest.TempPathFactory,
    talks: list[Any],
    notes: list[Any],
    actions: list[Any],
) -> None:
    folder = tmp_path_factory.mktemp("both")
    with contextlib.ExitStack() as stack:
        one, two = (
            stack.enter_context(contextlib.closing(Database.open(_new(folder / name))))
            for name in ("one", "two")
        )
        with one.write() as session:
            session.add_all(rows(talks, notes, actions))
        first = exported(one)
        path = folder / "all.json"
        path.write_text(json.dumps(first), "utf-8")
        _, found, tally = rows_of(path)
        store = ImportStore(two)
        batch = Batch(store, store.begin(new_id(), "x", "Hearth").id, is_dated=True)
        for row in found:
            for record in tell(row):
                batch.add(record)
        batch.flush()
        assert not tally.skipped
        assert exported(two) | {"exported_at": 0} == first | {"exported_at": 0}


def _new(folder: Path) -> Path:
    folder.mkdir()
    return folder / "hearth.db"


def markdown(*messages: Message) -> str:
    talk = Conversation(title="T")
    pieces = conversation_pieces(
        ExportFormat.MARKDOWN, talk, messages, lambda _context: ""
    )
    return "".join(pieces)


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        (MessageState.STOPPED, "> Stopped. "),
        (MessageState.INTERRUPTED, "> Interrupted. "),
        (MessageState.FAILED, "> It broke. Twice."),
    ],
)
def test_an_answer_that_is_not_whole_says_so(
    state: MessageState, expected: str
) -> None:
    error = "It broke.\nTwice." if state is MessageState.FAILED else ""
    answer = Message(role="assistant", text="```\nhalf", state=state, error=error)
    shown = markdown(answer, Message(role="user", text="Next"))
    half, _, rest = shown.partition("```\nhalf\n```\n")
    assert half
    assert rest.lstrip().startswith(expected)
    assert "\n## You\n" in rest


def test_a_whole_answer_says_nothing_more() -> None:
    shown = markdown(Message(role="assistant", text="A", reasoning="a </details> b"))
    assert "\n> " not in shown
    assert "```text\na </details> b\n```\n\n</details>" in shown
