"""Takes a tree of messages apart into the branch shown last and the others."""

from collections.abc import Iterator, Mapping, Set
from typing import Any

from backend.importing.values import as_ms, as_text


def parents_in(messages: Mapping[str, Mapping[str, Any]], name: str) -> dict[str, str]:
    """Return what each message follows: where nothing tells, the one before it.

    Args:
        messages: In the order of the file.
        name: What the parent of a message is called in it.
    """
    parents: dict[str, str] = {}
    before = ""
    for key, message in messages.items():
        parents[key] = as_text(message.get(name)) or before
        before = key
    return parents


def branches_from(
    leaf: str,
    parents: Mapping[str, str],
    messages: Mapping[str, Mapping[str, Any]],
    time_name: str,
) -> Iterator[list[str]]:
    """Yield the branch to a leaf, then of every other what is its own, from above.

    Where that leaf is not there, the newest one comes first.

    Args:
        leaf: The message that its program showed last.
        parents: What each message follows, in the order of the file.
        messages: The same messages.
        time_name: What the time of a message is called in it.
    """
    if leaf not in parents:
        times = {key: as_ms(one.get(time_name)) for key, one in messages.items()}
        leaf = _newest_leaf(parents, times)
    seen: set[str] = set()
    followed = set(parents.values())
    # What is left at the end follows itself, and so has no leaf.
    for end in (leaf, *(key for key in parents if key not in followed), *parents):
        if branch := _path_to(end, parents, seen):
            seen.update(branch)
            yield branch


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
        said = (times.get(key) for key in reversed(_path_to(leaf, parents)))
        known[leaf] = next((at for at in said if at), 0)
    return max(reversed(leaves), key=lambda leaf: known[leaf], default="")


def _path_to(
    leaf: str, parents: Mapping[str, str], seen: Set[str] = frozenset()
) -> list[str]:
    """Return the messages down to the leaf, below what was seen; a loop ends them."""
    path: dict[str, None] = {}
    while leaf in parents and leaf not in path and leaf not in seen:
        path[leaf] = None
        leaf = parents[leaf]
    return list(reversed(path))
