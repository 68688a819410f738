"""Names every part of a package, and under which terms it is given on."""

import json
import platform
import re
import subprocess
import sys
import sysconfig
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any, Final

from tools import run

HERE: Final = Path(__file__).resolve().parent
_ROOT: Final = HERE.parents[1]
_LICENCE_WORDS: Final = ("LICEN", "COPYING", "NOTICE", "AUTHORS")
# A package of Debian refers to Debian's own copies.
_COMMON: Final = "On Debian the text is in /usr/share/common-licenses/{}."
_APACHE: Final = re.compile(
    r"[^\n]*Apache License\s+Version 2\.0, January 2004.*?END OF TERMS AND CONDITIONS",
    re.DOTALL,
)
_QT_NOTE: Final = f"""\
Qt for Python and Qt are under the GNU Lesser General Public License, version 3.
{_COMMON.format("LGPL-3")} Their source is at https://code.qt.io; Hearth links to them
as they were published, in files of their own, which may be replaced. Qt WebEngine
holds Chromium, Copyright The Chromium Authors, under the BSD licence and those of
its parts, which https://doc.qt.io/qt-6/qtwebengine-licensing.html lists.
"""


@dataclass(frozen=True)
class Package:
    """One package of the system with a file in the archive."""

    name: str
    version: str

    @property
    def terms(self) -> str:
        """Its terms."""
        path = Path("/usr/share/doc", self.name, "copyright")
        return path.read_text("utf-8", "replace")


def packages_of(libraries: Iterable[str]) -> list[Package]:
    """Return the packages of the system that libraries are from."""
    found = set[Package]()
    for library in libraries:
        names = [f"*/x86_64-linux-gnu/{way}{library}" for way in ("", "nss/")]
        asked = ["dpkg-query", "--search", *names]
        owners = subprocess.run(asked, capture_output=True, text=True, check=False)
        for name in {line.split(":", 1)[0] for line in owners.stdout.splitlines()}:
            found.add(Package(name, run("dpkg-query", "-Wf", "${Version}", name)))
    return sorted(found, key=lambda package: package.name)


@cache
def parts() -> dict[str, Any]:
    """Return the list of parts in CycloneDX: those Hearth needs, not its builders."""
    tool = (sys.executable, "-m", "cyclonedx_py", "environment")
    project = ("--pyproject", _ROOT / "pyproject.toml", "--output-reproducible")
    listed = run(*tool, *project, "--of", "JSON", "-o", "-")
    bom: dict[str, Any] = json.loads(listed)
    edges = {each["ref"]: each.get("dependsOn", []) for each in bom["dependencies"]}
    ahead, needed = [bom["metadata"]["component"]["bom-ref"]], set[str]()
    while ahead:
        ref = ahead.pop()
        if ref not in needed:
            needed.add(ref)
            ahead += edges.get(ref, [])
    bom["components"] = [
        *(each for each in bom["components"] if each["bom-ref"] in needed),
        *_other_parts(),
    ]
    bom["dependencies"] = [d for d in bom["dependencies"] if d["ref"] in needed]
    return bom


def _other_parts() -> Iterator[dict[str, Any]]:
    lock = json.loads((_ROOT / "resources/web/package-lock.json").read_text("utf-8"))
    for path, package in sorted(lock["packages"].items()):
        if path:
            name = path.removeprefix("node_modules/")
            yield _part("npm", name, package["version"], package.get("license", ""))
    version = platform.python_version()
    yield _part("generic", "cpython", version, "PSF-2.0")
    from PySide6.QtWebEngineCore import qWebEngineChromiumVersion  # noqa: PLC0415 Qt is slow

    yield _part("generic", "chromium", qWebEngineChromiumVersion(), "BSD-3-Clause")


def _part(kind: str, name: str, version: str, licence: str) -> dict[str, Any]:
    where = f"pkg:{kind}/{name}@{version}"
    found = {"licenses": [{"expression": licence}]} if licence else {}
    known = {"type": "library", "name": name, "version": version}
    return {**known, "bom-ref": where, "purl": where, **found}


def write_parts_list(target: Path, bundled: Iterable[Package]) -> None:
    """Write the list of parts, with the packages of the system in the archive."""
    bom = parts()
    more = [_part("deb/debian", each.name, each.version, "") for each in bundled]
    whole = {**bom, "components": [*bom["components"], *more]}
    text = json.dumps(whole, indent=2, ensure_ascii=False, sort_keys=True)
    target.write_text(text + "\n", "utf-8")


def copyright_text(bundled: Iterable[Package] = ()) -> str:
    """Return the terms of Hearth and of every part, with their whole text.

    Args:
        bundled: Packages of the system with files in the archive.
    """
    own = (_ROOT / "LICENSE").read_text("utf-8")
    python = Path(sysconfig.get_path("stdlib"), "LICENSE.txt")
    sections = [
        ("Hearth", own),
        (", ".join(filter(_is_qt, _wheels())), _QT_NOTE),
        ("Python", python.read_text("utf-8") if python.exists() else _python_note()),
        *((name, _terms(name)) for name in _wheels() if not _is_qt(name)),
        *_of_scripts(),
        *((f"{each.name} {each.version}", each.terms) for each in bundled),
    ]
    return "".join(
        f"{'=' * 72}\n{name}\n{'=' * 72}\n\n{text}\n" for name, text in sections
    )


def without_common(text: str) -> str:
    """Return terms that refer to the texts every Debian has."""
    return _APACHE.sub(_COMMON.format("Apache-2.0"), text)


def _wheels() -> list[str]:
    every = parts()["components"]
    return [each["name"] for each in every if each["purl"].startswith("pkg:pypi/")]


def _is_qt(name: str) -> bool:
    return name.lower().startswith(("pyside6", "shiboken6"))


def _python_note() -> str:
    return (
        "Copyright 2001 Python Software Foundation, under the PSF License, version 2,\n"
        "https://docs.python.org/3/license.html. On Debian the text is in\n"
        "/usr/share/doc/python3/copyright.\n"
    )


def _terms(name: str) -> str:
    found = metadata.distribution(name)
    of_terms = (
        file
        for file in found.files or ()
        if ".dist-info" in str(file)
        and any(word in file.name.upper() for word in _LICENCE_WORDS)
    )
    texts = [file.read_text("utf-8") for file in sorted(of_terms)]
    known = found.metadata
    terms = known.get("License-Expression") or known.get("License") or "see below"
    author = known.get("Author") or known.get("Author-email") or "its authors"
    named = f"Version {found.version}. Copyright {author}. Licence: {terms}.\n"
    return "\n".join([named, *texts])


def _of_scripts() -> Iterator[tuple[str, str]]:
    folder = _ROOT / "resources" / "web" / "vendor" / "licences"
    for file in sorted(folder.iterdir()):
        yield (
            f"{file.stem} (part of the page)",
            file.read_text("utf-8"),
        )
