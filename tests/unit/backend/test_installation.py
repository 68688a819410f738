"""How processes are started, what they inherit, and where files lie."""

import ast
import json
import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from backend import installation
from backend.installation import (
    asked_module,
    clean_environment,
    creation_flags,
    helper_environment,
    installed_files,
    installed_version,
    module_command,
    own_command,
    resource_path,
    running_version,
)

ROOT = Path(__file__).parents[3]
STEERING = {
    "ROBYN_HOST": "0.0.0.0",
    "robyn_port": "9",
    "PYTHONPATH": "/evil",
    "PYTHONSTARTUP": "/evil.py",
    "LD_PRELOAD": "/evil.so",
    "DYLD_INSERT_LIBRARIES": "/evil.dylib",
    "QT_PLUGIN_PATH": "/evil",
    "QTWEBENGINE_REMOTE_DEBUGGING": "9222",
    "RUST_LOG": "trace",
}
STARTERS = {"Popen", "create_subprocess_exec"}
SESSION = {"DBUS_SESSION_BUS_ADDRESS": "unix:path=/run/bus", "OPENAI_API_KEY": "sk"}
NEEDED = {"HOME": "/home/zoë", "LANG": "de", "PATH": "/bin"}
QUIET = {"RUST_LOG": "off"}


def test_only_what_a_sidecar_needs_is_inherited() -> None:
    outside = NEEDED | SESSION | STEERING
    assert clean_environment(outside) == NEEDED | SESSION | QUIET


def test_a_helper_knows_nothing_of_the_session() -> None:
    outside = NEEDED | SESSION | STEERING
    assert helper_environment(outside) == NEEDED | QUIET


def test_only_a_helper_that_needs_the_network_knows_the_way_out() -> None:
    ways = {"https_proxy": "http://p", "NO_PROXY": "x", "SSL_CERT_FILE": "/c.pem"}
    outside = NEEDED | SESSION | STEERING | ways
    assert helper_environment(outside) == NEEDED | QUIET
    assert helper_environment(outside, network=True) == NEEDED | ways | QUIET


SAID = """
import json, os, sys
print(json.dumps([sys.argv[1:], __name__, sys.path[0], sys.flags.isolated]))
"""


def test_a_module_runs_from_any_folder_and_is_given_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "said.py").write_text(SAID, "utf-8")
    (tmp_path / "json.py").write_text("raise SystemExit('shadowed')", "utf-8")
    monkeypatch.setattr(installation, "_HOME", tmp_path / "home")
    command = module_command("said")
    done = subprocess.run(command, capture_output=True, cwd=tmp_path, check=True)
    assert json.loads(done.stdout) == [[], "__main__", str(tmp_path / "home"), 1]


def test_a_module_of_an_installed_wheel_runs_beside_it(tmp_path: Path) -> None:
    """As `uv tool install` lays it out: the packages alone, without their source."""
    (tmp_path / "backend").mkdir()
    (tmp_path / "backend" / "__init__.py").touch()
    shutil.copy(installation.__file__, tmp_path / "backend")
    (tmp_path / "backend" / "said.py").write_text(SAID, "utf-8")
    ask = (
        "from backend.installation import module_command; "
        "print(*module_command('backend.said')[1:], sep='\\n')"
    )
    reply = subprocess.run(
        [sys.executable, "-c", ask],
        cwd=tmp_path,
        capture_output=True,
        check=True,
        text=True,
    )
    command = [sys.executable, *reply.stdout.splitlines()]
    done = subprocess.run(command, capture_output=True, cwd="/", check=True)
    assert json.loads(done.stdout) == [[], "__main__", str(tmp_path), 1]


@pytest.mark.parametrize(
    ("platform", "flags"), [("win32", 0x0800_0000), ("linux", 0), ("darwin", 0)]
)
def test_on_windows_a_child_opens_no_console(platform: str, flags: int) -> None:
    assert creation_flags(platform) == flags


def test_every_child_is_started_so() -> None:
    calls = [
        node
        for folder in ("backend", "qtshell")
        for path in (ROOT / folder).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and (node.func.attr in STARTERS or ast.unparse(node.func) == "subprocess.run")
    ]
    assert len(calls) > 3
    named = [{keyword.arg for keyword in call.keywords} for call in calls]
    assert all("creationflags" in words for words in named)


def test_no_module_but_the_one_that_knows_takes_itself_for_a_file() -> None:
    """Frozen, they are in an archive, and what is named does not exist."""
    sources = (
        p for part in ("backend", "qtshell") for p in (ROOT / part).rglob("*.py")
    )
    found = [path for path in sources if "__file__" in path.read_text("utf-8")]
    assert found == [ROOT / "backend" / "installation.py"]


def test_a_frozen_hearth_is_asked_for_a_module(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    program, *arguments = module_command("backend.recovery.job_process")
    assert program == sys.executable
    assert asked_module(arguments) == "backend.recovery.job_process"


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["-m"],
        ["--hidden"],
        ["ask", "-m", "backend"],
        ["-m", "os"],
        ["-m", "qtshell"],
        ["-m", "backendless"],
        ["-m", "backend/../evil"],
        ["-m", "backend", "--more"],
    ],
    ids=" ".join,
)
def test_a_frozen_hearth_runs_nothing_but_its_own(arguments: list[str]) -> None:
    assert asked_module(arguments) is None


IMPORTERS = """
class Archive:
    _filename = "/usr/bin/hearth"
pyz_archive = Archive()
"""
"""What PyInstaller reads modules by."""
WHERE_MODULES_ARE = """
import pyimod02_importers
print(pyimod02_importers.pyz_archive._filename)
"""


def test_a_frozen_child_becomes_what_it_is_asked_for(tmp_path: Path) -> None:
    """Without the library path of the frozen program, and with its own modules."""
    (tmp_path / "backend").mkdir()
    (tmp_path / "backend" / "__init__.py").touch()
    shutil.copy(installation.__file__, tmp_path / "backend")
    said = f"{SAID}print(os.environ.get('LD_LIBRARY_PATH')){WHERE_MODULES_ARE}"
    (tmp_path / "backend" / "said.py").write_text(said, "utf-8")
    (tmp_path / "pyimod02_importers.py").write_text(IMPORTERS, "utf-8")
    shutil.copy(ROOT / "resources" / "packaging" / "child.py", tmp_path)
    path = {"LD_LIBRARY_PATH": str(tmp_path), "LD_LIBRARY_PATH_ORIG": "/own"}
    done = subprocess.run(
        [sys.executable, tmp_path / "child.py", "-m", "backend.said"],
        env=os.environ | path,
        capture_output=True,
        check=True,
        text=True,
    )
    said, library_path, modules = done.stdout.splitlines()
    assert json.loads(said)[:2] == [[], "__main__"]
    assert library_path == "/own"
    program = Path("/proc/self/exe")
    assert modules == (str(program) if program.exists() else "/usr/bin/hearth")


@pytest.mark.parametrize("package", ["backend", "qtshell"])
def test_one_module_alone_knows_the_interpreter(package: str) -> None:
    knowing = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / package).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if (isinstance(node, ast.Attribute) and node.attr == "executable")
        or (isinstance(node, ast.alias) and node.name == "executable")
    }
    assert knowing <= {"backend/installation.py"}


@pytest.mark.parametrize("platform", ["linux", "win32"])
def test_a_frozen_hearth_starts_itself_without_a_console(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, platform: str
) -> None:
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "hearth.exe"))
    assert own_command() == (sys.executable,)
    (tmp_path / "hearthw.exe").touch()
    name = "hearthw.exe" if platform == "win32" else "hearth.exe"
    assert own_command() == (str(tmp_path / name),)


@pytest.mark.parametrize(
    ("mounted", "ours"),
    [("/tmp/.mount_H", True), ("/tmp/.mount_O", False), ("", False)],
)
def test_an_appimage_starts_itself_not_what_is_mounted_of_it(
    mounted: str, ours: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    monkeypatch.setattr(sys, "executable", "/tmp/.mount_H/hearth")
    monkeypatch.setenv("APPIMAGE", "/home/ann/Hearth.AppImage")
    monkeypatch.setenv("APPDIR", mounted)
    program = "/home/ann/Hearth.AppImage" if ours else "/tmp/.mount_H/hearth"
    assert own_command() == (program,)


def test_hearth_starts_itself_by_its_script_or_as_a_module(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    assert own_command() == (str(tmp_path / "python"), "-m", "qtshell")
    name = "hearthw.exe" if sys.platform == "win32" else "hearth"
    (tmp_path / name).touch()
    assert own_command() == (str(tmp_path / name),)


def test_files_lie_in_the_package_of_a_wheel_or_in_the_source_tree(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(installation, "_HOME", tmp_path)
    source = tmp_path / "resources" / "web"
    assert resource_path("backend", "resources", "web") == source
    installed = tmp_path / "backend" / "resources" / "web"
    installed.mkdir(parents=True)
    assert resource_path("backend", "resources", "web") == installed


@pytest.mark.parametrize(
    ("path", "text"),
    [("hearth-{}.dist-info/METADATA", ""), ("pyproject.toml", 'version = "{}"\n')],
    ids=["built", "source"],
)
def test_what_runs_keeps_its_version_when_another_is_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str, text: str
) -> None:
    monkeypatch.setattr(installation, "_HOME", tmp_path)
    running_version.cache_clear()

    def install(version: str) -> Path:
        file = tmp_path / path.format(version)
        file.parent.mkdir(exist_ok=True)
        file.write_text(f"[project]\n{text.format(version)}")
        return file

    try:
        assert installed_version() == "development"
        before = install("0.9.0")
        assert running_version() == "0.9.0"
        before.unlink()
        if before.parent != tmp_path:
            before.parent.rmdir()
        install("0.10.0")
        assert installed_version() == "0.10.0"
        assert running_version() == "0.9.0"
    finally:
        running_version.cache_clear()


def test_the_version_is_what_the_project_says() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert installed_version() == project["version"]


def test_replaced_files_are_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(installation, "_HOME", tmp_path)
    assert installed_files() == ""
    for name in ("backend/a.py", "backend/b/c.py", "templates/page.html"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("1")
    seen = [installed_files()]
    other = tmp_path / "backend" / "b" / "c.py"
    times = other.stat()
    other.write_text("22")
    os.utime(other, ns=(times.st_atime_ns, times.st_mtime_ns))
    seen.append(installed_files())
    os.utime(tmp_path / "templates" / "page.html", (1, 1))
    seen.append(installed_files())
    (tmp_path / "backend" / "d.py").touch()
    seen.append(installed_files())
    (tmp_path / "backend" / "a.py").unlink()
    seen.append(installed_files())
    assert len(set(seen)) == len(seen)
    (tmp_path / "backend" / "__pycache__").mkdir()
    (tmp_path / "backend" / "__pycache__" / "d.pyc").touch()
    assert installed_files() == seen[-1]
