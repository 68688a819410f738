"""Every fault has a sentence that names the engine and the next step."""

import re

import pytest

from backend.errors import EngineFault
from backend.llm.engine import Arrived
from backend.llm.sentences import sentence_for

_STEPS = r"[Cc]hoose|Start|Enter|Wait|Check|Close"


@pytest.mark.parametrize("arrived", Arrived)
@pytest.mark.parametrize("fault", EngineFault)
def test_every_fault_names_the_engine_and_what_to_do(
    fault: EngineFault, arrived: Arrived
) -> None:
    sentence = sentence_for(fault, "Ollama", "", arrived)
    assert "Ollama" in sentence
    assert re.search(_STEPS, sentence)
    assert "{" not in sentence
    assert "()" not in sentence


def test_a_sentence_starts_with_a_capital_and_keeps_the_rest() -> None:
    assert sentence_for(EngineFault.EMPTY, "llama.cpp").startswith("Llama.cpp gave")


def test_a_detail_is_short_and_one_line() -> None:
    detail = "a\x00b\n\x1b[31m" + "c" * 1000
    sentence = sentence_for(EngineFault.SERVER_ERROR, "Jan", detail)
    assert sentence.isprintable()
    assert len(sentence) < 400
