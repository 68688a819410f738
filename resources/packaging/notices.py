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

import contents
from tools import run

HERE: Final = Path(__file__).resolve().parent
_ROOT: Final = HERE.parents[1]
_QUICKJS_TERMS: Final = HERE / "quickjs-terms.txt"
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
    named = [each for each in bom["components"] if each["bom-ref"] in needed]
    wheels = [each["name"] for each in named]
    bom["components"] = [*named, *inside(wheels), *of_page(), *_other_parts()]
    bom["dependencies"] = [d for d in bom["dependencies"] if d["ref"] in needed]
    return bom


def inside(wheels: Iterable[str]) -> list[dict[str, Any]]:
    """Return the parts that wheels say are built into them, by their own lists."""
    found = dict[str, dict[str, Any]]()
    for file in (f for name in wheels for f in metadata.distribution(name).files or ()):
        if file.parent.name == "sboms" and file.suffix == ".json":
            for each in json.loads(file.read_text("utf-8")).get("components", ()):
                # What follows may name a folder of who built it.
                where = re.split("[?#]", each.get("purl", ""))[0]
                if where and not where.startswith("pkg:pypi/"):
                    found[where] = _named(where, each["name"], each.get("version", ""))
                    found[where] |= {k: each[k] for k in ("licenses",) if k in each}
    return [found[where] for where in sorted(found)]


def with_wheels(libraries: Iterable[str]) -> Iterator[dict[str, Any]]:
    """Yield the libraries that wheels brought along, by the names of their files."""
    for name in sorted(libraries):
        if found := contents.OF_A_WHEEL.fullmatch(name):
            yield _part("generic", found["name"], found["version"], "")


def of_page() -> Iterator[dict[str, Any]]:
    """Yield what the page is made of, without the tools that put it together."""
    folder = _ROOT / "resources" / "web"
    wanted = json.loads((folder / "package.json").read_text("utf-8"))["dependencies"]
    lock = json.loads((folder / "package-lock.json").read_text("utf-8"))["packages"]
    for name in sorted(wanted):
        package = lock[f"node_modules/{name}"]
        yield _part("npm", name, package["version"], package.get("license", ""))


def engine() -> dict[str, Any]:
    """Return the engine that draws diagrams: its wheel tells its own terms alone."""
    version = metadata.version("quickjs-ng").rpartition(".")[0]
    return _part("github", "quickjs-ng/quickjs", version, "MIT AND Unicode-3.0")


def _other_parts() -> Iterator[dict[str, Any]]:
    version = platform.python_version()
    yield _part("generic", "cpython", version, "PSF-2.0")
    yield engine()
    from PySide6.QtWebEngineCore import qWebEngineChromiumVersion  # noqa: PLC0415 Qt is slow

    yield _part("generic", "chromium", qWebEngineChromiumVersion(), "BSD-3-Clause")


def _part(kind: str, name: str, version: str, licence: str) -> dict[str, Any]:
    found = {"licenses": [{"expression": licence}]} if licence else {}
    return {**_named(f"pkg:{kind}/{name}@{version}", name, version), **found}


def _named(where: str, name: str, version: str) -> dict[str, Any]:
    known = {"type": "library", "name": name, "version": version}
    return {**known, "bom-ref": where, "purl": where}


def write_parts_list(
    target: Path, bundled: Iterable[Package], libraries: Iterable[str]
) -> None:
    """Write the list of parts.

    Args:
        target: The file.
        bundled: Packages of the system with files in the archive.
        libraries: The names of the libraries in the archive.

    Raises:
        SystemExit: What was put together is no CycloneDX.
    """
    bom = parts()
    more = [_part("deb/debian", each.name, each.version, "") for each in bundled]
    more += with_wheels(libraries)
    whole = {**bom, "components": [*bom["components"], *more]}
    text = json.dumps(whole, indent=2, ensure_ascii=False, sort_keys=True)
    _refuse_invalid(text, bom["specVersion"])
    target.write_text(text + "\n", "utf-8")


def _refuse_invalid(text: str, version: str) -> None:
    from cyclonedx.schema import SchemaVersion  # noqa: PLC0415 who builds has it
    from cyclonedx.validation.json import JsonStrictValidator  # noqa: PLC0415 as above

    validator = JsonStrictValidator(SchemaVersion.from_version(version))
    if found := validator.validate_str(text):
        raise SystemExit(f"The list of parts is no CycloneDX {version}: {found}")


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
        ("QuickJS (part of quickjs-ng)", _QUICKJS_TERMS.read_text("utf-8")),
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
