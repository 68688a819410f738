"""Looks into the packages of `dist/`; `make package-test` runs it, `make test` not."""

import hashlib
import json
import shutil
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import appimage
import contents
import linking
import program_files
import pytest
from tools import Build

from qtshell.identity import APP_ID
from qtshell.ipc.instance import Call, call
from qtshell.options import Verb
from tests.helpers.sidecar import Sidecar
from tests.helpers.window import Window

DIST = Path(__file__).parents[2] / "dist"
INSTALLED = "usr/lib/hearth"
RECIPE = DIST.parent / "resources" / "packaging" / f"{APP_ID}.yaml"
RUNTIME, RUNTIME_BYTES = Path(__file__).with_name("standin_runtime"), 1024


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


def test_what_runs_goes_on_when_an_update_has_replaced_its_file(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Modules that were not needed yet are still its own."""
    folder = tmp_path / "hearth"
    subprocess.run(["cp", "-al", root / INSTALLED, folder], check=True)
    program, later = folder / "hearth", folder / "later"
    monkeypatch.setenv("HEARTH_PROGRAM", str(program))
    data = tmp_path / "data"
    with Window.start(data) as window:
        later.write_bytes(bytes(100_000) + program.read_bytes())
        later.chmod(0o755)
        later.replace(program)
        for verb in (Verb.QUICK_ASK, Verb.STATUS):
            assert [reply.exit for reply in call(data, Call(verb.value))][-1] == 0
        for page in ("/settings/backups", "/notes", "/actions", "/trash"):
            window.go(page)
            window.find("link", "Settings")
        assert window.quit() == 0
        assert "a bug" not in window.log
        assert "Traceback" not in window.log
    subprocess.run(["rm", "-rf", folder], check=True)


def test_in_the_archive_every_binary_finds_its_libraries(tmp_path: Path) -> None:
    [archive] = DIST.glob("*.tar.xz")
    subprocess.run(["tar", "-xf", archive, "-C", tmp_path], check=True)
    [folder] = tmp_path.iterdir()
    private = folder / contents.PRIVATE
    links = program_files.links(private)
    assert len(links) > 100
    assert linking.missing(links, program_files.names(private)) == {}
    subprocess.run(["rm", "-rf", folder], check=True)


@pytest.fixture
def image(tmp_path: Path) -> Iterator[Path]:
    """An AppImage of the archive, behind a runtime that unpacks instead of mounting."""
    [archive] = DIST.glob("*.tar.xz")
    subprocess.run(["tar", "-xf", archive, "-C", tmp_path], check=True)
    [unpacked] = tmp_path.iterdir()
    runtime = tmp_path / "runtime"
    runtime.write_bytes(RUNTIME.read_bytes().ljust(RUNTIME_BYTES))
    build = Build(work=tmp_path / "work", dist=tmp_path, epoch=1, preset=0)
    build.work.mkdir()
    yield appimage.build_appimage(unpacked, runtime, build)
    made = (build.work, unpacked, tmp_path / "mounted")
    subprocess.run(["rm", "-rf", *made], check=True)


def test_an_appimage_runs_where_it_lies(
    image: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    moved = image.rename(tmp_path / "Hearth (1).AppImage")
    monkeypatch.setenv("HEARTH_PROGRAM", str(moved))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "share"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    installing = subprocess.run([moved, "--install-desktop"], check=False)
    assert installing.returncode == 0
    [entry] = tmp_path.glob("share/applications/*.desktop")
    assert f'Exec="{moved}"\n' in entry.read_text("utf-8"), "not what was unpacked"
    with Window.start(tmp_path / "data") as window:
        window.find("button", "New conversation")
        window.photograph("appimage")
        assert window.quit() == 0


def test_flatpak_understands_the_recipe(tmp_path: Path) -> None:
    recipe = shutil.copy(RECIPE, tmp_path)
    (tmp_path / "hearth").mkdir()
    found = subprocess.run(
        ["flatpak-builder", "--show-manifest", recipe],
        capture_output=True,
        text=True,
        check=False,
    )
    # What it does not know it says here, and goes on.
    assert (found.returncode, found.stderr) == (0, "")
    assert json.loads(found.stdout)["id"] == APP_ID


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
