"""Which library finds which, as the loader of Linux looks for them.

Paths are those inside one folder, with slashes and without its own name.
"""

import posixpath
from collections.abc import Mapping, Set
from dataclasses import dataclass
from typing import Final

import contents

_HERE: Final = "$ORIGIN"


@dataclass(frozen=True)
class Binary:
    """A program or library.

    Attributes:
        needs: The names of the libraries it is linked to.
        looks_in: Where it looks for them before the system does.
    """

    needs: Set[str]
    looks_in: tuple[str, ...] = ()


def missing(binaries: Mapping[str, Binary], files: Set[str]) -> dict[str, set[str]]:
    """Return what each binary does not find, neither here nor on every desktop.

    Args:
        binaries: Those of the folder, by path.
        files: Every path in the folder, links too.
    """
    found = {
        path: {name for name in binary.needs if not _finds(path, binary, name, files)}
        for path, binary in binaries.items()
    }
    return {path: names for path, names in found.items() if names}


def run_paths(binaries: Mapping[str, Binary], files: Set[str]) -> dict[str, str]:
    """Return where the binaries have to look that do not find what is there."""
    holders: dict[str, str] = {}
    # The shortest path last: what is at the top stays.
    for file in sorted(files, key=lambda path: (-path.count("/"), path)):
        folder, name = posixpath.split(file)
        holders[name] = folder
    found = {}
    for path, names in missing(binaries, files).items():
        folders = {holders[name] for name in names if name in holders}
        ways = [_way(path, folder) for folder in sorted(folders)]
        if ways:
            found[path] = ":".join([*binaries[path].looks_in, *ways])
    return found


def foreign_ways(binaries: Mapping[str, Binary]) -> dict[str, str]:
    """Return where those may look that look into folders of who built them."""
    own = {
        path: [place for place in binary.looks_in if place.startswith(_HERE)]
        for path, binary in binaries.items()
    }
    return {
        path: ":".join(places)
        for path, places in own.items()
        if len(places) < len(binaries[path].looks_in)
    }


def _finds(path: str, binary: Binary, name: str, files: Set[str]) -> bool:
    if contents.is_on_every_desktop(name):
        return True
    here = posixpath.dirname(path) or "."
    places = (place.replace(_HERE, here) for place in binary.looks_in)
    return any(posixpath.normpath(f"{place}/{name}") in files for place in places)


def _way(path: str, folder: str) -> str:
    here = posixpath.dirname(path)
    way = posixpath.relpath(folder or ".", here or ".")
    return _HERE if way == "." else f"{_HERE}/{way}"
