"""Keeps marked which messages of a conversation are on the branch that is shown.

Reading a conversation takes one index then, however many branches there are; the tree
is walked when a person goes another way, and not when a question follows at the end.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import text
from sqlmodel import Session

from backend.store.branches.tree import PATH, ROOT, Branches, Node, Position
from backend.store.change_log import Fields, RowChange, StoreSession
from backend.store.models import Conversation, Message
from backend.store.rows import AnyMessage, ConversationRow, MessageRow

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
_POSITION: Final = text("""
    update message set aside = :aside, version = :version, versions = :versions
    where id = :id
""")
_PLACED: Final = {"deleted_at", "parent"}
_AFTER_ALL: Final = "~"
"""Sorts after every id."""


@dataclass(slots=True)
class _Moves:
    """What a transaction did to the tree of one conversation.

    Attributes:
        new: The parents of the messages it added.
        others: What else it concerned: messages, and what is shown.
    """

    new: dict[str, str | None] = field(default_factory=dict)
    others: list[str] = field(default_factory=list)


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
    for conversation_id, moves in _moves(session.changes).items():
        is_plain = _is_plain(session, conversation_id, moves)
        if not is_plain and lay_out(session, conversation_id):
            after: Fields = {"conversation_id": conversation_id}
            session.note(RowChange(PATH, None, {}, after))


def lay_out(session: StoreSession, conversation_id: str) -> bool:
    """Mark what is shown of a conversation; return whether that is anything new."""
    about = {"conversation": conversation_id}
    shown_leaf = session.connection().execute(_SHOWN, about).scalar()
    branches = branches_in(session, conversation_id)
    moved = [
        {"id": message_id, **position._asdict()}
        for message_id, position in branches.moved(shown_leaf or ROOT).items()
    ]
    if moved:
        session.connection().execute(_POSITION, moved)
    return bool(moved)


def _moves(changes: Sequence[RowChange]) -> dict[str, _Moves]:
    moves: dict[str, _Moves] = defaultdict(_Moves)
    for change in changes:
        match change.row:
            case Message() | MessageRow() as row if change.before is None:
                moves[row.conversation_id].new[row.id] = row.parent
            case Message() | MessageRow() as row if _PLACED & change.after.keys():
                moves[row.conversation_id].others.append(row.id)
            case Conversation() | ConversationRow() as row if change.before is not None:
                if "shown_leaf" in change.after:
                    leaf = str(change.after["shown_leaf"])
                    moves[row.id].others.append(leaf)
            case _:
                pass
    return moves


def _is_plain(session: StoreSession, conversation_id: str, moves: _Moves) -> bool:
    """Whether nothing is shown otherwise than before, but for what came at its end."""
    first = min(moves.new, default=_AFTER_ALL)
    around = session.run(_AROUND, (conversation_id, first)).one()
    is_branched, later, end, end_follows = around
    if is_branched and not set(moves.others) <= moves.new.keys():
        return False
    if later != len(moves.new):
        return False
    for message_id, parent in sorted(moves.new.items()):
        is_in_turn = parent is None and end_follows is None and not is_branched
        if not is_in_turn and parent != end:
            return False
        end, end_follows = message_id, parent
    return True
