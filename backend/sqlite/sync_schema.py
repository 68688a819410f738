"""The step of the schema for the exchange with other computers; never edited."""

from typing import Final

SYNC: Final[tuple[str, ...]] = (
    """create table sync_state(
        key text primary key not null,
        value text not null
    ) without rowid""",
    "create table sync_out(n integer primary key, record blob not null)",
    """create table sync_peer(
        stream text primary key not null,
        member text not null default '',
        n integer not null default 0,
        prev text not null default '',
        seen integer not null default 0,
        waits_since integer not null default 0,
        problem text not null default ''
    ) without rowid""",
    """create table sync_gone(
        table_name text not null,
        row_id text not null,
        primary key (table_name, row_id)
    ) without rowid""",
    """create table sync_parked(
        row_id text not null,
        hlc text not null,
        op text not null,
        primary key (row_id, hlc)
    ) without rowid""",
    """create table sync_conflict(
        table_name text not null,
        row_id text not null,
        field text not null,
        hlc text not null,
        primary key (table_name, row_id, field)
    ) without rowid""",
)
