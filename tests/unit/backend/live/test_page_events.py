"""Which changes of which rows make which events, and that commits come to pages."""

import asyncio
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypedDict

import pytest

from backend.ids import new_id
from backend.installation import resource_path
from backend.interface.stored_values import EngineKind
from backend.lifecycle.open_store import Services
from backend.live.message_feed import MessageFeed
from backend.live.page_events import MANY, PageEvents, events_of
from backend.services.chat.growing import Growing
from backend.store.actions import ActionStore
from backend.store.change_log import RowChange
from backend.store.chat.assistants import AssistantStore
from backend.store.chat.summaries import SummaryStore
from backend.store.conversations import ConversationStore
from backend.store.database import Database
from backend.store.engines import EngineStore
from backend.store.history.changes import ChangeStore
from backend.store.history.revisions import RevisionStore
from backend.store.history.trash import TrashStore
from backend.store.imports.imports import ImportStore
from backend.store.messages import MessageStore
from backend.store.models import Note
from backend.store.notes import NoteStore
from backend.store.settings import SettingStore
from backend.store.states.message_state import MessageState
from backend.web.assets import icons_dir
from backend.web.events import EventHub
from backend.web.rendering import Renderer

Names = dict[str, object]


class Naming(TypedDict):
    """What answers, by its names."""

    engine_name: str
    model: str


ENGINE: Naming = {"engine_name": "e", "model": "m"}


class Hearing:
    """What pages hear of the commits of a database, one by one."""

    def __init__(self, database: Database) -> None:
        self.heard: list[PageEvents] = []
        database.on_commit = lambda changes: self.heard.append(events_of(changes))

    def of(self, act: Callable[[], object]) -> Names:
        """Do something in one transaction; return what is not empty of its events."""
        self.heard.clear()
        act()
        (events,) = self.heard
        named: Names = {
            "nouns": set(events.nouns),
            "logs": set(events.logs),
            "added": [message.id for message in events.added],
            "changed": [message.id for message in events.changed],
            "removed": list(events.removed),
        }
        return {name: value for name, value in named.items() if value}


@pytest.fixture
def hearing(database: Database) -> Hearing:
    return Hearing(database)


def exchange(messages: MessageStore) -> tuple[str, str, str]:
    """Return a conversation with a question and an answer that has ended."""
    talk, asked, answer = messages.begin_conversation("Q", engine_id="e", **ENGINE)
    end(messages, answer.id)
    return talk.id, asked.id, answer.id


def end(messages: MessageStore, answer: str) -> None:
    complete = MessageState.COMPLETE
    messages.finish(answer, text="A", reasoning="", state=complete)


def test_the_log_is_fetched_when_a_model_reads_from_elsewhere_on(
    database: Database, hearing: Hearing, messages: MessageStore
) -> None:
    talk, asked, answer = messages.begin_conversation("Q", engine_id="e", **ENGINE)
    finished = hearing.of(
        lambda: messages.finish(
            answer.id,
            text="A",
            reasoning="",
            state=MessageState.COMPLETE,
            reads_from=asked.id,
        )
    )
    assert finished["logs"] == {talk.id}
    summaries = SummaryStore(database)
    summary = hearing.of(lambda: summaries.begin(talk.id, answer.id, **ENGINE))
    assert "logs" not in summary
    added = summary["added"]
    assert isinstance(added, list)
    summed_up: str = added[0]
    assert hearing.of(lambda: end(messages, summed_up))["logs"] == {talk.id}
    removed = hearing.of(lambda: messages.delete(summed_up))
    assert (removed["removed"], removed["logs"]) == ([summed_up], {talk.id})


def test_a_noun_that_changes_is_fetched(database: Database, hearing: Hearing) -> None:
    notes, trash = NoteStore(database), TrashStore(database)
    note = notes.create(body="One")
    assert hearing.of(lambda: notes.save(note.id, "Two", "Two")) == {"nouns": {"notes"}}
    gone = {"nouns": {"notes", "trash"}}
    assert hearing.of(lambda: notes.delete(note.id)) == gone
    assert hearing.of(lambda: trash.restore("note", note.id)) == gone
    settings, engines = SettingStore(database), EngineStore(database)
    chosen = hearing.of(lambda: settings.set("model.default", "e|m"))
    assert chosen == {"nouns": {"engines"}}
    assert hearing.of(lambda: settings.set("instructions", "Be brief")) == {}
    added = hearing.of(lambda: engines.add(EngineKind.OPENAI, "E", "http://e", ""))
    assert added == {"nouns": {"engines"}}
    actions = ActionStore(database)
    made = hearing.of(lambda: actions.add({"name": "Shrink", "prompt": "x"}))
    assert made == {"nouns": {"actions"}}


def test_another_assistant_is_heard_where_it_is_said(
    database: Database,
    hearing: Hearing,
    conversations: ConversationStore,
    messages: MessageStore,
) -> None:
    assistants = AssistantStore(database)
    talk, *_ = exchange(messages)
    heard = {"nouns": {"assistants"}}
    assert hearing.of(lambda: assistants.add({"name": "Tutor"})) == heard
    made = assistants.all()[0].id
    chosen = hearing.of(lambda: conversations.assist(talk, made, "e", "m"))
    assert chosen == {"nouns": {"conversations", "engines"}, "logs": {talk}}
    begun = hearing.of(
        lambda: messages.begin_conversation(
            "Q", engine_id="e", **ENGINE, assistant=(made, "Tutor")
        )
    )
    assert "logs" not in begun
    deleted = hearing.of(lambda: assistants.delete(made))
    assert deleted == {"nouns": {"assistants", "trash"}}


def test_a_conversation_is_heard_by_the_list_of_conversations(
    conversations: ConversationStore, messages: MessageStore, hearing: Hearing
) -> None:
    talk, *_ = exchange(messages)
    renamed = hearing.of(lambda: conversations.rename(talk, "New", "user"))
    assert renamed == {"nouns": {"conversations"}}
    deleted = hearing.of(lambda: conversations.delete(talk))
    assert deleted == {"nouns": {"conversations", "trash"}}


def test_what_is_asked_is_added_at_the_end(
    messages: MessageStore, hearing: Hearing
) -> None:
    talk, _, answer = exchange(messages)
    heard = hearing.of(lambda: messages.add_exchange(talk, "Next", **ENGINE))
    nouns = {"conversations"}
    *_, question, reply = messages.of_conversation(talk)
    assert heard == {"nouns": nouns, "added": [question.id, reply.id]}
    assert hearing.of(lambda: end(messages, reply.id)) == {"changed": [reply.id]}
    again = hearing.of(lambda: messages.reopen(answer, keep_text=False))
    assert again == {"nouns": nouns, "changed": [answer]}


def test_another_branch_lets_the_log_be_fetched(
    database: Database, messages: MessageStore, hearing: Hearing
) -> None:
    revisions, changes = RevisionStore(database), ChangeStore(database)
    talk, asked, answer = exchange(messages)
    edited = hearing.of(lambda: revisions.edit(asked, "Other"))
    assert edited == {"changed": [asked]}
    undone = hearing.of(lambda: changes.undo(str(changes.last())))
    assert undone == {"changed": [asked]}
    later = messages.add_exchange(talk, "Next", **ENGINE)
    end(messages, later[1].id)
    again = hearing.of(lambda: revisions.ask_again(asked, "Third", **ENGINE))
    moved = {"nouns": {"conversations"}, "logs": {talk}}
    assert again == moved
    assert hearing.of(lambda: revisions.show(asked)) == moved
    written = hearing.of(lambda: revisions.answer_again(answer, **ENGINE))
    assert written == moved


def test_what_comes_back_between_others_lets_the_log_be_fetched(
    database: Database, messages: MessageStore, hearing: Hearing
) -> None:
    talk, asked, answer = exchange(messages)
    gone = hearing.of(lambda: messages.delete(asked))
    assert gone == {"nouns": {"trash"}, "removed": [asked, answer]}
    back = {"nouns": {"trash"}, "logs": {talk}}
    undone = hearing.of(lambda: ChangeStore(database).undo(str(last(database))))
    assert undone == back
    messages.delete(asked)
    assert hearing.of(lambda: TrashStore(database).restore("message", asked)) == back


def last(database: Database) -> str | None:
    return ChangeStore(database).last()


def test_what_goes_for_good_leaves_the_trash(
    database: Database, messages: MessageStore, hearing: Hearing
) -> None:
    talk, *_ = exchange(messages)
    ConversationStore(database).delete(talk)
    hearing.heard.clear()
    ChangeStore(database).forget("conversation", talk)
    nouns = {noun for events in hearing.heard for noun in events.nouns}
    assert nouns == {"trash", "conversations"}


def test_an_import_is_a_few_events_and_not_one_per_row(
    database: Database, hearing: Hearing
) -> None:
    def rows(count: int) -> list[tuple[str, dict[str, str | int | None]]]:
        return [
            ("message", {"id": new_id(), "conversation_id": "c", "text": f"{i}"})
            for i in range(count)
        ]

    imports = ImportStore(database)
    for count in (2, MANY + 1):
        heard = hearing.of(lambda count=count: imports.add("run", rows(count)))  # type: ignore[misc]  # bound now
        assert heard == {"logs": {"c"}}


def test_what_is_rolled_back_or_not_logged_says_nothing(
    database: Database, messages: MessageStore, hearing: Hearing
) -> None:
    _, _, answer = messages.begin_conversation("Q", engine_id="e", **ENGINE)
    hearing.heard.clear()
    messages.append_chunk(answer.id, 1, "A piece")

    def fail() -> None:
        with database.write() as session:
            session.add(Note(title="Never"))
            session.flush()
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert not hearing.heard


@pytest.mark.expects_errors
def test_who_listens_and_fails_does_not_undo_a_commit(database: Database) -> None:
    def fail(_changes: Sequence[RowChange]) -> None:
        raise RuntimeError

    database.on_commit = fail
    notes = NoteStore(database)
    assert notes.get(notes.create(body="Kept").id).body == "Kept"


async def closed(_ids: object) -> Services:
    raise NotImplementedError


def feed_over(hub: EventHub) -> MessageFeed:
    templates = resource_path("backend", "templates")
    return MessageFeed(hub, Renderer(templates, icons_dir(), str), closed)


def parts(hub: EventHub, since: int) -> list[tuple[str, str]]:
    """Return which parts of which messages pages were told of."""
    events = hub.wait(hub.subscribe(since), since, 0) or []
    data = [json.loads(event.html) for event in events if event.name == "messages"]
    return [(one["part"], one.get("message", "")) for one in data]


def test_an_answer_is_shown_when_it_begins_and_its_question_at_once(
    database: Database, messages: MessageStore, tmp_path: Path
) -> None:
    commits: list[Sequence[RowChange]] = []
    database.on_commit = commits.append
    talk, asked, answer = messages.begin_conversation("Q", engine_id="e", **ENGINE)
    hub = EventHub(1)

    async def run() -> None:
        feed = feed_over(hub)
        feed.committed(commits[0])
        assert parts(hub, 1) == [("added", asked.id)]
        feed.began(Growing(answer.id, talk.id))

    asyncio.run(run())
    assert parts(hub, 1) == [("added", asked.id), ("added", answer.id)]


def test_many_commits_are_few_events(database: Database) -> None:
    notes, hub = NoteStore(database), EventHub(1)

    async def run() -> None:
        database.on_commit = feed_over(hub).committed
        for number in range(50):
            notes.create(body=f"{number}")
        await asyncio.sleep(0)
        assert hub.seq == 2
        while hub.seq == 2:
            await asyncio.sleep(0.01)
        assert hub.seq == 3

    asyncio.run(run())


def names(hub: EventHub, since: int) -> list[str]:
    """Return what pages were told of, in its order."""
    return [event.name for event in hub.wait(hub.subscribe(since), since, 0) or []]


def test_lists_wait_for_an_answer_that_begins_and_messages_do_not(
    database: Database, messages: MessageStore
) -> None:
    commits: list[Sequence[RowChange]] = []
    database.on_commit = commits.append
    messages.begin_conversation("Q", engine_id="e", **ENGINE)
    rows: list[tuple[str, dict[str, str | int | None]]] = [
        ("message", {"id": new_id(), "conversation_id": "c", "text": f"{i}"})
        for i in range(MANY + 1)
    ]
    ImportStore(database).add("run", rows)
    begun, imported = commits

    async def run() -> None:
        hub = EventHub(1)
        feed = feed_over(hub)
        feed.committed(begun)
        assert names(hub, 1) == ["messages"]
        seq = hub.seq
        while hub.seq == seq:
            await asyncio.sleep(0.01)
        assert names(hub, seq) == ["conversations"]
        while feed._refreshes._timer:
            await asyncio.sleep(0.01)
        # Its first words are still waited for.
        seq = hub.seq
        feed.committed(imported)
        assert "messages" in names(hub, seq)

    asyncio.run(run())
