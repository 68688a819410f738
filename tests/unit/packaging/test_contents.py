"""What a package may hold is told by lists in which everything has its reason."""

import os
import subprocess
import sys
from pathlib import Path

import contents
import pytest

ROOT = Path(__file__).parents[3]
RECIPES = ROOT / "resources" / "packaging"


@pytest.mark.parametrize(
    "path",
    [
        "PySide6/Qt/resources/qtwebengine_devtools_resources.pak",
        "PySide6/Qt/translations/qtbase_de.qm",
        "PySide6/Qt/translations/qtwebengine_locales/ja.pak",
        "PySide6/Qt/qml/QtQuick/qmldir",
        "PySide6/Qt/plugins/platforms/libqlinuxfb.so",
        "PySide6/Qt/plugins/platforms/libqminimal.so",
        "PySide6/Qt/plugins/platformthemes/libqgtk3.so",
        "PySide6/QtCore.pyi",
        "PIL/_avif.cpython-311-x86_64-linux-gnu.so",
        "robyn/tests/test_it.py",
        "prompt_toolkit-3.0.53.dist-info/METADATA",
        "keyring-25.7.0.dist-info/RECORD",
        "hearth-0.1.0.dist-info/uv_build.json",
        "hearth-0.1.0.dist-info/uv_cache.json",
        "sqlalchemy/cyextension/util.pyx",
    ],
)
def test_what_nobody_needs_stays_out_for_a_reason(path: str) -> None:
    assert contents.why_unneeded(path)


@pytest.mark.parametrize(
    "path",
    [
        "PySide6/Qt/resources/qtwebengine_resources.pak",
        "PySide6/Qt/translations/qtwebengine_locales/en-US.pak",
        "PySide6/Qt/translations/qtwebengine_locales/zh-CN.pak",
        "PySide6/Qt/plugins/platforms/libqxcb.so",
        "PySide6/Qt/plugins/platforms/libqoffscreen.so",
        "PySide6/Qt/plugins/platforms/libqwayland.so",
        "PySide6/Qt/plugins/platformthemes/libqxdgdesktopportal.so",
        "PySide6/Qt/plugins/imageformats/libqsvg.so",
        "PySide6/Qt/libexec/QtWebEngineProcess",
        "backend/templates/page.html",
        "backend/resources/web/vendor/htmx.js",
        "libQt6Core.so.6",
        "PIL/_webp.cpython-311-x86_64-linux-gnu.so",
        "backend/resources/web/vendor/drawer.js",
        "xllamacpp/xllamacpp.cpython-311-x86_64-linux-gnu.so",
    ],
)
def test_what_hearth_uses_belongs_in(path: str) -> None:
    assert contents.why_unneeded(path) is None


FOR_BUILDING = {
    "drawer.mjs",
    "flowchart.mjs",
    "diagram_lines.mjs",
    "icons.txt",
    "package.json",
    "package-lock.json",
    ".complete",
}


def test_everything_that_is_in_the_source_belongs_in() -> None:
    folders = {
        "templates": "backend/templates",
        "resources/web": "backend/resources/web",
    }
    paths = [
        f"{target}/{file.relative_to(ROOT / source)}"
        for source, target in folders.items()
        for file in (ROOT / source).rglob("*")
        if file.is_file() and not {"node_modules", "__pycache__"} & set(file.parts)
    ]
    assert len(paths) > 50
    left_out = {Path(path).name for path in paths if contents.why_unneeded(path)}
    assert left_out == FOR_BUILDING


def test_a_name_that_nobody_accounts_for_is_told() -> None:
    known = ["PySide6/QtCore.abi3.so", "base_library.zip", "backend/templates/a.html"]
    assert contents.strangers([*known, "torch/lib/a.so", "left.txt"]) == {
        "torch",
        "left.txt",
    }


def test_libraries_of_the_system_are_depended_on() -> None:
    names = ["libX11.so.6", "libnspr4.so", "libssl.so.3", "libQt6Core.so.6"]
    names += ["libpython3.11.so.1.0", "libsql_experimental", "libicudata.so.73"]
    names += ["libjpeg-6dc8d115.so.62.4.0"]
    of_the_system = ["libX11.so.6", "libnspr4.so", "libssl.so.3"]
    assert list(filter(contents.is_of_the_system, names)) == of_the_system


def test_a_library_stays_out_when_nothing_that_stays_links_to_it() -> None:
    links = {
        "PySide6/QtCore.abi3.so": {"libQt6Core.so.6", "libc.so.6"},
        "PySide6/Qt/lib/libQt6Core.so.6": {"libicu.so.73"},
        "PySide6/Qt/lib/libicu.so.73": set(),
        "PySide6/Qt/lib/libQt6Charts.so.6": {"libQt6Graphs.so.6", "libQt6Core.so.6"},
        "PySide6/Qt/lib/libQt6Graphs.so.6": {"libQt6Charts.so.6"},
        "PySide6/Qt/plugins/platforms/libqxcb.so": {"libX11.so.6"},
        "PIL/_webp.so": {"libwebp-51b0b3f7.so.7"},
        "pillow.libs/libwebp-51b0b3f7.so.7": set(),
        "pillow.libs/libavif-c6062d5f.so.16": set(),
        "libX11.so.6": set(),
        "libgtk-3.so.0": {"libX11.so.6"},
        "libsoftokn3.so": set(),
        "libpython3.12.so.1.0": set(),
    }
    assert contents.unlinked(links) == {
        "PySide6/Qt/lib/libQt6Charts.so.6",
        "PySide6/Qt/lib/libQt6Graphs.so.6",
        "libgtk-3.so.0",
        "pillow.libs/libavif-c6062d5f.so.16",
    }


WITHOUT = """
import importlib, pkgutil, sys
import backend, qtshell

class Left:
    def find_spec(self, name, path=None, target=None):
        if any(name == one or name.startswith(f"{one}.") for one in sys.argv[1:]):
            raise ModuleNotFoundError(name, name=name)

sys.meta_path.insert(0, Left())
for package in (backend, qtshell):
    for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        if not found.name.endswith(("__main__", "windows_job")):
            importlib.import_module(found.name)
from backend.web.markdown.highlighting import highlight
from backend.web.markdown.markdown import markdown
import keyring.backends.SecretService, PIL.Image, pypdf, xllamacpp
PIL.Image.init()
print(len(sys.modules))
"""


def test_hearth_does_without_the_modules_that_are_left_out() -> None:
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT, *contents.UNUSED_MODULES],
        cwd=ROOT,
        env=os.environ | {"QT_QPA_PLATFORM": "offscreen"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert int(done.stdout) > 1_000


def test_each_line_of_the_lists_has_its_reason() -> None:
    lists = (
        contents.UNNEEDED,
        contents.UNUSED_MODULES,
        contents.NEEDED,
        contents.LOADED_BY_NAME,
        contents.ON_EVERY_DESKTOP,
    )
    assert all(len(reason) > 1 for each in lists for reason in each.values())
    assert contents.LIMIT_BYTES == 128_000_000


def test_each_override_of_lintian_has_its_reason() -> None:
    lines = (RECIPES / "lintian-overrides").read_text("utf-8").splitlines()
    assert lines[0].startswith("#")
    assert all(line.startswith(("#", "hearth: ")) for line in lines)
