"""A corridor has no more doors than a newcomer can take in."""

from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
MOST: Final = 24
"""About twenty: beyond this a room inside is worth its name."""


def test_no_package_holds_more_modules_and_packages_than_one_can_take_in() -> None:
    crowded = {}
    for top in (ROOT / "backend", ROOT / "qtshell"):
        for package in (path.parent for path in top.rglob("__init__.py")):
            inside = [*package.glob("[!_]*.py"), *package.glob("*/__init__.py")]
            if len(inside) > MOST:
                crowded[str(package.relative_to(ROOT))] = len(inside)
    assert not crowded
