"""A model or server that vanished is said to be gone, with a way on."""

import pytest

from backend.interface.stored_values import EngineKind
from backend.llm.listed_model import listed
from backend.services.engines.choices import Choice
from backend.services.engines.chosen_model import ChosenModel, WayOn, judge_choice
from backend.services.engines.offers import Offer
from backend.store.models import EngineRecord


def offer(*models: str, problem: str = "", is_asked: bool = False) -> Offer:
    record = EngineRecord(id="e", kind=EngineKind.OPENAI, name="Server")
    return Offer(record, listed(models), problem, is_asked)


@pytest.mark.parametrize(
    "known",
    [
        offer("a", "m"),
        offer("m:latest"),
        offer(is_asked=True),
        offer(),
    ],
    ids=["listed", "Ollama's tag", "not asked yet", "without a list"],
)
def test_what_can_be_used_needs_no_words(known: Offer) -> None:
    assert judge_choice(Choice("e", "m"), [known]) == ChosenModel(name="m")


@pytest.mark.parametrize(
    ("offers", "words", "way_on"),
    [
        ([], ("m is gone", "removed", "Choose another"), WayOn.SETTINGS),
        ([offer("a")], ("Server no longer has m", "Install it"), WayOn.NOTHING),
        (
            [offer("m", problem="It does not respond.")],
            ("Server: It does not respond.", "choose another model"),
            WayOn.SETTINGS,
        ),
        (
            [offer("m", problem="It refuses the key.")],
            ("It refuses the key.", "choose another model"),
            WayOn.SETTINGS,
        ),
    ],
    ids=["engine removed", "model removed", "server silent", "key refused"],
)
def test_what_is_gone_says_so_and_what_to_do(
    offers: list[Offer], words: tuple[str, ...], way_on: WayOn
) -> None:
    found = judge_choice(Choice("e", "m"), offers)
    assert all(word in found.problem for word in words)
    assert found.way_on is way_on


def test_a_file_says_itself_what_is_wrong() -> None:
    record = EngineRecord(id="e", kind=EngineKind.BUILTIN, name="Mine", path="/x.gguf")
    problem = "It is no longer there. Put it back."
    found = judge_choice(Choice("e", "x"), [Offer(record, problem=problem)])
    assert found == ChosenModel(name="Mine", problem=problem, way_on=WayOn.LIBRARY)
    fine = judge_choice(Choice("e", "x"), [Offer(record, listed(["x"]))])
    assert fine == ChosenModel(name="Mine")
