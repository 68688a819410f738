"""Whatever is asked, answered again, edited, switched, deleted and taken back."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from backend.store.branches.tree import Branches, Node, Position

TREES = st.lists(
    st.tuples(st.integers(-2, 9), st.booleans(), st.integers(0, 4)), max_size=10
)


def tree(drawn: Sequence[tuple[int, bool, int]]) -> list[Node]:
    """Return nodes whose parents are older, none, gone, or not said."""
    return [
        Node(
            f"m{number}",
            None if parent == -1 else "gone" if parent == -2 else f"m{parent}",
            is_live,
            Position(aside),
        )
        for number, (parent, is_live, aside) in enumerate(drawn)
    ]


def shown(nodes: Sequence[Node], leaf: str) -> list[Node]:
    positions = Branches(nodes).positions(leaf)
    return [node for node in nodes if node.is_live and not positions[node.id].aside]


@given(TREES, st.integers(-1, 9))
def test_what_is_shown_is_a_whole_path(
    drawn: list[tuple[int, bool, int]], leaf: int
) -> None:
    nodes = tree(drawn)
    branches, path = Branches(nodes), shown(nodes, f"m{leaf}")
    positions = branches.positions(f"m{leaf}")
    for node in path:
        together = branches.versions_of(node.id)
        assert sum(not positions[one].aside for one in together) == 1
        assert positions[node.id].versions == (
            len(together) if len(together) > 1 else 0
        )
    assert bool(path) is any(node.is_live for node in nodes)
    if f"m{leaf}" in {node.id for node in nodes if node.is_live}:
        assert f"m{leaf}" in {node.id for node in path}


@given(TREES)
def test_every_message_is_reached_by_switching(
    drawn: list[tuple[int, bool, int]],
) -> None:
    nodes = tree(drawn)
    branches = Branches(nodes)
    seen, waiting = set[str](), [""]
    while waiting:
        path = [node.id for node in shown(nodes, waiting.pop())]
        fresh = [one for one in path if one not in seen]
        seen |= set(path)
        waiting += [
            branches.leaf_below(other)
            for one in fresh
            for other in branches.versions_of(one)
            if other not in seen
        ]
    assert seen == {node.id for node in nodes if node.is_live}


def test_a_branch_comes_back_as_it_was_left() -> None:
    nodes = [
        Node("m1", "", is_live=True),
        Node("m2", "m1", is_live=True, position=Position(1, 1, 2)),
        Node("m3", "m2", is_live=True, position=Position(1, 1, 2)),
        Node("m4", "m2", is_live=True, position=Position(0, 2, 2)),
        Node("m5", "m1", is_live=True, position=Position(0, 2, 2)),
    ]
    assert Branches(nodes).leaf_below("m2") == "m4"
    left = [
        node._replace(position=node.position._replace(aside=2)) for node in nodes[2:3]
    ]
    again = [*nodes[:2], *left, nodes[3]._replace(position=Position(1, 2, 2)), nodes[4]]
    assert Branches(again).leaf_below("m2") == "m3"
