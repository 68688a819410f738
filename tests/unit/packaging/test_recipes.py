"""Recipes for what this machine cannot build are right as far as it can tell."""

import plistlib
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import appimage
import icons
import pytest
import yaml
from PIL import Image

from backend.installation import installed_version
from qtshell.desktop.mac import bundle_info
from qtshell.identity import APP_ID
from qtshell.options import Verb
from qtshell.window.notification_text import _NAME as _NOTIFICATIONS
from qtshell.window.notification_text import _TRAY_HOST as _TRAY
from tests.unit.packaging.test_contents import RECIPES, ROOT

WORKFLOW = ROOT / ".github" / "workflows" / "package.yml"
INSTALLER = RECIPES / "hearth.iss"
MADE = re.compile(r"(?:build|dist)/|resources/packaging/hearth(?![.\w])")
"""Paths of what the steps make."""


def parsed(path: Path) -> dict[Any, Any]:
    found = yaml.safe_load(path.read_text("utf-8"))
    assert isinstance(found, dict)
    return found


def steps() -> list[dict[str, Any]]:
    return [step for job in parsed(WORKFLOW)["jobs"].values() for step in job["steps"]]


def test_the_workflow_builds_each_kind_and_keeps_it() -> None:
    jobs = parsed(WORKFLOW)["jobs"]
    assert set(jobs) == {"linux", "flatpak", "desktop"}
    assert jobs["desktop"]["strategy"]["matrix"]["system"] == [
        "macos-15",
        "windows-2022",
    ]
    for job in jobs.values():
        assert "upload-artifact" in job["steps"][-1]["uses"]
    words = " ".join(step.get("run", "") for step in steps())
    for called in ("make package", "flatpak-builder", "pyinstaller", "ISCC", "hdiutil"):
        assert called in words


def test_what_is_frozen_is_the_wheel_and_no_source_beside_it() -> None:
    [freezing] = [step for step in steps() if "pyinstaller" in step.get("run", "")]
    folder = ROOT / freezing["working-directory"]
    assert not (folder / "backend").exists()
    assert folder.parent == ROOT
    files = {str(path.relative_to(ROOT)) for path in (ROOT / "templates").glob("*")}
    wanted = re.findall(
        r"_internal/backend/(templates/\S+)",
        " ".join(s.get("run", "") for s in steps()),
    )
    assert wanted
    assert set(wanted) <= files


def test_every_path_in_the_workflow_exists() -> None:
    words = " ".join(step.get("run", "") for step in steps()).replace("\\", "/")
    paths = set(re.findall(r"(?:(?<![\w/])|(?<= \.\./))resources/[\w./]+", words))
    assert "resources/packaging/hearth.spec" in paths
    assert len(paths) >= 5
    lost = [p for p in paths if not MADE.match(p) and not (ROOT / p).exists()]
    assert lost == []
    makefile = (ROOT / "Makefile").read_text("utf-8")
    for target in re.findall(r"\bmake ([a-z-]+)$", words, re.MULTILINE):
        assert f"\n{target}:" in makefile
    assert parsed(WORKFLOW)["env"]["UV_VERSION"] in makefile


def test_the_flatpak_asks_for_no_more_than_it_says() -> None:
    manifest = parsed(RECIPES / f"{APP_ID}.yaml")
    assert manifest["id"] == APP_ID
    assert manifest["command"] == "hearth"
    allowed = manifest["finish-args"]
    assert not [word for word in allowed if "filesystem" in word or "bus" in word]
    for name in (_NOTIFICATIONS, _TRAY):
        assert f"--talk-name={name}" in allowed
    [module] = manifest["modules"]
    assert [source["path"] for source in module["sources"]] == ["hearth"]
    assert f"--{Verb.INSTALL_DESKTOP.value}" in module["build-commands"][-1]


def test_the_installer_of_windows_has_what_it_names() -> None:
    text = INSTALLER.read_text("utf-8")
    sections = re.findall(r"^\[(\w+)\]$", text, re.MULTILINE)
    assert {"Setup", "Files", "Run", "UninstallRun"} <= set(sections)
    settings, _, code = text.partition("[Code]")
    lines = [line.strip() for line in settings.splitlines()]
    assert all(re.match(r"[;#[]|\w+(=|: )\S|$", line) for line in lines)
    [licence] = re.findall(r"^LicenseFile=(.+)$", text, re.MULTILINE)
    assert (RECIPES / licence.replace("\\", "/")).is_file()
    assert f"AppId={APP_ID}\n" in text
    asked = set(re.findall(r'Parameters: "--([\w-]+)"', text))
    assert asked == {Verb.INSTALL_DESKTOP.value, Verb.UNINSTALL_DESKTOP.value}
    # Before files are replaced, and before they are removed.
    assert f"'{Verb.QUIT.value}'" in code
    assert f'Parameters: "{Verb.QUIT.value}"' in settings
    assert len(re.findall(r"\bbegin\b", code)) == len(re.findall(r"\bend;", code)) == 1
    given = set(re.findall(r"/D(\w+)=", WORKFLOW.read_text("utf-8")))
    assert set(re.findall(r"\{#(\w+)\}", text)) == given


def test_the_bundle_of_macos_is_for_those_that_qt_is_for() -> None:
    info = plistlib.loads(plistlib.dumps(bundle_info()))
    assert info["LSMinimumSystemVersion"] == "14.0"
    assert info["CFBundleIdentifier"] == APP_ID
    assert info["CFBundleShortVersionString"] == installed_version()


def test_the_spec_is_python_and_finds_its_files() -> None:
    text = (RECIPES / "hearth.spec").read_text("utf-8")
    compile(text, "hearth.spec", "exec")
    assert "bundle_info()" in text
    # With a console macOS shows no menus, and Windows a second window.
    consoles = re.search(r"^consoles = (.+)$", text, re.MULTILINE)
    assert consoles
    for platform, expected in {
        "linux": {"hearth": True},
        "darwin": {"hearth": False},
        "win32": {"hearth": True, "hearthw": False},
    }.items():
        of_system = SimpleNamespace(platform=platform)
        assert eval(consoles[1], {"sys": of_system}) == expected
    run = set(re.findall(r"\{app\}\\(\w+)\.exe", INSTALLER.read_text("utf-8")))
    assert run == {"hearth", "hearthw"}
    for name in re.findall(r'"(\w+\.py)"', text):
        assert (RECIPES / name).is_file()


def test_icons_are_drawn_in_every_size(tmp_path: Path) -> None:
    icons.write_icons(tmp_path)
    with Image.open(tmp_path / "hearth.ico") as image:
        assert {(16, 16), (32, 32), (48, 48), (256, 256)} <= set(image.info["sizes"])
    with Image.open(tmp_path / "hearth.icns") as image:
        assert (512, 512, 2) in image.info["sizes"]
        image.load()
        # Neither empty nor a full square.
        assert image.convert("RGBA").getchannel("A").getextrema() == (0, 255)


@pytest.mark.parametrize("name", ["AppRun", ".DirIcon", f"{APP_ID}.desktop"])
def test_an_appimage_has_at_its_top_what_starts_and_shows_it(
    name: str, tmp_path: Path
) -> None:
    program = tmp_path / "hearth-1"
    program.mkdir()
    (program / "hearth").write_text("the program", "utf-8")
    folder = appimage.app_dir(program, tmp_path / "AppDir")
    assert (folder / name).is_symlink()
    assert (folder / name).resolve().is_relative_to(folder.resolve())
    assert (folder / name).is_file()
    if name == f"{APP_ID}.desktop":
        assert "\nExec=hearth\n" in (folder / name).read_text("utf-8")
