"""Finds parts of the tree of a conversation without reading all of it.

What is asked for is found by the index of the messages of a conversation, in the order
of their ids, in which all that is below a message comes after it. The messages of the
path stand above each other in that order.
"""

import json
from collections.abc import Collection, Iterator, Sequence
from typing import Any, Final

from sqlalchemy import Row

from backend.store.branches.tree import ROOT, Branches, Node, Position
from backend.store.change_log import StoreSession

BATCH: Final = 2_000
"""So many rows are read or written by one statement."""
_SLICE: Final = 10_000
"""So many rows are looked through by one statement."""
_AFTER_ALL: Final = "~"
"""Sorts after every id."""

_NODE: Final = "id, parent, deleted_at is null, aside, version, versions"
# The plus keeps it from looking for a parent by anything but its id.
_UP: Final = f"""
    with recursive up(id, parent, is_live, aside, version, versions) as (
        select {_NODE} from message where id = ?1 and conversation_id = ?2
        union all
        select m.id, m.parent, m.deleted_at is null, m.aside, m.version, m.versions
        from up join message m on m.id = coalesce(up.parent, (
            select t.id from message t
            where t.conversation_id = ?2 and t.parent is null and t.id < up.id
            order by t.id desc limit 1
        ))
        where +m.conversation_id = ?2 and +m.id < up.id
    )
    select * from up limit ?3
"""  # noqa: S608 names of our own
_BOUND: Final = """
    select id from message where conversation_id = ? and id > ?
    order by id limit 1 offset ?
"""
_BELOW: Final = f"""
    select {_NODE} from message
    where conversation_id = ?1 and id > ?2 and id <= ?3 and (
        parent in (select value from json_each(?4))
        or ?5 and not exists (
            select 1 from message as above
            where above.conversation_id = ?1 and above.id = message.parent
                and above.id < message.id
        ) and parent is not null
    )
"""  # noqa: S608 names of our own
_NEXT_IN_TRUNK: Final = f"""
    select {_NODE} from message
    where conversation_id = ? and parent is null and id > ? order by id limit 1
"""  # noqa: S608 names of our own
_DEAD: Final = """
    select m.id, coalesce(m.parent, (
        select t.id from message t
        where t.conversation_id = ?1 and t.parent is null and t.id < m.id
        order by t.id desc limit 1
    ))
    from message m
    where m.conversation_id = ?1 and m.id > ?2 and m.id <= ?3
        and m.deleted_at is not null
    order by m.id
"""
_LEFT_SINCE: Final = f"""
    select {_NODE} from message
    where conversation_id = ?1 and id > ?2 and id <= ?3 and aside <> 0
        and (aside >= ?4 or deleted_at is not null or parent is null)
    order by id
"""  # noqa: S608 names of our own
_LAST_SHOWN: Final = """
    select id from message
    where conversation_id = ? and aside = 0 and deleted_at is null
    order by id desc limit 1
"""


def ancestors(
    session: StoreSession, conversation_id: str, message_id: str
) -> Iterator[Node]:
    """Give a message and all above it, the nearest first; nothing if it is gone."""
    limit, at = 4, message_id
    while True:
        found = session.run(_UP, (at, conversation_id, limit)).all()
        nodes = [_node(row) for row in found]
        yield from nodes if at == message_id else nodes[1:]
        if len(found) < limit:
            return
        limit, at = BATCH, nodes[-1].id


def children(session: StoreSession, conversation_id: str, above: str) -> Sequence[Node]:
    """Return what stands right below a message, the oldest first.

    What is in the trash is passed over, as in `Branches`.
    """
    found: list[Node] = []
    seen, waiting = set[str](), {above}
    while waiting:
        below = _right_below(session, conversation_id, waiting)
        found += [node for node in below if node.is_live]
        seen |= waiting
        waiting = {node.id for node in below if not node.is_live} - seen
        if waiting:
            _add_dead_below(session, conversation_id, waiting)
    return sorted(found)


def versions_of(
    session: StoreSession, conversation_id: str, message_id: str
) -> Sequence[Node]:
    """Return what stands in the position of a message that is not in the trash."""
    above = live_above(session, conversation_id, message_id)
    return children(session, conversation_id, above)


def live_above(session: StoreSession, conversation_id: str, message_id: str) -> str:
    """Return the nearest message above one that is not in the trash."""
    chain = ancestors(session, conversation_id, message_id)
    next(chain, None)
    return next((node.id for node in chain if node.is_live), ROOT)


def leaf_below(session: StoreSession, conversation_id: str, message_id: str) -> str:
    """Return the end of what was shown last below a message; itself at the end."""
    at = next(ancestors(session, conversation_id, message_id), None)
    if at is None or at.position.aside == 0:
        shown = session.run(_LAST_SHOWN, (conversation_id,)).scalar() or ROOT
        message_id = max(message_id, shown)
    while below := children(session, conversation_id, message_id):
        child = max(below, key=lambda node: (node.position.aside, node.id))
        message_id = _left_with(session, conversation_id, child)
    return message_id


def _left_with(session: StoreSession, conversation_id: str, top: Node) -> str:
    """Go down from a message along what left the path with it, or later."""
    since = top.position.aside
    nodes = [top]
    for low, high in _slices(session, conversation_id, top.id):
        about = (conversation_id, low, high, since)
        nodes += map(_node, session.run(_LEFT_SINCE, about))
    return Branches(nodes).leaf_below(top.id, since)


def _add_dead_below(
    session: StoreSession, conversation_id: str, dead: set[str]
) -> None:
    """Add all in the trash that stand below some there with nothing between them."""
    for low, high in _slices(session, conversation_id, min(dead)):
        for message_id, parent in session.run(_DEAD, (conversation_id, low, high)):
            if parent in dead:
                dead.add(message_id)


def _right_below(
    session: StoreSession, conversation_id: str, parents: Collection[str]
) -> Sequence[Node]:
    found: list[Node] = []
    is_root = ROOT in parents
    for low, high in _slices(session, conversation_id, min(parents)):
        about = (conversation_id, low, high, json.dumps([*parents]), is_root)
        found += map(_node, session.run(_BELOW, about))
    for parent in parents:
        above = next(ancestors(session, conversation_id, parent), None)
        if above is None or above.parent is None:
            rows = session.run(_NEXT_IN_TRUNK, (conversation_id, parent))
            found += map(_node, rows)
    return found


def _slices(
    session: StoreSession, conversation_id: str, after: str
) -> Iterator[tuple[str, str]]:
    """Give ranges of ids that no statement takes long to look through."""
    while True:
        about = (conversation_id, after, _SLICE - 1)
        bound = session.run(_BOUND, about).scalar()
        yield after, bound or _AFTER_ALL
        if not bound:
            return
        after = bound


def _node(row: Row[*tuple[Any, ...]]) -> Node:
    return Node(row[0], row[1], is_live=bool(row[2]), position=Position(*row[3:]))
