"""Where rows stand in the index of their texts: by the time at which they were said."""

from typing import Final

SEARCHED: Final = {
    "conversation": "{row}title",
    "message": "{row}text",
    "note": "{row}title || char(10) || {row}body",
    "assistant": "{row}name || char(10) || {row}instructions",
}
"""The text of each table that is searched, with `{row}` before each column.

It, and the numbers below, are part of a step: changing one is a step of its own.
"""

PLACES_PER_MS: Final = 1024
PLACES_TRIED: Final = 1024 * PLACES_PER_MS
LATEST_MS: Final = 2**42


def indexed_text(table: str, row: str = "") -> str:
    """Return the expression of what is indexed: the text, or its folded form."""
    text = SEARCHED[table].format(row=row)
    return f"case when {row}folded = '' then {text} else {row}folded end"


def next_place(table: str, row: str = "") -> str:
    """Return the expression of where a row stands among all that were said.

    It is a number made of the time, as the index can give out only the highest of
    its numbers quickly. Those of one moment follow each other, and those of the moments
    right after it; where that leads to a number that is taken, as when many rows come
    the newest first, the next one counts that is free.
    """
    place = f"{table}_place"
    moment = f"min(max({row}created_at, 0), {LATEST_MS}) * {PLACES_PER_MS}"
    end = f"{moment} + {PLACES_TRIED}"
    window = f"{place} where place >= {moment} and place < {end}"
    after = f"(select max(place) + 1 from {window})"  # noqa: S608 names of our own
    return f"""case
        when not exists(select 1 from {window}) then {moment}
        when not exists(select 1 from {place} where place = {after}) then {after}
        else (
            select p.place + 1 from {place} p
            where p.place >= {end} and not exists(
                select 1 from {place} q where q.place = p.place + 1
            ) order by p.place limit 1
        ) end"""  # noqa: S608 names of our own


def index_triggers(table: str, new_place: str) -> tuple[str, str, str]:
    """Return what keeps the index of a table as its rows are: add, drop and edit.

    Args:
        table: Whose rows are indexed.
        new_place: The expression of where a new row stands.
    """
    index, place = f"{table}_fts", f"{table}_place"
    old, new = indexed_text(table, "old."), indexed_text(table, "new.")
    remove = f"""
        insert into {index}({index}, rowid, text)
        select 'delete', place, {old} from {place} where seq = old.seq;
        delete from {place} where seq = old.seq;
    """  # noqa: S608 names of our own
    add = f"""
        insert into {place}(place, seq)
        select {new_place}, new.seq where new.deleted_at is null;
        insert into {index}(rowid, text)
        select place, {new} from {place} where seq = new.seq;
    """  # noqa: S608 names of our own
    return (
        f"create trigger {table}_fts_add after insert on {table} begin {add} end",
        f"create trigger {table}_fts_drop after delete on {table} begin {remove} end",
        f"""create trigger {table}_fts_edit after update on {table}
            when old.deleted_at is not new.deleted_at or {old} is not {new}
            begin {remove} {add} end""",
    )


def _placed(table: str) -> tuple[str, ...]:
    add, _, edit = index_triggers(table, next_place(table, "new."))
    dropped = (f"drop trigger {table}_fts_{name}" for name in ("add", "edit"))
    return (*dropped, add, edit)


PLACES: Final = tuple(one for table in SEARCHED for one in _placed(table))
"""The step that lets no two rows want one place."""
