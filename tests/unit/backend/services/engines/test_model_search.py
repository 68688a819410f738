"""Models are found among thousands, a page at a time."""

from collections.abc import Sequence

import pytest

from backend.interface.stored_values import EngineKind
from backend.llm.listed_model import ListedModel, listed
from backend.services.engines.choices import Choice
from backend.services.engines.model_search import (
    PAGE_SIZE,
    ModelPage,
    ServerHealth,
    find_models,
)
from backend.services.engines.offers import Offer
from backend.store.models import EngineRecord


def server(name: str, *models: str, problem: str = "", is_asked: bool = False) -> Offer:
    record = EngineRecord(id=name.lower(), kind=EngineKind.OPENAI, name=name)
    return Offer(record, listed(models), problem, is_asked)


def model_file(name: str, problem: str = "") -> Offer:
    record = EngineRecord(id=name.lower(), kind=EngineKind.BUILTIN, name=name)
    return Offer(record, listed([] if problem else ["file"]), problem)


def names(found: ModelPage) -> dict[str, list[str]]:
    return {group.name: [m.name for m in group.models] for group in found.groups}


def all_pages(offers: Sequence[Offer], query: str = "") -> list[ModelPage]:
    pages = [find_models(offers, query)]
    while (offset := pages[-1].next_offset) is not None:
        pages.append(find_models(offers, query, offset))
    return pages


MANY = [
    server("One", *(f"model-{n}" for n in range(2_000))),
    server("Down", problem="It does not answer."),
    server("Two", *(f"other-{n}" for n in range(7))),
    server("None"),
]


def test_every_model_stands_on_one_page_and_every_group_begins_once() -> None:
    pages = all_pages(MANY)
    rows = [str(m.choice) for p in pages for group in p.groups for m in group.models]
    assert rows == [str(Choice(o.record.id, m)) for o in MANY for m in o.models]
    begun = [g.name for p in pages for g in p.groups if not g.is_continued]
    assert begun == ["One", "Down", "Two", "None"]
    assert {page.count for page in pages} == {2_007}
    largest = max(sum(len(g.models) for g in page.groups) for page in pages)
    assert largest == PAGE_SIZE


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("LLAMA", ["llama3.2:3b", "my-llama"]),
        ("llama 3b", ["llama3.2:3b"]),
        ("home qwen", ["qwen"]),
        ("  ", ["my-llama", "llama3.2:3b", "qwen"]),
        ("zebra", []),
    ],
)
def test_all_words_are_looked_for_in_name_and_server(
    query: str, expected: list[str]
) -> None:
    found = find_models([server("At home", "my-llama", "llama3.2:3b", "qwen")], query)
    assert names(found).get("At home", []) == expected


def test_what_nothing_lists_can_be_chosen_on_each_server() -> None:
    offers = [server("A", "gpt-4o"), model_file("Mine"), server("B")]
    found = find_models(offers, " gpt-4o ")
    typed = [m for group in found.groups for m in group.models if m.is_new]
    assert [(str(m.choice), m.engine) for m in typed] == [("b|gpt-4o", "B")]
    assert find_models([model_file("Mine")], "anything").count == 0


def test_favourites_and_recent_ones_come_first_while_nothing_is_typed() -> None:
    offers = [server("A", "a", "b"), model_file("Mine")]
    favourites, gone = [Choice("a", "b"), Choice("mine", "file")], Choice("x", "y")
    found = find_models(offers, favourites=favourites, recent=[gone, Choice("a", "a")])
    assert names(found) == {
        "Favourites": ["b", "Mine"],
        "Recently used": ["a"],
        "On this computer": ["Mine"],
        "A": ["a", "b"],
    }
    assert [m.is_favourite for m in found.groups[-1].models] == [False, True]
    assert names(find_models(offers, "a b", favourites=favourites)) == {
        "A": ["b"],
        "Not in the list": ["a b"],
    }


def test_how_a_server_is_stands_beside_its_models() -> None:
    asked = server("Slow", is_asked=True)
    offers = [
        server("Good", "a"),
        server("Gone", "b", problem="It does not respond."),
        server("Empty"),
        asked,
        model_file("Lost", "It is gone."),
    ]
    groups = {group.name: group for group in find_models(offers).groups}
    assert groups["Good"].health is ServerHealth.ANSWERS
    assert (groups["Gone"].health, groups["Gone"].note) == (
        ServerHealth.SILENT,
        "It does not respond.",
    )
    assert [m.name for m in groups["Gone"].models] == ["b"], "the last known ones"
    assert groups["Empty"].note == "It has no model yet."
    assert groups["On this computer"].note == "Not usable: Lost."
    assert asked.is_asked
    assert groups["Slow"].health is ServerHealth.NOT_ASKED


def test_a_model_keeps_what_is_known_of_it() -> None:
    model = ListedModel(id="m", context=4096)
    record = EngineRecord(id="e", kind=EngineKind.OPENAI, name="E")
    (group,) = find_models([Offer(record, (model,))]).groups
    assert group.models[0].model is model
