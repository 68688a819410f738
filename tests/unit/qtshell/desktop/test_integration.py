"""What is put into the start menu of each platform, and taken out again."""

import os
import plistlib
import re
import shlex
import struct
import subprocess
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import ClassVar

import pytest

from qtshell.desktop.integration import Desktop, desktop_of
from qtshell.desktop.linux import ICON_SIZES, LinuxDesktop, exec_line
from qtshell.desktop.mac import MacDesktop
from qtshell.desktop.shell_link import ShellLink
from qtshell.desktop.windows import TASKS, WindowsDesktop
from qtshell.identity import APP_ID

COMMAND = ["/opt/my $apps/100%/hearth", "--data-dir", '/home/a "b"']


def files_in(folder: Path) -> set[str]:
    return {str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file()}


def linux(folder: Path) -> LinuxDesktop:
    return LinuxDesktop(COMMAND, folder / "data", folder / "config")


def test_the_entry_and_the_metainfo_are_valid(tmp_path: Path) -> None:
    linux(tmp_path).install()
    data = tmp_path / "data"
    entry = data / "applications" / f"{APP_ID}.desktop"
    result = subprocess.run(
        ["desktop-file-validate", entry], capture_output=True, text=True, check=False
    )
    assert (result.returncode, result.stdout) == (0, "")
    metainfo = data / "metainfo" / f"{APP_ID}.metainfo.xml"
    result = subprocess.run(
        ["appstreamcli", "validate", "--no-net", metainfo],
        capture_output=True,
        text=True,
        check=False,
    )
    # Newer ones want a home page, which Hearth has none of.
    found = re.findall(
        r"^[EW]: (?!.*url-homepage-missing).*", result.stdout, re.MULTILINE
    )
    assert found == []
    assert result.stderr == ""


def test_there_is_an_icon_in_every_size(tmp_path: Path) -> None:
    linux(tmp_path).install()
    icons = tmp_path / "data" / "icons" / "hicolor"
    for size in ICON_SIZES:
        png = (icons / f"{size}x{size}" / "apps" / f"{APP_ID}.png").read_bytes()
        assert struct.unpack(">II", png[16:24]) == (size, size)
    assert (icons / "scalable" / "apps" / f"{APP_ID}.svg").exists()


def test_installing_twice_changes_nothing(tmp_path: Path) -> None:
    linux(tmp_path).install()
    once = files_in(tmp_path)
    linux(tmp_path).install()
    assert files_in(tmp_path) == once


def test_uninstalling_removes_exactly_what_was_installed(tmp_path: Path) -> None:
    foreign = tmp_path / "data" / "applications" / "other.desktop"
    foreign.parent.mkdir(parents=True)
    foreign.write_text("[Desktop Entry]")
    desktop = linux(tmp_path)
    desktop.install()
    desktop.start_at_login(on=True)
    desktop.uninstall()
    assert files_in(tmp_path) == {"data/applications/other.desktop"}
    assert list((tmp_path / "data").iterdir()) == [foreign.parent]
    desktop.uninstall()


PLACES = ["hearth", "a folder/hearth", "50% $off/hearth", 'a"b\\c/hearth', "é ö/hearth"]


def placed(folder: Path, name: str) -> Path:
    program = folder / name
    program.parent.mkdir(parents=True, exist_ok=True)
    program.touch()
    return program


def of(program: Path, home: Path) -> LinuxDesktop:
    command = [str(program), "--data-dir", "/x y"]
    return LinuxDesktop(command, home / "data", home / "config", [home / "system"])


def started_by(home: Path) -> dict[str, list[str]]:
    """Return what the menu and the log-in start, as a desktop reads it."""
    found = {}
    for entry in home.rglob(f"{APP_ID}.desktop"):
        path = str(entry.parent.relative_to(home))
        found[path] = re.findall("^TryExec=(.*)", entry.read_text("utf-8"), re.M)
    return found


@pytest.mark.parametrize("place", PLACES)
def test_what_started_a_folder_that_moved_starts_this_one(
    tmp_path: Path, place: str
) -> None:
    old, new = placed(tmp_path / "old", place), placed(tmp_path / "new", place)
    of(old, tmp_path).install()
    of(old, tmp_path).start_at_login(on=True)
    before = files_in(tmp_path)
    of(new, tmp_path).mend()
    kept = started_by(tmp_path)
    assert not of(new, tmp_path).is_dead
    old.unlink()
    assert of(new, tmp_path).is_dead
    of(new, tmp_path).mend()
    assert not of(new, tmp_path).is_dead
    mended = started_by(tmp_path)
    placed(tmp_path / "old", place)
    assert files_in(tmp_path) == before
    assert set(mended) == set(kept) == {"data/applications", "config/autostart"}
    for key, [program] in mended.items():
        assert kept[key] == [program.replace(f"{tmp_path}/new", f"{tmp_path}/old")]
        assert f"{tmp_path}/new" in program


def test_a_packages_entry_comes_back_when_the_folder_before_it_is_gone(
    tmp_path: Path,
) -> None:
    checkout, package = placed(tmp_path, "checkout"), placed(tmp_path, "package")
    LinuxDesktop([str(package)], tmp_path / "system", tmp_path).install()
    of(checkout, tmp_path).install()
    checkout.unlink()
    of(package, tmp_path).mend()
    assert set(started_by(tmp_path)) == {"system/applications"}


def test_uninstalling_leaves_what_starts_another_hearth(tmp_path: Path) -> None:
    checkout, package = placed(tmp_path, "checkout"), placed(tmp_path, "package")
    of(package, tmp_path).install()
    of(package, tmp_path).start_at_login(on=True)
    before = files_in(tmp_path)
    of(checkout, tmp_path).uninstall()
    assert files_in(tmp_path) == before
    package.unlink()
    of(checkout, tmp_path).uninstall()
    assert files_in(tmp_path) == {"checkout"}


def test_mending_adds_nothing_that_was_not_there(tmp_path: Path) -> None:
    of(placed(tmp_path, "hearth"), tmp_path).mend()
    mac(tmp_path).mend()
    assert files_in(tmp_path) == {"hearth"}


def test_a_bundle_whose_program_is_gone_starts_this_one(tmp_path: Path) -> None:
    old = placed(tmp_path, "it's old/hearth")
    before = MacDesktop([str(old)], tmp_path)
    before.install()
    before.start_at_login(on=True)
    new = MacDesktop([str(placed(tmp_path, "new/hearth"))], tmp_path)
    script = tmp_path / "Applications/Hearth.app/Contents/MacOS/Hearth"
    agent = tmp_path / f"Library/LaunchAgents/{APP_ID}.plist"

    def started() -> list[str]:
        arguments = plistlib.loads(agent.read_bytes())["ProgramArguments"]
        return [shlex.split(script.read_text())[2], arguments[0]]

    def is_dead() -> bool:
        return new.is_dead

    assert not is_dead()
    new.mend()
    assert started() == [str(old)] * 2
    old.unlink()
    assert is_dead()
    new.mend()
    assert not is_dead()
    assert started() == [str(tmp_path / "new/hearth")] * 2


@pytest.mark.parametrize(
    ("command", "line"),
    [
        (["/usr/bin/hearth"], "/usr/bin/hearth"),
        (["/a b/hearth", "-x"], '"/a b/hearth" -x'),
        (["/a/50%"], "/a/50%%"),
        (["/a$b"], '"/a\\\\$b"'),
        (['a"b'], '"a\\\\"b"'),
        (["a\\b"], '"a\\\\\\\\b"'),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_any_path_can_be_spelt_in_an_entry(command: list[str], line: str) -> None:
    assert exec_line(command) == line


def windows(folder: Path) -> WindowsDesktop:
    return WindowsDesktop(
        [r"C:\Apps\J Ö\hearth.exe", "--data-dir", r"D:\My Data"], folder
    )


def mac(folder: Path) -> MacDesktop:
    return MacDesktop(COMMAND, folder)


@pytest.mark.parametrize("make", [linux, windows, mac])
def test_the_log_in_is_left_alone_until_chosen(
    tmp_path: Path, make: Callable[[Path], Desktop]
) -> None:
    desktop = make(tmp_path)
    desktop.install()
    items = [desktop.starts_at_login]
    for on in (True, True, False, False):
        desktop.start_at_login(on=on)
        items.append(desktop.starts_at_login)
    assert items == [False, True, True, False, False]


@pytest.mark.parametrize("make", [windows, mac])
def test_other_platforms_are_left_as_they_were(
    tmp_path: Path, make: Callable[[Path], Desktop]
) -> None:
    desktop = make(tmp_path)
    desktop.install()
    assert files_in(tmp_path)
    desktop.start_at_login(on=True)
    desktop.uninstall()
    assert not files_in(tmp_path)


@pytest.mark.parametrize(
    ("platform", "kind"),
    [("linux", LinuxDesktop), ("win32", WindowsDesktop), ("darwin", MacDesktop)],
)
def test_each_platform_has_its_own(
    platform: str, kind: type[Desktop], tmp_path: Path
) -> None:
    assert isinstance(desktop_of(platform, COMMAND, tmp_path, os.environ), kind)


def test_a_shortcut_names_program_arguments_and_the_taskbars_id() -> None:
    link = ShellLink(
        target=r"C:\Apps\hearth.exe",
        arguments="--hidden",
        working_dir=r"C:\Apps",
        icon=r"C:\Apps\hearth.ico",
        description="An assistant",
        app_id=APP_ID,
    ).to_bytes()
    assert struct.unpack_from("<I", link) == (76,)
    assert struct.unpack_from("<i", link, 60) == (1,)
    assert r"C:\Apps\hearth.exe".encode("utf-16-le") in link
    assert "--hidden".encode("utf-16-le") in link
    store = link.index(struct.pack("<I", 0xA0000009)) - 4
    size, _, storage, version = struct.unpack_from("<IIII", link, store)
    assert (size, version) == (len(link) - 4 - store, 0x53505331)
    assert storage == size - 12
    assert APP_ID.encode("utf-16-le") in link[store:]


def test_the_jump_list_offers_every_task_and_expands_nothing(tmp_path: Path) -> None:
    script = WindowsDesktop(["C:\\it's\\$x.exe"], tmp_path).jump_list_script(TASKS)
    assert script.count("JumpItems.Add") == len(TASKS)
    assert "'C:\\it''s\\$x.exe'" in script
    assert f"'{APP_ID}'" in script


def test_the_bundle_starts_this_installation(tmp_path: Path) -> None:
    mac(tmp_path).install()
    contents = tmp_path / "Applications" / "Hearth.app" / "Contents"
    info = plistlib.loads((contents / "Info.plist").read_bytes())
    program = contents / "MacOS" / info["CFBundleExecutable"]
    assert os.access(program, os.X_OK)
    assert info["CFBundleIdentifier"] == APP_ID
    assert (contents / "Resources" / f"{info['CFBundleIconFile']}.icns").exists()
    script = program.read_text().replace("exec ", "printf '%s\\n' ")
    result = subprocess.run(
        ["sh", "-s", "--", "--new-chat"],
        input=script,
        capture_output=True,
        text=True,
        check=True,
    )
    assert result.stdout.splitlines() == [*COMMAND, "--new-chat"]


class Shell32:
    """Takes the id as the library does."""

    app_ids: ClassVar[list[str]] = []

    def __init__(self, name: str) -> None:
        assert name == "shell32"

    @staticmethod
    def SetCurrentProcessExplicitAppUserModelID(  # noqa: N802 the library's name
        app_id: str,
    ) -> int:
        Shell32.app_ids.append(app_id)
        return 0


def test_the_taskbar_is_told_the_shortcuts_id(tmp_path: Path) -> None:
    WindowsDesktop(["hearthw.exe"], tmp_path, Shell32).introduce()
    assert Shell32.app_ids == [APP_ID]


def test_windows_of_the_entry_have_no_console() -> None:
    project = Path(__file__).parents[4] / "pyproject.toml"
    data = tomllib.loads(project.read_text("utf-8"))["project"]
    assert data["gui-scripts"]["hearthw"] == data["scripts"]["hearth"]
