"""What a package of Hearth may hold, and why the rest stays out."""

import re
from collections.abc import Iterable, Mapping, Set
from fnmatch import fnmatch
from typing import Final

LIMIT_BYTES: Final = 128_000_000
"""How large the .deb may be."""

PRIVATE: Final = "_internal"
"""The folder of everything but the program, as PyInstaller calls it."""

_QT: Final = "PySide6/Qt"
_PLUGINS: Final = f"{_QT}/plugins"

# A star also stands for slashes. The first that fits tells the reason.
UNNEEDED: Final = {
    f"{_QT}/resources/qtwebengine_devtools_resources*": "nobody opens developer tools",
    f"{_QT}/resources/*.debug.*": "for those who debug Chromium",
    f"{_QT}/qml/*": "no window is written in QML",
    f"{_QT}/metatypes/*": "for compilers",
    f"{_PLUGINS}/egldeviceintegrations/*": "for devices without a desktop",
    f"{_PLUGINS}/generic/*": "for devices without a desktop",
    f"{_PLUGINS}/printsupport/*": "nothing is printed",
    f"{_PLUGINS}/position/*": "no page is told the place",
    f"{_PLUGINS}/networkinformation/*": "Chromium and the sidecar look themselves",
    f"{_PLUGINS}/platforms/*[!d]fb.so": "for devices without a desktop",
    f"{_PLUGINS}/platforms/*eglfs*": "for devices without a desktop",
    f"{_PLUGINS}/platforms/*minimal*": "shows nothing",
    f"{_PLUGINS}/platforms/*vkkhrdisplay*": "for devices without a desktop",
    f"{_PLUGINS}/platforms/*vnc*": "no window is shown to another computer",
    f"{_PLUGINS}/platformthemes/*gtk3*": "needs all of GTK; the portal has dialogs",
    f"{_PLUGINS}/platforminputcontexts/*virtualkeyboard*": "desktops bring their own",
    f"{_PLUGINS}/imageformats/*tiff*": "no page or icon is one",
    f"{_PLUGINS}/imageformats/*tga*": "no page or icon is one",
    f"{_PLUGINS}/imageformats/*wbmp*": "no page or icon is one",
    f"{_PLUGINS}/imageformats/*pdf*": "no page or icon is one",
    f"{_PLUGINS}/wayland-shell-integration/*ivi*": "for cars",
    f"{_PLUGINS}/wayland-shell-integration/*qt-shell*": "for devices",
    f"{_PLUGINS}/wayland-shell-integration/*fullscreen*": "for devices",
    f"{_PLUGINS}/wayland-shell-integration/*wl-shell*": "older than any desktop",
    f"{_PLUGINS}/tls/*certonly*": "does no TLS",
    "PySide6/QtOpenGL.abi3.so": "nothing draws by OpenGL itself",
    "PySide6/QtPdf*": "Chromium has a reader of its own",
    "PySide6/*.pyi": "for editors",
    "PIL/_avif*": "no picture of this kind is read",
    "PIL/_imagingcms*": "colours are left as they are",
    "PIL/_imagingft*": "no text is drawn into pictures",
    "PIL/_imagingmath*": "nothing is calculated with pictures",
    "PIL/_imagingmorph*": "nothing is calculated with pictures",
    "PIL/_imagingtk*": "no window is of Tk",
    "prompt_toolkit*": "Robyn's own command line",
    "wcwidth*": "Robyn's own command line",
    "backend/resources/web/*.mjs": "bundled into vendor/drawer.js",
    "backend/resources/web/icons.txt": "names the icons that were taken",
    "backend/resources/web/package*.json": "names what was taken from others",
    "backend/resources/web/vendor/.complete": "tells make that it is whole",
    "*/__pycache__/*": "compiled a second time",
    "*.h": "for compilers",
    "*.a": "for compilers",
    "*.c": "for compilers",
    "*.pyx": "for compilers",
    "*.chk": "signatures of the unstripped file",
    "*/tests/*": "tests of others",
    "*/direct_url.json": "where it was built",
    "*/uv_build.json": "how it was built",
    "*/uv_cache.json": "when it was built",
    "*/RECORD": "lists files that are not here",
    "*/INSTALLER": "who installed it where it was built",
    "*/REQUESTED": "who installed it where it was built",
}

# Each with everything below it; the analysis would take them along.
UNUSED_MODULES: Final = {
    "PySide6.QtQml": "no window is written in QML; it brings every style along",
    "PySide6.QtQuick": "no window is written in QML; it brings every style along",
    "InquirerPy": "Robyn's own command line",
    "prompt_toolkit": "Robyn's own command line",
    "wcwidth": "Robyn's own command line",
    "dill": "Robyn's framework forks by it",
    "multiprocess": "Robyn's framework forks by it",
    "watchdog": "Robyn's framework reloads by it",
    "sqlalchemy.dialects.mssql": "no such database is used",
    "sqlalchemy.dialects.mysql": "no such database is used",
    "sqlalchemy.dialects.oracle": "no such database is used",
    "sqlalchemy.dialects.postgresql": "no such database is used",
    "chardet": "charset_normalizer does it",
    "distutils": "builds packages",
    "setuptools": "builds packages",
    "doctest": "tests of others",
    "test": "tests of others",
    "unittest": "tests of others",
    "numpy": "no picture is an array",
    "pydoc": "for programmers",
    "pydoc_data": "for programmers",
    "readline": "for programmers",
    "tkinter": "no window is of Tk",
}

LANGUAGES: Final = ("en-US", "de", "fr", "es", "zh-CN")
"""Those of the start-menu entry; Chromium's own words are few."""

# Names at the top of the private folder; whoever adds one says what needs it.
NEEDED: Final = {
    "PIL": "makes pictures anew",
    "pillow.libs": "goes with PIL",
    "lib*-????????.so*": "links to those of PIL",
    "PySide6": "the windows and the page",
    "shiboken6": "joins Python and Qt",
    "libQt6*": "links to those of PySide6",
    "libpyside6*": "links to those of PySide6",
    "libshiboken6*": "links to those of PySide6",
    "libicu*": "languages, in the version Qt was built with",
    "backend": "templates, styles and scripts",
    "qtshell": "icons and the start-menu entry",
    "hearth-*.dist-info": "tells the version",
    "base_library.zip": "the standard library's first modules",
    "python3.*": "the standard library's compiled modules",
    "libpython3*": "Python",
    "libmpdec*": "decimal numbers; other releases have another version",
    "_argon2_cffi_bindings": "keys from passphrases",
    "_cffi_backend*": "keys from passphrases",
    "charset_normalizer*": "tells how text is written",
    "cryptography*": "encryption",
    "libsql_experimental*": "the database",
    "sqlalchemy*": "the database",
    "markupsafe*": "templates",
    "math_core*": "draws formulas",
    "msgspec*": "makes the values of a page",
    "nh3*": "makes HTML safe",
    "pydantic*": "checks what comes in",
    "_quickjs*": "draws diagrams",
    "orjson*": "JSON of Robyn",
    "robyn*": "HTTP",
    "uvloop*": "HTTP",
    "xllamacpp*": "llama.cpp",
    "*.dist-info": "tells versions and licences",
}

LOADED_BY_NAME: Final = {
    "libasound.so.2": "Chromium",
    "libdbus-1.so.3": "Qt",
    "libfreebl3.so": "NSS",
    "libfreeblpriv3.so": "NSS",
    "libnssckbi.so": "NSS",
    "libpython3*": "the program",
    "libsoftokn3.so": "NSS",
    "libudev.so.1": "Chromium",
    "libXcursor.so.1": "Qt",
}
"""What loads a library while it runs, which no list of links shows."""

# The archive runs on the libraries of its machine where those have to fit its drivers
# or its settings; an older copy of them would break both.
ON_EVERY_DESKTOP: Final = {
    "ld-linux-x86-64.so.2": "glibc",
    "libc.so.6": "glibc",
    "libdl.so.2": "glibc",
    "libm.so.6": "glibc",
    "libpthread.so.0": "glibc",
    "libresolv.so.2": "glibc",
    "librt.so.1": "glibc",
    "libutil.so.1": "glibc",
    "libgcc_s.so.1": "drivers link to the newest",
    "libstdc++.so.6": "drivers link to the newest",
    "libEGL.so.1": "belongs to the drivers",
    "libGL.so.1": "belongs to the drivers",
    "libGLX.so.0": "belongs to the drivers",
    "libOpenGL.so.0": "belongs to the drivers",
    "libdrm.so.2": "belongs to the drivers",
    "libgbm.so.1": "belongs to the drivers",
    "libxcb-dri3.so.0": "belongs to the drivers",
    "libwayland-*": "belongs to the compositor, and X11 does without",
    "libX11.so.6": "drivers link to it",
    "libX11-xcb.so.1": "goes with libX11",
    "libxcb.so.1": "drivers link to it",
    "libexpat.so.1": "drivers link to it",
    "libz.so.1": "drivers link to it",
    "libfontconfig.so.1": "reads the settings of the machine",
    "libfreetype.so.6": "goes with libfontconfig",
}

OF_A_WHEEL: Final = re.compile(r"(?P<name>lib.+)-[0-9a-f]{8}\.so\.?(?P<version>.*)")
"""How wheels name libraries of their own, so that they meet no others."""

_LOCALE: Final = re.compile(rf"{_QT}/translations/qtwebengine_locales/([\w-]+)\.pak")


def why_unneeded(path: str) -> str | None:
    """Return why a file of the private folder stays out; None when it belongs in."""
    if locale := _LOCALE.fullmatch(path):
        return None if locale[1] in LANGUAGES else "English stands in for it"
    if path.endswith(".qm"):
        return "Qt's own dialogs are not shown"
    found = (why for pattern, why in UNNEEDED.items() if fnmatch(path, pattern))
    return next(found, None)


def strangers(paths: Iterable[str]) -> set[str]:
    """Return the names at the top of the private folder that nobody accounts for."""
    tops = {path.split("/", 1)[0] for path in paths}
    return {name for name in tops if not any(fnmatch(name, part) for part in NEEDED)}


def is_of_the_system(name: str) -> bool:
    """Return whether a library beside Python is one that a distribution has."""
    ours = ("libQt6", "libpyside6", "libshiboken6", "libicu", "libpython3", "libmpdec")
    is_ours = name.startswith(ours) or OF_A_WHEEL.match(name)
    return is_library(name) and not is_ours


def is_on_every_desktop(name: str) -> bool:
    """Return whether a library is one that the archive leaves to its machine."""
    return any(fnmatch(name, known) for known in ON_EVERY_DESKTOP)


def is_library(name: str) -> bool:
    """Return whether a file is there only for others that link to it."""
    return bool(re.fullmatch(r"lib[^/]*\.so(\.\d+)*", name))


def unlinked(links: Mapping[str, Set[str]]) -> set[str]:
    """Return the libraries that nothing links to, nor what nothing links to.

    Args:
        links: Paths of all binaries, each with the names it is linked to.
    """
    by_name = {path.rsplit("/", 1)[-1]: path for path in links}
    reached = set[str]()
    ahead = {path for path in links if not _waits_for_others(path)}
    while ahead:
        reached |= ahead
        ahead = {
            by_name[name] for path in ahead for name in links[path] if name in by_name
        } - reached
    return set(links) - reached


def _waits_for_others(path: str) -> bool:
    folder, _, name = path.rpartition("/")
    if any(fnmatch(name, pattern) for pattern in LOADED_BY_NAME):
        return False
    return is_library(name) and folder in ("", f"{_QT}/lib", "pillow.libs")
