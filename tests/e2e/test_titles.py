"""A model writes titles when nothing else wants it, and never over a typed one."""

import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest

from tests.helpers.model_server import HEAD, Exchange, FakeModelServer, event
from tests.helpers.sidecar import Sidecar
from tests.helpers.talk import WAIT_S, Talk, say

pytestmark = [pytest.mark.sidecar, pytest.mark.e2e]

QUESTION = "Which bread is best with soup, and why?"
FIRST_WORDS = QUESTION
TITLE = "Bread for Soup"


class TitledModel:
    """Answers questions at once, and requests for a title as it is told.

    Attributes:
        holds: A request for a title hangs until its client lets go.
        titles: How often a title was asked for.
        asked: Set when it is asked for one.
    """

    def __init__(self) -> None:
        self.holds = False
        self.titles = 0
        self.asked = threading.Event()

    def __call__(self, exchange: Exchange) -> None:
        if exchange.method == "GET":
            exchange.answer(200, '{"data": [{"id": "small"}]}')
        elif "Write a title" not in exchange.messages[-1]["content"]:
            exchange.say("Rye.")
        else:
            self.titles += 1
            self.asked.set()
            if self.holds:
                exchange.send(HEAD + event({"content": "Half a"}))
                exchange.hang()
            else:
                exchange.say("Title: ", f"**“{TITLE}”**\n\n", "I hope it fits.")


@pytest.fixture
def model() -> TitledModel:
    return TitledModel()


@pytest.fixture
def server(model: TitledModel) -> Iterator[FakeModelServer]:
    with FakeModelServer(model) as running:
        yield running


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def talk(data_dir: Path, server: FakeModelServer) -> Iterator[Talk]:
    with Sidecar.start(data_dir) as sidecar:
        talk = Talk(sidecar, say())
        assert talk.send("/engines", url=server.url).status in {200, 204}
        put(talk, "/settings/titles", by_model="yes")
        yield talk


def put(talk: Talk, path: str, **form: str) -> None:
    headers = {"content-type": "application/x-www-form-urlencoded"}
    body = urlencode(form).encode()
    answer = talk.sidecar.request("PUT", path, headers=headers, body=body)
    assert answer.status in {200, 204}, answer.text


def title_of(talk: Talk, conversation: str) -> str:
    page = talk.sidecar.get(f"/conversations/{conversation}/head").text
    found = re.search(r'data-title="([^"]*)"', page)
    assert found, page
    return found[1]


def until(check: Callable[[], bool], talk: Talk) -> None:
    deadline = time.monotonic() + WAIT_S
    while not check():
        assert time.monotonic() < deadline, talk.sidecar.log
        time.sleep(0.01)


def begin(talk: Talk) -> str:
    conversation, message = talk.begin(QUESTION)
    assert talk.wait(message)["text"] == "Rye."
    talk.rest()
    return conversation


def test_the_title_follows_the_first_answer_alone(
    talk: Talk, model: TitledModel
) -> None:
    conversation = begin(talk)
    until(lambda: title_of(talk, conversation) == TITLE, talk)
    assert talk.exchange(conversation, "Sure?")["text"] == "Rye."
    talk.rest()
    put(talk, "/settings/titles")
    other = begin(talk)
    assert title_of(talk, other) == FIRST_WORDS
    assert model.titles == 1


def test_a_title_typed_meanwhile_stays(talk: Talk, model: TitledModel) -> None:
    model.holds = True
    conversation = begin(talk)
    assert model.asked.wait(WAIT_S)
    put(talk, f"/conversations/{conversation}/title", title="My own")
    model.holds = False
    other = begin(talk)
    until(lambda: title_of(talk, other) == TITLE, talk)
    assert title_of(talk, conversation) == "My own"


def test_a_question_goes_before_a_title(talk: Talk, model: TitledModel) -> None:
    model.holds = True
    conversation = begin(talk)
    assert model.asked.wait(WAIT_S)
    assert title_of(talk, conversation) == FIRST_WORDS
    model.holds = False
    assert talk.exchange(conversation, "And with cheese?")["text"] == "Rye."
    until(lambda: title_of(talk, conversation) == TITLE, talk)
    assert model.titles == 2


def test_a_title_is_written_after_a_kill(
    talk: Talk, model: TitledModel, data_dir: Path
) -> None:
    model.holds = True
    conversation = begin(talk)
    assert model.asked.wait(WAIT_S)
    talk.sidecar.process.kill()
    talk.sidecar.process.wait()
    model.holds = False
    with Sidecar.start(data_dir) as again:
        later = Talk(again, say())
        until(lambda: title_of(later, conversation) == TITLE, later)
        settings = json.dumps(again.get("/settings").text)
        assert "Model for titles" in settings
