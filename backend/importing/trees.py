"""Finds the branch of a tree of messages that its program showed last."""

from collections.abc import Mapping
from typing import Any

from backend.importing.values import as_ms


def branch_to(
    leaf: str,
    parents: Mapping[str, str],
    messages: Mapping[str, Mapping[str, Any]],
    time_name: str,
) -> list[str]:
    """Return the branch to a leaf; to the newest one where that leaf is not there.

    Args:
        leaf: The message that its program showed last.
        parents: What each message follows, in the order of the file.
        messages: The same messages.
        time_name: What the time of a message is called in it.
    """
    if leaf not in parents:
        times = {key: as_ms(one.get(time_name)) for key, one in messages.items()}
        leaf = _newest_leaf(parents, times)
    return _path_to(leaf, parents)


def _newest_leaf(parents: Mapping[str, str], times: Mapping[str, int | None]) -> str:
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
        path = _path_to(leaf, parents)
        said = (times.get(key) for key in reversed(path))
        known[leaf] = next((at for at in said if at), 0)
    return max(reversed(leaves), key=lambda leaf: known[leaf], default="")


def _path_to(leaf: str, parents: Mapping[str, str]) -> list[str]:
    """Return the messages from the first to the leaf; a loop ends it."""
    path: dict[str, None] = {}
    while leaf in parents and leaf not in path:
        path[leaf] = None
        leaf = parents[leaf]
    return list(reversed(path))
