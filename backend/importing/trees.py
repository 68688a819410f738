"""Finds the branch of a tree of messages that its program showed last."""

from collections.abc import Mapping


def newest_leaf(parents: Mapping[str, str], times: Mapping[str, int | None]) -> str:
    """Return the end of the branch that was written last; "" for no messages.

    What has no time counts as said with what stands before it, and of equals the one
    that is later in the file is the newer.

    Args:
        parents: What each message follows, in the order of the file.
        times: When each was said, as far as that is known.
    """
    followed = set(parents.values())
    leaves = [key for key in parents if key not in followed] or [*parents]
    known: dict[str, int] = {}
    for leaf in leaves:
        path = path_to(leaf, parents)
        said = (times.get(key) for key in reversed(path))
        known[leaf] = next((at for at in said if at), 0)
    return max(reversed(leaves), key=lambda leaf: known[leaf], default="")


def path_to(leaf: str, parents: Mapping[str, str]) -> list[str]:
    """Return the messages from the first to the leaf; a loop ends it."""
    path: dict[str, None] = {}
    while leaf in parents and leaf not in path:
        path[leaf] = None
        leaf = parents[leaf]
    return list(reversed(path))
