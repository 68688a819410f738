"""What the documents name exists, and the map of rooms is the one that is linted."""

import ast
import re
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

import pytest

from tests.helpers.measurements import PATH, replaced
from tests.helpers.sidecar import ROOT

DOCUMENTS: Final = ("ARCHITECTURE.md", "CONTRIBUTING.md", "SECURITY.md", "README.md")
FOLDERS: Final = ("backend", "qtshell", "templates", "resources", "tests", ".ci")
FOREIGN: Final = {"TextIO", "LifecycleState"}
"""Classes of libraries that the documents name."""


def text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def quoted(name: str) -> list[str]:
    """Return what stands between backticks, blocks of code apart."""
    prose = re.sub(r"^```.*?^```", "", text(name), flags=re.DOTALL | re.MULTILINE)
    return re.findall(r"`([^`\n]+)`", prose)


def paths(name: str) -> Iterator[str]:
    for word in quoted(name):
        path = word.partition("::")[0].rstrip("/")
        if re.fullmatch(r"[\w.-]+(/[\w.-]+)+", path) and path.split("/")[0] in FOLDERS:
            yield path


@cache
def defined() -> frozenset[str]:
    """Return the names of all classes and functions, methods as `Class.method` too."""
    names = set[str]()
    for folder in ("backend", "qtshell", "tests"):
        for file in (ROOT / folder).rglob("*.py"):
            if "node_modules" not in file.parts:
                names |= set(names_in(file))
    scripts = (ROOT / "resources/web").glob("*.js")
    for script in scripts:
        names |= set(re.findall(r"function (\w+)", script.read_text("utf-8")))
    return frozenset(names)


def names_in(file: Path) -> Iterator[str]:
    for node in ast.parse(file.read_text(encoding="utf-8")).body:
        match node:
            case ast.ClassDef(name=name, body=body):
                yield name
                for inner in body:
                    if isinstance(inner, ast.FunctionDef | ast.AsyncFunctionDef):
                        yield from (inner.name, f"{name}.{inner.name}")
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                yield name
            case ast.Assign(targets=[ast.Name(id=name)]):
                yield name
            case ast.AnnAssign(target=ast.Name(id=name)):
                yield name
            case _:
                pass


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_path_exists(name: str) -> None:
    fetched = "resources/web/vendor"  # by `make`, and not under version control
    gone = [p for p in paths(name) if not (ROOT / p).exists() and p != fetched]
    assert gone == []


def test_documents_name_paths_by_which_that_is_seen() -> None:
    assert len(list(paths("ARCHITECTURE.md"))) > 30


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_class_exists(name: str) -> None:
    """A class has two capitals and small letters; those of Qt begin with a Q."""
    words = {word.partition("(")[0] for word in quoted(name)}
    classes = {
        word
        for word in words
        if re.fullmatch(r"(?!Q[A-Z])[A-Z][a-z]+[A-Z]\w*(\.\w+)?", word)
    }
    assert classes - defined() - FOREIGN == set()


def test_names_beside_a_path_stand_in_that_file() -> None:
    """As in "`backend/web/http.py` (`Request`, `Response`)"."""
    pairs = re.findall(r"`([\w/]+\.py)` \(((?:`[^`]+`(?:, )?)+)\)", text(DOCUMENTS[0]))
    assert len(pairs) > 15
    for path, names in pairs:
        if not path.startswith(("backend", "qtshell", "tests")):
            continue
        known = set(names_in(ROOT / path))
        for word in re.findall(r"`\.?([\w.]+)[^`]*`", names):
            assert word in known or word.rpartition(".")[2] in known, (path, word)


@pytest.mark.parametrize("package", ["backend", "qtshell"])
def test_the_layers_are_those_of_the_lint(package: str) -> None:
    contracts = tomllib.loads(text("pyproject.toml"))["tool"]["importlinter"]
    [linted] = [
        contract["layers"]
        for contract in contracts["contracts"]
        if contract.get("containers") == [package]
    ]
    [written] = re.findall(
        rf"^\d\. {package}: `(.*?)`", text("ARCHITECTURE.md"), re.DOTALL | re.MULTILINE
    )
    assert [" ".join(layer.split()) for layer in written.split(">")] == linted


@pytest.mark.parametrize("package", ["backend", "qtshell"])
def test_every_room_is_on_the_map(package: str) -> None:
    """The map names each folder of modules with a stroke at its end."""
    folders = {
        f"{file.parent.relative_to(ROOT)}/"
        for file in (ROOT / package).rglob("__init__.py")
    }
    shown = set(re.findall(r"`([\w/]+/)`", text("ARCHITECTURE.md")))
    assert folders - shown == set()


def test_no_corridor_has_too_many_doors() -> None:
    crowded = {
        str(file.parent.relative_to(ROOT)): doors
        for package in ("backend", "qtshell")
        for file in (ROOT / package).rglob("__init__.py")
        if (doors := len(list(file.parent.glob("[a-z]*.py")))) > 22
    }
    assert crowded == {}


def test_every_group_of_measures_has_its_section() -> None:
    groups = re.findall(r'^    "(\w+)": \w+\.measure,', _benchmarks(), re.MULTILINE)
    sections = {f"bench:{group}" for group in groups} | {
        "faults:program",
        "faults:store",
    }
    measured = PATH.read_text(encoding="utf-8")
    assert len(groups) > 3
    for section in sections:
        assert replaced(measured, section, "new") != measured


def test_a_section_is_replaced_and_the_rest_is_left() -> None:
    before = "a\n<!-- x -->\nold\n<!-- /x -->\nb\n<!-- y -->\nkept\n<!-- /y -->\n"
    after = "a\n<!-- x -->\nnew\n<!-- /x -->\nb\n<!-- y -->\nkept\n<!-- /y -->\n"
    assert replaced(before, "x", "new") == after
    with pytest.raises(ValueError, match="no section z"):
        replaced(before, "z", "new")


def _benchmarks() -> str:
    return (ROOT / "tests/benchmarks/__main__.py").read_text(encoding="utf-8")


_EXCUSE: Final = re.compile(r"# noqa: [A-Z]+\d+(?:, ?[A-Z]+\d+)*(?P<reason>.*)")
_NO_REASON: Final = re.compile(r"\s*(?:(?:as|see) above)?")


def test_every_exception_from_a_rule_has_its_reason_on_its_line() -> None:
    bare = [
        f"{path.relative_to(ROOT)}:{number}"
        for folder in ("backend", "qtshell", "tests")
        for path in sorted((ROOT / folder).rglob("*.py"))
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if (excuse := _EXCUSE.search(line)) and _NO_REASON.fullmatch(excuse["reason"])
    ]
    assert bare == []
