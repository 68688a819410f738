"""Names are the field's terms, and a class name means one thing."""

import ast
import re
import tokenize
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tests.helpers.sidecar import ROOT

PRIVATE: Final = {
    "told",
    "deed",
    "deeds",
    "wish",
    "wishes",
    "wished",
    "house",
    "anew",
    "presence",
    "trouble",
    "troubles",
    "troubled",
    "entitle",
    "hush",
}
"""Words that once named many things here, and so told a reader nothing."""


def files(*folders: str) -> Iterator[Path]:
    for folder in folders:
        yield from (ROOT / folder).rglob("*.py")


def words(name: str) -> set[str]:
    return set(re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower().split("_"))


def test_no_name_has_a_private_word() -> None:
    found = set()
    for path in files("backend", "qtshell", "tests"):
        with tokenize.open(path) as file:
            for token in tokenize.generate_tokens(file.readline):
                # Names of tests are sentences.
                is_name = token.type == tokenize.NAME
                if is_name and not token.string.startswith("test_"):
                    private = words(token.string) & PRIVATE
                    found |= {(path.name, token.start[0], word) for word in private}
    assert found == set()


def test_no_file_has_a_private_name() -> None:
    named = {path.name for path in files("backend", "qtshell", "tests")}
    assert {name for name in named if words(name[:-3]) & PRIVATE} == set()


def test_a_class_name_is_defined_once_in_the_program() -> None:
    defined = defaultdict(list)
    for path in files("backend", "qtshell"):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef):
                defined[node.name].append(path.relative_to(ROOT))
    assert {name: at for name, at in defined.items() if len(at) > 1} == {}
