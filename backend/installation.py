"""How this installation starts itself and finds its files: source, wheel or frozen.

Standard library only, so that shell and sidecar both ask here: nothing else knows
the interpreter. A child gets no more of the environment than it needs.
"""

import hashlib
import os
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Final

_HOME: Final = Path(__file__).resolve().parents[1]
"""The folder of both packages."""

# -I keeps the working directory and the user's site folder off the path, so the
# folder that holds the packages is named outright.
_BOOT: Final = (
    "import runpy, sys; sys.path.insert(0, sys.argv.pop(1)); "
    "runpy.run_module(sys.argv.pop(1), run_name='__main__', alter_sys=True)"
)
_VERSION: Final = re.compile(r'^version = "(.+)"$', re.MULTILINE)
_PARTS: Final = ("backend", "qtshell", "templates", "resources/web")
_RUN_MODULE: Final = "-m"
_OWN: Final = re.compile(r"backend(\.\w+)*")
_DROPPED: Final = ("ROBYN_", "PYTHON", "LD_", "DYLD_", "QT_", "QTWEBENGINE_")
"""Prefixes by which an outsider could steer the interpreter, Robyn or Chromium."""
_FOR_HELPERS: Final = (
    *("HOME", "LANG", "LC_ALL", "LC_CTYPE", "PATH"),
    *("SYSTEMROOT", "TEMP", "TMP", "TMPDIR"),
)
_FOR_NETWORK: Final = frozenset(
    (
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "ALL_PROXY",
        "NO_PROXY",
        "SSL_CERT_FILE",
        "SSL_CERT_DIR",
    )
)
"""In capitals; those of proxies are known in small letters too."""
_CREATE_NO_WINDOW: Final = 0x0800_0000
# libSQL logs to stdout, which belongs to handshakes and answers.
_ALWAYS: Final = {"RUST_LOG": "off"}


def creation_flags(platform: str = sys.platform) -> int:
    """Return how a child is created: on Windows without a console of its own.

    A program with windows has none to lend, so each child would open one.
    """
    return _CREATE_NO_WINDOW if platform == "win32" else 0


def module_command(module: str) -> tuple[str, ...]:
    """Return the command that runs one of our modules as a process of its own."""
    if _is_frozen():
        return (sys.executable, _RUN_MODULE, module)
    return (sys.executable, "-I", "-c", _BOOT, str(_HOME), module)


def asked_module(arguments: Sequence[str]) -> str | None:
    """Return the module that a frozen Hearth was started for, by `module_command`.

    Nothing but our own: a frozen program is no interpreter for whoever finds it.
    """
    match arguments:
        case [str(flag), str(module)] if flag == _RUN_MODULE and _OWN.fullmatch(module):
            return module
        case _:
            return None


def own_command() -> tuple[str, ...]:
    """Return the command that starts Hearth again, without its own arguments."""
    if image := _appimage(os.environ):
        return (image,)
    # Not resolved: in a virtual environment the interpreter is a link out of it.
    # Windows opens a console beside the one that is for commands.
    name = "hearthw.exe" if sys.platform == "win32" else "hearth"
    script = Path(sys.executable).parent / name
    if script.is_file():
        return (str(script.absolute()),)
    return (sys.executable,) if _is_frozen() else (sys.executable, "-m", "qtshell")


def installed_files() -> str:
    """Return what changes when the program's files are replaced; "" without them.

    By name, size and time of what is run and shown, or of a frozen program itself.
    """
    found = [Path(sys.executable)] if _is_frozen() else sorted(_own_files())
    digest = hashlib.sha256()
    for path in found:
        try:
            status = path.stat()
        except OSError:
            return ""
        digest.update(f"{path}|{status.st_size}|{status.st_mtime_ns}\n".encode())
    return digest.hexdigest() if found else ""


def installed_version() -> str:
    """Return the version of what is installed now.

    Read from what lies beside the packages: importlib.metadata is slow to import, and
    of a source tree it says what was built last.
    """
    if names := [path.name for path in _HOME.glob("hearth-*.dist-info")]:
        return max(names).removeprefix("hearth-").removesuffix(".dist-info")
    try:
        said = _VERSION.search((_HOME / "pyproject.toml").read_text("utf-8"))
    except OSError:
        said = None
    return said[1] if said else "development"


@cache
def running_version() -> str:
    """Return the version that runs: what was installed when this was first asked."""
    return installed_version()


def _own_files() -> Iterator[Path]:
    for part in _PARTS:
        for folder, _, names in os.walk(_HOME / part):
            yield from (
                Path(folder, name)
                for name in names
                if name.endswith((".py", ".html", ".css", ".js"))
            )


def clean_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the environment without what could change how the sidecar runs."""
    kept = {
        name: value
        for name, value in environment.items()
        if not name.upper().startswith(_DROPPED)
    }
    return kept | _ALWAYS


def helper_environment(
    environment: Mapping[str, str], *, network: bool = False
) -> dict[str, str]:
    """Return what a helper of the sidecar may know; ways out only if it needs them."""
    kept = {
        name: value
        for name, value in environment.items()
        if name in _FOR_HELPERS or (network and name.upper() in _FOR_NETWORK)
    }
    return kept | _ALWAYS


def resource_path(package: str, *parts: str) -> Path:
    """Return where a folder lies: in its installed package, or in the source tree."""
    installed = _HOME.joinpath(package, *parts)
    return installed if installed.is_dir() else _HOME.joinpath(*parts)


def _appimage(environment: Mapping[str, str]) -> str | None:
    """Return the AppImage we run from: where it is mounted is gone when we end.

    A program that one starts inherits its variables, so what counts is where we are.
    """
    if not _is_frozen():
        return None
    mounted, image = environment.get("APPDIR"), environment.get("APPIMAGE")
    ours = mounted and Path(sys.executable).is_relative_to(mounted)
    return image if ours else None


def _is_frozen() -> bool:
    return bool(getattr(sys, "frozen", False))
