"""Keeps marked which messages of a conversation are on the branch that is shown.

Reading a conversation takes one index then, however many branches there are; the tree
is not looked at when a question follows at the end. When a person goes another way,
only what changes is written, and in a large conversation, which may have 100,000
messages, only that is looked for.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import text
from sqlmodel import Session

from backend.store.branches.lookups import BATCH, ancestors, children, leaf_below
from backend.store.branches.tree import PATH, ROOT, Branches, Node, Position
from backend.store.change_log import Fields, RowChange, StoreSession
from backend.store.models import Conversation, Message
from backend.store.rows import AnyMessage, ConversationRow, MessageRow
from backend.store.states.file_state import LATEST_CHANGE

_PAGE: Final = 2_000
_NODES: Final = text("""
    select id, parent, deleted_at is null, aside, version, versions from message
    where conversation_id = :conversation and id > :after order by id limit :limit
""")
_END: Final = """
    select id from message where conversation_id = ? and aside = 0
    order by id desc limit 1
"""
_TRUNK: Final = text("""
    select id from message
    where conversation_id = :conversation and parent is null and id < :before
    order by id desc limit 1
""")
# In one statement, as every question waits for it: whether there are branches, how
# many messages are shown from the first new one on, and what is shown before that.
_AROUND: Final = """
    select
        exists(select 1 from message where conversation_id = ?1 and aside <> 0),
        (
            select count(*) from message
            where conversation_id = ?1 and aside = 0 and id >= ?2
        ),
        coalesce(before.id, ''),
        before.parent
    from (select 1) left join (
        select id, parent from message
        where conversation_id = ?1 and aside = 0 and id < ?2
        order by id desc limit 1
    ) as before
"""
_SHOWN: Final = text("select shown_leaf from conversation where id = :conversation")
_POSITION: Final = """
    update message set aside = ?, version = ?, versions = ? where id = ?
"""
_VERSION: Final = "update message set version = ?, versions = ? where id = ?"
_ASIDE: Final = """
    update message set aside = ? where id in (select value from json_each(?))
"""
_SHOWN_AFTER: Final = """
    select id from message
    where conversation_id = ? and aside = 0 and id > ? order by id limit ?
"""
_NEWEST: Final = """
    select coalesce(
        (
            select id from message where conversation_id = ?1 and parent is null
            order by id desc limit 1
        ),
        (select max(id) from message where conversation_id = ?1),
        ''
    )
"""
_TREE_END: Final = """
    select 1 from message where conversation_id = ? limit 1 offset ?
"""
_FEW: Final = 16
"""With more changes at once, the whole tree is walked."""
_SMALL: Final = 256
"""A tree of no more messages is walked too: a few lookups take longer."""
_AFTER_ALL: Final = "~"
"""Sorts after every id."""


@dataclass(slots=True)
class _Moves:
    """What a transaction did to the tree of one conversation.

    Attributes:
        new: The parents of the messages it added.
        others: Those that went to the trash or came back, or came in the trash.
        leaf: What is shown now; None where that stays.
        is_regrown: Another parent was given to one that was there.
    """

    new: dict[str, str | None] = field(default_factory=dict)
    others: list[str] = field(default_factory=list)
    leaf: str | None = None
    is_regrown: bool = False


def path_end(session: StoreSession, conversation_id: str) -> str:
    """Return the last message of what is shown, also one in the trash; "" for none."""
    return session.run(_END, (conversation_id,)).scalar() or ROOT


def parent_in(session: StoreSession, message: AnyMessage) -> str:
    """Return what a message follows; "" for a first one."""
    if message.parent is not None:
        return message.parent
    about = {"conversation": message.conversation_id, "before": message.id}
    return session.connection().execute(_TRUNK, about).scalar() or ROOT


def branches_in(session: Session, conversation_id: str) -> Branches:
    """Return the tree of a conversation."""
    nodes: list[Node] = []
    after = ""
    while True:
        about = {"conversation": conversation_id, "after": after, "limit": _PAGE}
        page = session.connection().execute(_NODES, about).all()
        nodes += [
            Node(row[0], row[1], is_live=bool(row[2]), position=Position(*row[3:]))
            for row in page
        ]
        if len(page) < _PAGE:
            return Branches(nodes)
        after = nodes[-1].id


def settle_paths(session: StoreSession) -> None:
    """Mark what is shown now, where a transaction changed the tree; call at its end."""
    whole = {c.after["conversation_id"] for c in session.changes if c.table == PATH}
    for conversation_id, moves in _moves(session.changes).items():
        if conversation_id in whole:
            continue  # who changed it has laid it out
        is_plain = _is_plain(session, conversation_id, moves)
        if not is_plain and _settle(session, conversation_id, moves):
            after: Fields = {"conversation_id": conversation_id}
            session.note(RowChange(PATH, None, {}, after))


def _settle(session: StoreSession, conversation_id: str, moves: _Moves) -> bool:
    """Mark what is shown of a conversation, going only where something changed."""
    touched = {*moves.new, *moves.others}
    is_grown = moves.is_regrown or None in moves.new.values()
    if is_grown or len(touched) > _FEW or _is_small(session, conversation_id):
        return lay_out(session, conversation_id)
    left = _left(session)
    # What is new is not on the path yet, and below its parent it is shown first.
    _put(session, list(moves.new), left)
    is_led = _lead(session, conversation_id, left)
    return _number(session, conversation_id, touched) or is_led


def _is_small(session: StoreSession, conversation_id: str) -> bool:
    return session.run(_TREE_END, (conversation_id, _SMALL)).first() is None


def _left(session: StoreSession) -> int:
    """Return a number that is higher in each transaction that changed anything."""
    return 1 + int(session.run(LATEST_CHANGE, ()).scalar_one())


def _put(session: StoreSession, message_ids: Sequence[str], aside: int) -> None:
    for at in range(0, len(message_ids), BATCH):
        session.run(_ASIDE, (aside, json.dumps(message_ids[at : at + BATCH])))


def _lead(session: StoreSession, conversation_id: str, left: int) -> bool:
    """Let the path go where it goes now; return whether that is another way."""
    entering, fork = list[str](), ROOT
    for node in ancestors(session, conversation_id, _end(session, conversation_id)):
        if node.position.aside == 0:
            fork = node.id
            break
        entering.append(node.id)
    has_left = False
    while leaving := session.run(_SHOWN_AFTER, (conversation_id, fork, BATCH)).all():
        _put(session, [row[0] for row in leaving], left)
        has_left = True
    _put(session, entering, 0)
    return has_left or bool(entering)


def _end(session: StoreSession, conversation_id: str) -> str:
    """Return the end of the path; in the trash where nothing else is there."""
    about = {"conversation": conversation_id}
    leaf = session.connection().execute(_SHOWN, about).scalar() or ROOT
    if next(ancestors(session, conversation_id, leaf), None) is None:
        leaf = str(session.run(_NEWEST, (conversation_id,)).scalar())
    chain = ancestors(session, conversation_id, leaf)
    above = next((node.id for node in chain if node.is_live), ROOT)
    end = leaf_below(session, conversation_id, above)
    return leaf if end == above else end


def _number(
    session: StoreSession, conversation_id: str, touched: Iterable[str]
) -> bool:
    """Number the versions anew around some messages; return whether any changed."""
    aboves = set[str]()
    changed: list[tuple[int, int, str]] = []
    for message_id in touched:
        chain = ancestors(session, conversation_id, message_id)
        node = next(chain)
        aboves.add(next((one.id for one in chain if one.is_live), ROOT))
        if node.is_live:
            aboves.add(node.id)
        elif node.position.versions:
            changed.append((0, 0, node.id))
    for place in aboves:
        together = children(session, conversation_id, place)
        count = len(together) if len(together) > 1 else 0
        for number, node in enumerate(together, start=1):
            position = (number if count else 0, count)
            if position != node.position[1:]:
                changed.append((*position, node.id))
    if changed:
        session.run(_VERSION, changed)
    return bool(changed)


def lay_out(session: StoreSession, conversation_id: str) -> bool:
    """Mark what is shown of a conversation; return whether that is anything new."""
    about = {"conversation": conversation_id}
    shown_leaf = session.connection().execute(_SHOWN, about).scalar()
    branches = branches_in(session, conversation_id)
    moved = [
        (*position, message_id)
        for message_id, position in branches.moved(
            shown_leaf or ROOT, _left(session)
        ).items()
    ]
    if moved:
        session.run(_POSITION, moved)
    return bool(moved)


def _moves(changes: Sequence[RowChange]) -> dict[str, _Moves]:
    moves: dict[str, _Moves] = defaultdict(_Moves)
    for change in changes:
        match change.row:
            case Message() | MessageRow() as row if change.before is None:
                moves[row.conversation_id].new[row.id] = row.parent
                if row.deleted_at is not None:
                    moves[row.conversation_id].others.append(row.id)
            case Message() | MessageRow() as row if "parent" in change.after:
                moves[row.conversation_id].is_regrown = True
            case Message() | MessageRow() as row if "deleted_at" in change.after:
                moves[row.conversation_id].others.append(row.id)
            case Conversation() | ConversationRow() as row if change.before is not None:
                if "shown_leaf" in change.after:
                    moves[row.id].leaf = str(change.after["shown_leaf"])
            case _:
                pass
    return moves


def _is_plain(session: StoreSession, conversation_id: str, moves: _Moves) -> bool:
    """Whether nothing is shown otherwise than before, but for what came at its end."""
    first = min(moves.new, default=_AFTER_ALL)
    around = session.run(_AROUND, (conversation_id, first)).one()
    is_branched, later, end, end_follows = around
    is_led = moves.leaf is not None and moves.leaf not in moves.new
    if moves.is_regrown or moves.others or is_led:
        # Without branches too: the end leaves the path when it goes to the trash, or
        # lies there, and a message above it is the one that was chosen.
        return False
    if later != len(moves.new):
        return False
    for message_id, parent in sorted(moves.new.items()):
        is_in_turn = parent is None and end_follows is None and not is_branched
        if not is_in_turn and parent != end:
            return False
        end, end_follows = message_id, parent
    return True
