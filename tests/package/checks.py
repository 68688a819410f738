"""Looks into the packages of `dist/`; `make package-test` runs it, `make test` not."""

import hashlib
import json
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import contents
import linking
import program_files
import pytest

from tests.helpers.sidecar import Sidecar

DIST = Path(__file__).parents[2] / "dist"
INSTALLED = "usr/lib/hearth"


@cache
def deb() -> Path:
    [path] = DIST.glob("hearth_*.deb")
    return path


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("deb")
    subprocess.run(["dpkg-deb", "-x", deb(), folder], check=True)
    yield folder
    subprocess.run(["rm", "-rf", folder], check=True)


@pytest.fixture(scope="module")
def private(root: Path) -> list[str]:
    folder = root / INSTALLED / contents.PRIVATE
    paths = (p for p in folder.rglob("*") if p.is_symlink() or not p.is_dir())
    return [str(path.relative_to(folder)) for path in paths]


def test_it_is_small_enough() -> None:
    assert deb().stat().st_size <= contents.LIMIT_BYTES


def test_it_holds_no_file_that_nobody_needs(private: list[str]) -> None:
    unneeded = {path: contents.why_unneeded(path) for path in private}
    assert {path: why for path, why in unneeded.items() if why} == {}
    assert contents.strangers(private) == set()
    tops = [path for path in private if "/" not in path]
    assert list(filter(contents.is_of_the_system, tops)) == []


def test_everything_it_is_linked_to_is_there(root: Path) -> None:
    found = subprocess.run(
        ["ldd", *program_files.binaries(root / INSTALLED)],
        env={},
        capture_output=True,
        text=True,
        check=False,
    )
    missing = [line for line in found.stdout.splitlines() if "not found" in line]
    assert missing == []


def test_the_sidecar_loads_no_qt(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would slow it down, and look into every module that is imported."""
    program = root / INSTALLED / "hearth"
    monkeypatch.setenv("HEARTH_PROGRAM", str(program))
    with Sidecar.start(tmp_path / "data") as sidecar:
        assert sidecar.wait_for_database(30) == "connected"
        maps = Path("/proc", str(sidecar.pid), "maps").read_text("utf-8")
    assert "libsql" in maps
    assert "PySide6" not in maps
    assert "shiboken" not in maps


def test_in_the_archive_every_binary_finds_its_libraries(tmp_path: Path) -> None:
    [archive] = DIST.glob("*.tar.xz")
    subprocess.run(["tar", "-xf", archive, "-C", tmp_path], check=True)
    [folder] = tmp_path.iterdir()
    private = folder / contents.PRIVATE
    links = program_files.links(private)
    assert len(links) > 100
    assert linking.missing(links, program_files.names(private)) == {}
    subprocess.run(["rm", "-rf", folder], check=True)


def test_lintian_finds_nothing() -> None:
    found = subprocess.run(
        ["lintian", "--allow-root", "--fail-on", "error,warning", deb()],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (found.returncode, found.stdout) == (0, "")


def test_menus_and_software_centres_understand_it(root: Path) -> None:
    [entry] = root.glob("usr/share/applications/*.desktop")
    subprocess.run(["desktop-file-validate", entry], check=True)
    assert "\nExec=/usr/bin/hearth\n" in entry.read_text("utf-8")
    assert (root / "usr/bin/hearth").resolve().is_file()
    [metainfo] = root.glob("usr/share/metainfo/*.xml")
    found = subprocess.run(
        ["appstreamcli", "validate", "--no-net", metainfo],
        capture_output=True,
        text=True,
        check=False,
    )
    errors = [line for line in found.stdout.splitlines() if line.startswith("E:")]
    assert errors == []


def test_every_part_is_listed_with_its_licence(root: Path) -> None:
    [listed] = DIST.glob("*.cdx.json")
    bom = json.loads(listed.read_text("utf-8"))
    names = {part["name"].lower() for part in bom["components"]}
    assert {"pyside6", "robyn", "htmx.org", "cpython", "chromium"} <= names
    assert {"pillow", "libwebp", "pypdf", "beautiful-mermaid", "elkjs"} <= names
    assert not names & {"pyinstaller", "cyclonedx-bom", "pytest", "esbuild"}
    terms = (root / "usr/share/doc/hearth/copyright").read_text("utf-8").lower()
    wheels = [part for part in bom["components"] if "pypi" in part["purl"]]
    assert [p["name"] for p in wheels if p["name"].lower() not in terms] == []


def test_the_sums_are_those_of_the_files() -> None:
    lines = (DIST / "SHA256SUMS").read_text("utf-8").splitlines()
    assert len(lines) == 3
    for line in lines:
        expected, _, name = line.partition("  ")
        assert hashlib.sha256((DIST / name).read_bytes()).hexdigest() == expected
