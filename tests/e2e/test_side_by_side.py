"""Several models answer one question at the same time, over HTTP."""

import json
import re
import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from urllib.parse import urlencode

import pytest

from backend.store.states.message_state import MessageState
from tests.helpers.model_server import Exchange
from tests.helpers.sidecar import Sidecar
from tests.helpers.talk import Talk, open_talk, say, say_until

pytestmark = [pytest.mark.sidecar, pytest.mark.e2e]


@pytest.fixture(scope="module")
def talk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Talk]:
    with open_talk(tmp_path_factory.mktemp("data"), say("Hello.")) as running:
        yield running


def name_itself(stay: threading.Event) -> Callable[[Exchange], None]:
    """Say which model is asked, and end when it is told."""

    def play(exchange: Exchange) -> None:
        say_until(stay, json.loads(exchange.body)["model"], end=" done")(exchange)

    return play


def choices(talk: Talk, *models: str) -> str:
    """Return a form that chooses models of the one server."""
    page = talk.sidecar.get("/conversations/new/several").text
    (found,) = re.findall(r'name="choice" value="([^|"]+)\|', page)
    return urlencode([("choice", f"{found}|{model}") for model in models])


def side_by_side(talk: Talk, question: str) -> list[str]:
    page = talk.sidecar.get(f"/messages/{question}/answers")
    assert page.status == 200, page.text
    return re.findall(r'class="message answer" id="message-([^"]+)"', page.text)


def test_several_models_answer_at_once_and_each_stops_alone(talk: Talk) -> None:
    conversation, first = talk.begin("Who are you?")
    talk.wait(first)
    question = re.findall(r'question" id="message-([^"]+)"', talk.page(conversation))[0]
    stay = threading.Event()
    talk.play = name_itself(stay)
    form = choices(talk, "one", "two")
    asked = talk.sidecar.post(f"/messages/{question}/several", form.encode())
    assert asked.status == 200, asked.text
    kept, one, two = side_by_side(talk, question)
    assert kept == first
    for answer, name in ((one, "one"), (two, "two")):
        talk.grow(answer, name)  # both at the same time: neither ends before it is told
    assert [turns[-1]["content"] for turns in talk.asked[-2:]] == ["Who are you?"] * 2
    assert talk.send(f"/messages/{one}/stop").status == 204
    assert talk.wait(one)["state"] == MessageState.STOPPED
    assert talk.answers(conversation) == [first], "what was shown stays so"
    talk.play = say("Hello.")
    # What is shown has ended: the answer that still grows is in another branch.
    assert talk.exchange(conversation, "Meanwhile?")["text"] == "Hello."
    stay.set()
    assert talk.wait(two)["text"] == "two done"
    talk.sidecar.get(f"/conversations/{conversation}?around={two}")
    assert talk.answers(conversation) == [two]
    assert talk.exchange(conversation, "Go on")["state"] == MessageState.COMPLETE
    said = [turn["content"] for turn in talk.asked[-1]]
    assert said == ["Who are you?", "two done", "Go on"]


@pytest.mark.parametrize("models", [("one",), ("a", "b", "c", "d", "e")], ids=len)
def test_one_model_or_five_are_refused_before_anything_is_stored(
    talk: Talk, models: tuple[str, ...]
) -> None:
    form = f"text=Kept%3F&{choices(talk, *models)}"
    refused = talk.sidecar.post("/conversations/new/several", form.encode())
    assert refused.status == 422
    assert "2 to 4" in refused.text
    assert "Kept?" not in talk.sidecar.get("/conversations").text


def test_a_kill_leaves_every_answer_side_by_side_a_way_out(tmp_path: Path) -> None:
    stay = threading.Event()
    with open_talk(tmp_path, name_itself(stay)) as talk:
        form = f"text=Killed%3F&submission=s&{choices(talk, 'one', 'two')}"
        send = partial(talk.sidecar.post, "/conversations/new/several", form.encode())
        first, second = send(), send()  # sent twice it is asked once
        assert (first.status, second.status) == (200, 200), second.text
        (question,) = re.findall(r'question" id="message-([^"]+)"', first.text)
        begun = side_by_side(talk, question)
        for answer, name in zip(begun, ("one", "two"), strict=True):
            talk.grow(answer, name)
        talk.sidecar.kill()
    stay.set()
    with Sidecar.start(tmp_path) as sidecar:
        page = sidecar.get(f"/messages/{question}/answers").text
        for answer in begun:
            assert f"/messages/{answer}/retry" in page
