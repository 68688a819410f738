"""Words are found wherever they are, in any script, with their surroundings."""

import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.ids import now_ms
from backend.store.change_log import Fields
from backend.store.chat.assistants import AssistantStore
from backend.store.conversations import ConversationStore
from backend.store.database import Database
from backend.store.history.changes import ChangeStore
from backend.store.imports.imports import ImportStore
from backend.store.messages import MessageStore
from backend.store.notes import NoteStore
from backend.store.search.hits import Hit, Kind
from backend.store.search.search import SearchStore, to_match


@pytest.fixture
def search(database: Database) -> SearchStore:
    return SearchStore(database)


def say(messages: MessageStore, text: str, title: str = "") -> str:
    """Store a conversation that begins with a text; return the message's id."""
    return messages.begin_conversation(
        text,
        engine_id="",
        engine_name="",
        model="",
        title=title,
    )[1].id


def marked(hit: Hit) -> str:
    return "".join(f"[{p.text}]" if p.marked else p.text for p in hit.snippet)


@pytest.mark.parametrize(
    ("text", "query", "snippet"),
    [
        ("Fire is hot", "fire", "[Fire] is hot"),
        ("Fire is hot", "ho", "Fire is [hot]"),
        ("Fire is hot", "hot fi", "[Fire] is [hot]"),
        ("Crème brûlée für Zoë", "creme brulee zoe", "[Crème] [brûlée] für [Zoë]"),
        ("a red hot fire", '"red hot" fire', "a [red hot] [fire]"),
        ("我住在北京市中心", "北京", "我住在[北京]市中心"),
        ("我住在北京市中心", "京", "我住在北[京]市中心"),
        ("東京タワーはTokyoにある", "タワー", "東京[タワー]はTokyoにある"),
        ("東京タワーはTokyoにある", "toky", "東京タワーは[Tokyo]にある"),
        ("서울은 큰 도시", "서울", "[서울은] 큰 도시"),
        ("what about C++ and x?", "c++ and", "what about [C]++ [and] x?"),
        ("NEAR OR NOT", "near or not", "[NEAR] [OR] [NOT]"),
    ],
)
def test_a_text_is_found_and_marked(
    search: SearchStore,
    messages: MessageStore,
    text: str,
    query: str,
    snippet: str,
) -> None:
    said = say(messages, text)
    say(messages, "something else entirely")
    (hit,) = search.search(query)
    assert (hit.kind, hit.id, marked(hit)) == (Kind.MESSAGE, said, snippet)


@pytest.mark.parametrize(
    "query",
    ["", " ", "f", '"', '""', "*", "hot cold", '"hot red"', "北 市", "?!", "f i"],
)
def test_what_is_not_there_or_too_short_finds_nothing(
    search: SearchStore,
    messages: MessageStore,
    query: str,
) -> None:
    say(messages, "Fire is red hot 北京")
    assert search.search(query) == []


def test_an_assistant_is_found_by_its_name_and_by_what_it_is_told(
    search: SearchStore, database: Database
) -> None:
    kept = AssistantStore(database)
    facts = {"name": "Sea dog", "instructions": "Talk like a pirate."}
    (made, _), _ = kept.add(facts, {"name": "Dog", "instructions": "Bark."})
    (hit,) = search.search("pirate", kinds=[Kind.ASSISTANT])
    assert (hit.id, hit.title, hit.conversation_id) == (made.id, "Sea dog", "")
    assert marked(hit) == "Talk like a [pirate]."
    best, _ = search.search("dog")
    assert (best.kind, best.title) == (Kind.ASSISTANT, "Dog"), "the shorter text first"
    kept.change(made.id, {"instructions": "Talk C++ like a captain"})
    assert search.search("pirate") == []
    assert [hit.id for hit in search.search("c++")] == [made.id], "by signs"
    kept.delete(made.id)
    assert search.search("captain") == []


def test_every_kind_is_found_and_filtered(
    search: SearchStore,
    messages: MessageStore,
    database: Database,
) -> None:
    say(messages, "how does fire burn", title="About fire")
    note = NoteStore(database).create("Fire drill", "leave the house")
    assert [hit.kind for hit in search.search("fire")] == [
        Kind.MESSAGE,
        Kind.CONVERSATION,
        Kind.NOTE,
    ]
    (hit,) = search.search("house", kinds=[Kind.NOTE])
    assert (hit.id, hit.title) == (note.id, "Fire drill")
    assert search.search("fire", until=note.created_at - 60_000) == []
    assert search.search("fire", since=note.created_at + 60_000) == []


def test_the_trash_is_not_searched(
    search: SearchStore,
    messages: MessageStore,
    conversations: ConversationStore,
    database: Database,
) -> None:
    said = say(messages, "how does fire burn", title="About fire")
    conversation = messages.get(said).conversation_id
    deleted = conversations.delete(conversation)
    assert search.search("fire") == []
    undone = ChangeStore(database).undo(deleted)
    assert len(search.search("fire")) == 2
    ChangeStore(database).undo(undone)
    assert search.search("fire") == []


def test_what_is_archived_is_found_and_said_to_be(
    search: SearchStore, messages: MessageStore, conversations: ConversationStore
) -> None:
    say(messages, "embers glow", title="Embers")
    assert not any(hit.is_archived for hit in search.search("embers"))
    [row] = conversations.page()
    conversations.arrange([row.id], archived_at=1)
    hits = search.search("embers")
    assert [hit.kind for hit in hits] == [Kind.MESSAGE, Kind.CONVERSATION]
    assert all(hit.is_archived for hit in hits)


def test_an_edited_text_is_found_by_its_new_words_only(
    search: SearchStore,
    database: Database,
) -> None:
    notes = NoteStore(database)
    made = notes.create("A title", "北京 fire")
    notes.save(made.id, "water")
    assert search.search("fire") == search.search("北京") == []
    assert len(search.search("water")) == 1


def test_messages_come_newest_first_and_titles_best_first(
    search: SearchStore,
    messages: MessageStore,
) -> None:
    said = [
        say(messages, "fire fire fire", title="fire fire fire"),
        say(messages, "how to put out a fire", title="Of fire, and more words"),
    ]
    found = search.search("fire", kinds=[Kind.MESSAGE])
    assert [hit.id for hit in found] == said[::-1]
    titles = search.search("fire", kinds=[Kind.CONVERSATION])
    assert next(hit.title for hit in titles) == "fire fire fire"


def test_the_newest_of_very_many_hits_are_ranked(
    search: SearchStore,
    database: Database,
) -> None:
    with database.write() as session:
        session.connection().exec_driver_sql(
            "with recursive n(i) as (select 1 union all select i + 1 from n limit 3000)"
            " insert into note(id, body, created_at)"
            " select printf('%05d', i), 'common word', i from n",
        )
    hits = search.search("common", kinds=[Kind.NOTE], limit=5)
    assert [hit.id for hit in hits] == ["03000", "02999", "02998", "02997", "02996"]


@given(st.text())
def test_no_query_is_an_error(query: str) -> None:
    match = to_match(query)
    assert match.count('"') % 2 == 0


def test_no_query_is_an_error_for_the_index_either(
    search: SearchStore,
    messages: MessageStore,
) -> None:
    say(messages, "Fire is hot")

    @given(st.text(st.sampled_from("ab\"*^:()-+{}\0\ud800 北é'\\NEAR")))
    def ask(query: str) -> None:
        search.search(query)

    ask()


DAY_MS = 24 * 60 * 60 * 1000


def old_rows(conversations: int, each: int, said: int) -> list[tuple[str, Fields]]:
    """Return the rows of an import: chats about embers, begun at a time in the past."""
    rows: list[tuple[str, Fields]] = []
    for number in range(conversations):
        begun = said + number * DAY_MS
        chat = f"{uuid7(begun, number)}"
        fields: Fields = {"id": chat, "created_at": begun, "title": f"Old {number}"}
        rows.append(("conversation", {**fields, "latest": chat}))
        rows += [
            (
                "message",
                {
                    "id": uuid7(begun + at, number * each + at),
                    "created_at": begun + at,
                    "conversation_id": chat,
                    "text": f"ember of old {at}",
                },
            )
            for at in range(each)
        ]
    return rows


def uuid7(ms: int, number: int) -> str:
    return str(uuid.UUID(int=ms << 80 | 0x7 << 76 | 0b10 << 62 | number))


def test_an_import_hides_nothing_of_what_was_written_before_it(
    database: Database, search: SearchStore, messages: MessageStore
) -> None:
    mine = [say(messages, f"ember number {i}", title="Embers") for i in range(3)]
    NoteStore(database).create(body="an ember of mine")
    imports = ImportStore(database)
    # More than are looked at for one search.
    rows = old_rows(25, 100, now_ms() - 2_000 * DAY_MS)
    for start in range(0, len(rows), 500):
        imports.add("0198c0de-0000-7000-8000-0000000000ff", rows[start : start + 500])
    week = now_ms() - 7 * DAY_MS
    recent = search.search("ember", kinds=[Kind.MESSAGE], since=week)
    assert [hit.id for hit in recent] == mine[::-1]
    anytime = search.search("ember", kinds=[Kind.MESSAGE], limit=30)
    assert [hit.id for hit in anytime[:3]] == mine[::-1]
    times = [hit.created_at for hit in anytime]
    assert times == sorted(times, reverse=True)
    (note,) = search.search("ember", kinds=[Kind.NOTE], since=week)
    assert note.title == "an ember of mine"
    (first,) = search.search("embers", kinds=[Kind.CONVERSATION], since=week, limit=1)
    assert first.title == "Embers"
    long_ago = now_ms() - 1_999 * DAY_MS
    old = search.search("ember", kinds=[Kind.MESSAGE], until=long_ago, limit=500)
    assert len(old) == 200
    assert {hit.created_at <= long_ago for hit in old} == {True}


def test_what_was_said_in_one_moment_is_all_found(
    database: Database, search: SearchStore
) -> None:
    rows = old_rows(1, 1, 1_000)
    same = [
        ("message", {**rows[1][1], "id": uuid7(1_000, n), "text": f"ember {n}"})
        for n in range(1_100)
    ]
    odd: list[tuple[str, Fields]] = [
        ("message", {**rows[1][1], "id": uuid7(0, 5_000 + n), "created_at": at})
        for n, at in enumerate((-5, 0, 2**45, 2**53))
    ]
    ImportStore(database).add(
        "0198c0de-0000-7000-8000-0000000000ff", [rows[0], *same, *odd]
    )
    found = search.search("ember", kinds=[Kind.MESSAGE], limit=2_000)
    assert len({hit.id for hit in found}) == 1_104


def test_a_text_that_is_changed_keeps_its_place(
    database: Database, search: SearchStore
) -> None:
    notes = NoteStore(database)
    first, second = notes.create(body="ember one"), notes.create(body="ember two")
    notes.save(first.id, "ember one and more")
    notes.delete(second.id)
    assert [hit.id for hit in search.search("ember")] == [first.id]
    assert [hit.id for hit in search.search("ember more")] == [first.id]
    assert search.search("two") == []
