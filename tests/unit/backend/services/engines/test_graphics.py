"""Whether a graphics card can be used is asked once, by a process of its own."""

import asyncio

import pytest

from backend.llm.builtin.graphics_process import MODULE, takes_layers
from backend.services.engines.graphics import Graphics


@pytest.mark.parametrize(
    ("kind", "takes"), [("CPU", False), ("ACCEL", False), ("GPU", True), ("IGPU", True)]
)
def test_layers_go_to_graphics_cards_alone(kind: str, *, takes: bool) -> None:
    assert takes_layers(f"GGML_BACKEND_DEVICE_TYPE_{kind}") is takes


@pytest.mark.parametrize(
    ("module", "has_card"),
    [("tests.helpers.graphics_card", True), (MODULE, False), ("backend.gone", False)],
    ids=["a card", "the wheel of this computer", "a process that dies"],
)
def test_what_is_there_is_known_after_a_while(module: str, *, has_card: bool) -> None:
    found = list[bool]()

    async def ask() -> None:
        graphics = Graphics(lambda: found.append(True), module)
        assert not graphics.has_card(), "no page waits"
        assert graphics._task
        await graphics._task
        assert graphics.has_card() is has_card

    asyncio.run(ask())
    assert bool(found) is has_card
