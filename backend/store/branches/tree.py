"""Decides which branch of a conversation is shown; importable without the database.

Messages make a tree: each follows its parent. What is in the trash is passed over, so
that the messages below it stand where it stood.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

ROOT: Final = ""
"""The parent of a first message."""
PATH: Final = "path"
"""Stands for a table in what tells that another branch of a conversation is shown."""


class Position(NamedTuple):
    """Where a message stands; see `Message`."""

    aside: int = 0
    version: int = 0
    versions: int = 0


class Node(NamedTuple):
    """A message as a part of its conversation.

    Attributes:
        parent: As of a `Message`; one that is not older and here counts as none.
        is_live: It is not in the trash.
    """

    id: str
    parent: str | None
    is_live: bool
    position: Position = Position()


def parents_of(rows: Iterable[tuple[str, str | None]]) -> dict[str, str]:
    """Return what each message follows; they come in the order of their ids."""
    parents: dict[str, str] = {}
    trunk = ROOT
    for row_id, given in rows:
        parent = trunk if given is None else given
        parents[row_id] = parent if parent in parents else ROOT
        trunk = row_id if given is None else trunk
    return parents


class Branches:
    """The messages of one conversation, with those in the trash."""

    def __init__(self, nodes: Iterable[Node]) -> None:
        """Take them in the order of their ids, in which each follows its parent."""
        self._nodes = {node.id: node for node in nodes}
        self._parents = parents_of((n.id, n.parent) for n in self._nodes.values())
        self._above: dict[str, str] = {}
        """Of each, the nearest message above it that is not in the trash."""
        self._below: dict[str, list[str]] = {}
        """The messages right below one, without those in the trash."""
        trunk = ROOT
        for node in self._nodes.values():
            parent = self._parents[node.id]
            trunk = node.id if node.parent is None else trunk
            is_live_there = parent == ROOT or self._nodes[parent].is_live
            above = parent if is_live_there else self._above[parent]
            self._above[node.id] = above
            if node.is_live:
                self._below.setdefault(above, []).append(node.id)
        self._newest = trunk or next(reversed(self._nodes), ROOT)

    def versions_of(self, message_id: str) -> Sequence[str]:
        """Return the messages that stand in one position, the oldest first."""
        return self._below.get(self._above.get(message_id, ROOT), [])

    def leaf_below(self, message_id: str, since: int = 0) -> str:
        """Return the end of what was shown last below a message; itself at the end.

        Args:
            message_id: The message.
            since: What left the path before is passed over.
        """
        while below := self._below.get(message_id):
            last = max(below, key=self._shown_last)
            if self._nodes[last].position.aside < since:
                break
            message_id = last
        return message_id

    def moved(self, shown_leaf: str, left: int = 1) -> Mapping[str, Position]:
        """Return those that stand elsewhere than before when a message is shown.

        Args:
            shown_leaf: The message.
            left: What those get that leave the path; see `Message.aside`.
        """
        positions = self.positions(shown_leaf, left).items()
        return {one: at for one, at in positions if at != self._nodes[one].position}

    def positions(self, shown_leaf: str, left: int = 1) -> Mapping[str, Position]:
        """Return where each message stands when one of them is shown."""
        path = set[str]()
        at = self._end_of(shown_leaf)
        while at != ROOT:
            path.add(at)
            at = self._parents[at]
        positions = {
            node.id: Position(0 if node.id in path else node.position.aside or left)
            for node in self._nodes.values()
        }
        for together in self._below.values():
            if len(together) > 1:
                for number, one in enumerate(together, start=1):
                    positions[one] = Position(
                        positions[one].aside, number, len(together)
                    )
        return positions

    def _end_of(self, shown_leaf: str) -> str:
        """Return the end of the path; in the trash where nothing else is there."""
        at = shown_leaf if shown_leaf in self._nodes else self._newest
        is_live = at == ROOT or self._nodes[at].is_live
        above = at if is_live else self._above[at]
        end = self.leaf_below(above)
        return at if end == above and not is_live else end

    def _shown_last(self, message_id: str) -> tuple[bool, int, str]:
        aside = self._nodes[message_id].position.aside
        return aside == 0, aside, message_id
