"""How this installation starts itself and finds its files: source, wheel or frozen.

Standard library only, so that shell and sidecar both ask here: nothing else knows
the interpreter. A child gets no more of the environment than it needs.
"""

import sys
from collections.abc import Mapping
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
# libSQL logs to stdout, which belongs to handshakes and answers.
_ALWAYS: Final = {"RUST_LOG": "off"}


def module_command(module: str) -> tuple[str, ...]:
    """Return the command that runs one of our modules as a process of its own."""
    return (sys.executable, "-I", "-c", _BOOT, str(_HOME), module)


def own_command() -> tuple[str, ...]:
    """Return the command that starts Hearth again, without its own arguments."""
    if getattr(sys, "frozen", False):
        return (sys.executable,)
    # Not resolved: in a virtual environment the interpreter is a link out of it.
    name = "hearthw.exe" if sys.platform == "win32" else "hearth"
    script = Path(sys.executable).parent / name
    if script.is_file():
        return (str(script.absolute()),)
    return (sys.executable, "-m", "qtshell")


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
