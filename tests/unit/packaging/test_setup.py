"""What `make` does before Hearth can start: what it keeps, fetches and says."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.helpers.window import ROOT

LINK = "lib/python3.11/site-packages/_editable_impl_hearth.pth"
PLACES = ["hearth", "a folder", "it's $here", "é"]


def make(folder: Path, *asked: str, path: str = "") -> str:
    done = subprocess.run(
        ["make", "--no-print-directory", *asked],
        cwd=folder,
        env=os.environ | ({"PATH": path} if path else {}),
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def checkout(folder: Path, place: str) -> Path:
    folder = folder / place
    link = folder / ".venv" / LINK
    link.parent.mkdir(parents=True)
    link.write_text(f"{folder}\n{folder}", "utf-8")
    shutil.copy(ROOT / "Makefile", folder)
    return folder


@pytest.mark.parametrize("place", PLACES)
def test_an_environment_stays_where_it_was_made(tmp_path: Path, place: str) -> None:
    folder = checkout(tmp_path, place)
    other = tmp_path / "a link"
    other.symlink_to(folder)
    make(folder, "help")
    make(other, "help")
    assert (folder / ".venv" / LINK).is_file()


@pytest.mark.parametrize("place", PLACES)
def test_a_folder_that_was_moved_or_copied_gets_a_new_one(
    tmp_path: Path, place: str
) -> None:
    folder = checkout(tmp_path, "before")
    copy = shutil.copytree(folder, tmp_path / "copies" / place)
    make(copy, "help")
    assert not (copy / ".venv").exists()
    moved = folder.rename(tmp_path / place)
    make(moved, "help")
    assert not (moved / ".venv").exists()


def commands(folder: Path, **scripts: str) -> str:
    """Return a PATH on which some commands do what is said."""
    for name, script in scripts.items():
        command = folder / name.replace("_", "-")
        command.write_text(f"#!/bin/sh\n{script}\n", "utf-8")
        command.chmod(0o755)
    return f"{folder}:/usr/bin:/bin"


def test_node_is_fetched_only_where_there_is_no_npm(tmp_path: Path) -> None:
    shutil.copy(ROOT / "Makefile", tmp_path)
    for name in ("pyproject.toml", "uv.lock"):
        (tmp_path / name).touch()
    web = tmp_path / "resources" / "web"
    web.mkdir(parents=True)
    for name in ("package-lock.json", "vendor.py", "icons.txt"):
        (web / name).touch()
    for name in ("drawer.mjs", "flowchart.mjs", "diagram_lines.mjs"):
        (web / name).touch()
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in ("sh", "head", "cat", "make", "env", "rm"):
        (tools / name).symlink_to(str(shutil.which(name)))
    target = ("-n", "resources/web/vendor/.complete")
    fetched = make(tmp_path, *target, path=str(tools))
    assert "--only-group assets npm ci" in fetched
    assert "--no-cache --isolated" in fetched, "nothing of Node is kept"
    npm = tools / "npm"
    npm.write_text("#!/bin/sh\n")
    npm.chmod(0o755)
    assert f"{npm} ci" in make(tmp_path, *target, path=str(tools))


def test_a_package_is_built_of_the_source_as_it_is_now() -> None:
    """What uv built it keeps until pyproject.toml changes, whatever else does."""
    said = make(ROOT, "-n", "package")
    sync = said.partition("--no-editable")[2].partition("package.py")[0]
    assert "--reinstall-package hearth" in sync


def test_what_runs_is_compiled_before_it_is_started(tmp_path: Path) -> None:
    shutil.copy(ROOT / "Makefile", tmp_path)
    for name in ("pyproject.toml", "uv.lock"):
        (tmp_path / name).touch()
    asked = make(tmp_path, "-n", ".venv/.run")
    assert "--no-default-groups --compile-bytecode" in asked


def install_libraries(path: str, *sets: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [ROOT / "resources" / "packaging" / "install-libraries", *sets],
        env=os.environ | {"PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )


def test_apt_is_heard_only_when_it_fails(tmp_path: Path) -> None:
    nothing_is_there = {"dpkg_query": "exit 1", "apt_cache": "", "id": "echo 0"}
    noise = "echo delaying; echo 'debconf: noise' >&2"
    done = install_libraries(
        commands(tmp_path, **nothing_is_there, apt_get=noise), "venv", "run"
    )
    assert done.returncode == 0
    assert (done.stderr, done.stdout.count("\n")) == ("", 1)
    assert "python3-venv" in done.stdout
    assert "libegl1" in done.stdout
    failing = f"{noise}; echo 'E: disk is full' >&2; [ $1 = update ]"
    done = install_libraries(commands(tmp_path, apt_get=failing), "run")
    assert done.returncode == 1
    assert "E: disk is full" in done.stderr
    assert "debconf" not in done.stdout + done.stderr


def test_the_first_round_names_everything(tmp_path: Path) -> None:
    """For a user who may not install anything and has no venv yet."""
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in ("sh", "sed", "grep", "tr", "rm", "dirname"):
        (tools / name).symlink_to(str(shutil.which(name)))
    nothing_is_there = {"dpkg_query": "exit 1", "apt_cache": "", "id": "echo 1000"}
    commands(tools, **nothing_is_there, apt_get="", python='[ "$1" = -c ]')
    done = subprocess.run(
        [ROOT / "resources" / "packaging" / "install-uv", tools / "python", "1"],
        cwd=tmp_path,
        env={"PATH": str(tools)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    [_, asked] = done.stderr.splitlines()
    assert "python3-venv" in asked
    assert "libegl1" in asked
