"""The steps of the schema, in SQL; a step that was released is never edited.

What a step does to the schema need not tell it from others: `migrations` marks it.
"""

from typing import Final

from backend.sqlite.places import (
    LATEST_MS,
    PLACES,
    PLACES_PER_MS,
    PLACES_TRIED,
    index_triggers,
    indexed_text,
)
from backend.sqlite.sync_schema import SYNC

Step = tuple[str, ...]

_LOGGED: Final = """
    created_at integer not null default 0,
    updated_at integer not null default 0,
    deleted_at integer
"""


def _full_text(table: str, text: str) -> Step:
    """Index the text of the rows that are not deleted.

    The index reads its text from a view, so that a rebuild leaves deleted rows out.
    FTS5's own secure-delete is not used: in SQLite 3.45.1 it corrupts an index with
    external content at the first update; `ChangeStore.forget` merges instead.

    Args:
        table: Has an integer key `seq` and the columns `cjk` and `deleted_at`.
        text: The expression to index, with `{row}` before each column; where `cjk`
            is not empty, it holds the same text cut into its characters.
    """
    index, live = f"{table}_fts", f"{table}_live"
    indexed = f"case when {{row}}cjk = '' then {text} else {{row}}cjk end"
    old, new = indexed.format(row="old."), indexed.format(row="new.")
    remove = f"""
        insert into {index}({index}, rowid, text)
        select 'delete', old.seq, {old} where old.deleted_at is null;
    """
    add = f"""
        insert into {index}(rowid, text)
        select new.seq, {new} where new.deleted_at is null;
    """
    return (
        f"""create view {live} as
            select seq, {indexed.format(row="")} as text from {table}
            where deleted_at is null""",  # noqa: S608 names of our own
        f"""create virtual table {index} using fts5(text,
            content='{live}', content_rowid='seq',
            tokenize='unicode61 remove_diacritics 2', prefix='2 3 4')""",
        f"create trigger {table}_fts_add after insert on {table} begin {add} end",
        f"create trigger {table}_fts_drop after delete on {table} begin {remove} end",
        f"""create trigger {table}_fts_edit after update on {table}
            when old.deleted_at is not new.deleted_at or {old} is not {new}
            begin {remove} {add} end""",
    )


_FIRST: Final[Step] = (
    f"""create table conversation(
        seq integer primary key,
        id text not null,
        {_LOGGED},
        title text not null default '',
        title_source text not null default 'none',
        engine_id text not null default '',
        model text not null default '',
        latest text not null default '',
        cjk text not null default ''
    )""",
    "create unique index conversation_id on conversation(id)",
    """create index conversation_deleted on conversation(deleted_at)
        where deleted_at is not null""",
    "create index conversation_latest on conversation(latest) where deleted_at is null",
    f"""create table message(
        seq integer primary key,
        id text not null,
        {_LOGGED},
        conversation_id text not null default '',
        role text not null default 'user',
        text text not null default '',
        reasoning text not null default '',
        state text not null default 'complete',
        error text not null default '',
        engine text not null default '',
        model text not null default '',
        reply_to text not null default '',
        cjk text not null default ''
    )""",
    "create unique index message_id on message(id)",
    "create index message_deleted on message(deleted_at) where deleted_at is not null",
    "create index message_of_conversation on message(conversation_id, id)",
    "create index message_streaming on message(id) where state = 'streaming'",
    f"""create table note(
        seq integer primary key,
        id text not null,
        {_LOGGED},
        title text not null default '',
        body text not null default '',
        cjk text not null default ''
    )""",
    "create unique index note_id on note(id)",
    "create index note_deleted on note(deleted_at) where deleted_at is not null",
    f"""create table engine(
        id text primary key not null,
        {_LOGGED},
        kind text not null default 'openai',
        name text not null default '',
        url text not null default '',
        path text not null default ''
    )""",
    f"""create table action(
        id text primary key not null,
        {_LOGGED},
        name text not null default '',
        icon text not null default '',
        kind text not null default 'prompt',
        prompt text not null default '',
        engine_id text not null default '',
        model text not null default '',
        result text not null default 'show',
        shortcut text not null default '',
        in_tray integer not null default 1,
        position text not null default ''
    )""",
    f"""create table setting(
        id text primary key not null,
        {_LOGGED},
        value text not null default ''
    )""",
    """create table draft(
        id text primary key not null,
        text text not null default ''
    )""",
    """create table stream_chunk(
        message_id text not null,
        number integer not null,
        kind text not null,
        text text not null default '',
        primary key (message_id, number, kind)
    ) without rowid""",
    """create table submission(
        id text primary key not null,
        message_id text not null default ''
    ) without rowid""",
    """create table import_run(
        id text primary key not null,
        created_at integer not null default 0,
        name text not null default '',
        source text not null default '',
        state text not null default 'importing',
        report text not null default ''
    )""",
    """create table change(
        seq integer primary key autoincrement,
        transaction_id text not null,
        table_name text not null,
        row_id text not null,
        before text,
        after text not null,
        hlc text not null,
        device_id text not null
    )""",
    "create index change_of_row on change(table_name, row_id, seq)",
    "create index change_of_transaction on change(transaction_id, seq)",
    "create index change_hlc on change(hlc)",
    *_full_text("conversation", "{row}title"),
    *_full_text("message", "{row}text"),
    *_full_text("note", "{row}title || char(10) || {row}body"),
)

FULL_TEXT: Final = ("conversation_fts", "message_fts", "note_fts", "assistant_fts")


def _next_place(table: str, row: str = "") -> str:
    """Return where a row stands as the first such step had it; see `places`."""
    moment = f"min(max({row}created_at, 0), {LATEST_MS}) * {PLACES_PER_MS}"
    return f"""coalesce(
        (select max(place) + 1 from {table}_place
            where place >= {moment} and place < {moment} + {PLACES_TRIED}),
        {moment})"""  # noqa: S608 names of our own


def _full_text_by_time(table: str) -> Step:
    """Index folded text by when it was said, with a column and a table for that."""
    index, live, place = f"{table}_fts", f"{table}_live", f"{table}_place"
    return (
        f"alter table {table} add column folded text not null default ''",
        f"create table {place}(place integer primary key, seq integer not null)",
        f"create unique index {place}_of on {place}(seq)",
        f"""create view {live} as
            select p.place as place, {indexed_text(table, "r.")} as text
            from {place} p cross join {table} r on r.seq = p.seq""",  # noqa: S608 names of our own
        f"""create virtual table {index} using fts5(text,
            content='{live}', content_rowid='place', prefix='2 3 4',
            tokenize="unicode61 remove_diacritics 2 categories 'L* M* N* Co'")""",
        *index_triggers(table, _next_place(table, "new.")),
    )


def _full_text_moved(table: str) -> Step:
    """Index by time instead of as before; what is there is indexed later."""
    return (
        *(f"drop trigger {table}_fts_{name}" for name in ("add", "drop", "edit")),
        f"drop table {table}_fts",
        f"drop view {table}_live",
        *_full_text_by_time(table),
        f"""insert into unindexed(table_name, seq)
            select '{table}', seq from {table} order by seq desc limit 1""",  # noqa: S608 names of our own
    )


_SEARCH_BY_TIME: Final[Step] = (
    """create table unindexed(
        table_name text primary key not null,
        seq integer not null
    ) without rowid""",
    *_full_text_moved("conversation"),
    *_full_text_moved("message"),
    *_full_text_moved("note"),
)

_OPTIONS_AND_USAGE: Final[Step] = (
    "alter table engine add column options text not null default ''",
    "alter table message add column prompt_tokens integer not null default 0",
    "alter table message add column answer_tokens integer not null default 0",
)

_READS_FROM: Final[Step] = (
    "alter table message add column reads_from text not null default ''",
)

_BRANCHES: Final[Step] = (
    "alter table conversation add column shown_leaf text not null default ''",
    "alter table message add column parent text",
    "alter table message add column aside integer not null default 0",
    "alter table message add column version integer not null default 0",
    "alter table message add column versions integer not null default 0",
    "create index message_shown on message(conversation_id, id) where aside = 0",
    "create index message_aside on message(conversation_id) where aside <> 0",
)

_FILE: Final = """
    position integer not null default 0,
    kind text not null default 'document',
    name text not null default '',
    media_type text not null default '',
    size integer not null default 0,
    sha256 text not null default '',
    width integer not null default 0,
    height integer not null default 0,
    file text not null default '',
    text_file text not null default '',
    file_key text not null default '',
    notice text not null default ''
"""

_ATTACHMENTS: Final[Step] = (
    f"""create table attachment(
        id text primary key not null,
        {_LOGGED},
        message_id text not null default '',
        {_FILE}
    )""",
    "create index attachment_of_message on attachment(message_id)",
    f"""create table draft_attachment(
        id text primary key not null,
        draft_id text not null default '',
        {_FILE}
    )""",
)

_FOLDERS: Final[Step] = (
    "alter table conversation add column pinned_at integer not null default 0",
    "alter table conversation add column archived_at integer not null default 0",
    "alter table conversation add column folder_id text not null default ''",
    "alter table note add column message_id text not null default ''",
    f"""create table folder(
        id text primary key not null,
        {_LOGGED},
        name text not null default '',
        instructions text not null default ''
    )""",
    """create index conversation_in_folder on conversation(folder_id, latest)
        where folder_id <> ''""",
    "create index conversation_pinned on conversation(pinned_at) where pinned_at <> 0",
    """create index conversation_archived on conversation(latest)
        where archived_at <> 0""",
)

DOCUMENT_INDEX: Final = "document_fts"
"""Finds the text of attached documents, which is kept in files; by section."""
SECTION_BITS: Final = 24
"""In its keys the number of a section follows that of its document."""

_DOCUMENTS: Final[Step] = (
    """create table indexed_document(
        number integer primary key,
        text_file text not null,
        sections integer not null default 0,
        is_whole integer not null default 0
    )""",
    "create unique index indexed_document_of on indexed_document(text_file)",
    """create virtual table document_fts using fts5(text,
        content='', contentless_delete=1, prefix='2 3',
        tokenize="unicode61 remove_diacritics 2 categories 'L* M* N* Co'")""",
    "create index attachment_of_text on attachment(text_file) where text_file <> ''",
    "alter table message add column passages text not null default ''",
)

_ASSISTANTS: Final[Step] = (
    f"""create table assistant(
        seq integer primary key,
        id text not null,
        {_LOGGED},
        name text not null default '',
        icon text not null default '',
        instructions text not null default '',
        engine_id text not null default '',
        model text not null default '',
        parameters text not null default '',
        cjk text not null default ''
    )""",
    "create unique index assistant_id on assistant(id)",
    *_full_text_by_time("assistant"),
    "alter table conversation add column assistant_id text not null default ''",
    "alter table conversation add column instructions text not null default ''",
    """create index conversation_of_assistant on conversation(assistant_id)
        where assistant_id <> ''""",
    "alter table message add column assistant text not null default ''",
    "alter table action add column assistant_id text not null default ''",
    "alter table folder add column assistant_id text not null default ''",
)

STEPS: Final[tuple[Step, ...]] = (
    _FIRST,
    _SEARCH_BY_TIME,
    _OPTIONS_AND_USAGE,
    _READS_FROM,
    _BRANCHES,
    _ATTACHMENTS,
    _FOLDERS,
    _DOCUMENTS,
    _ASSISTANTS,
    SYNC,
    PLACES,
)
"""Step number n brings the file from version n to n + 1."""
