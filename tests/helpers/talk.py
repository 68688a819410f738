"""Talks with a sidecar as page, quick window and command line do, and plays the model.

The model is a server that answers each question by a script of the test.
"""

import contextlib
import json
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from tests.helpers.model_server import (
    HEAD,
    Exchange,
    FakeModelServer,
    event,
    refuse,
)
from tests.helpers.sidecar import Answer, Sidecar

Play = Callable[[Exchange], None]
WAIT_S = 20.0
MODELS = json.dumps({"data": [{"id": "played"}]})


@dataclass
class Talk:
    """A sidecar and the model it asks.

    Attributes:
        play: How the next questions are answered.
        asked: The messages of each question, as they came.
    """

    sidecar: Sidecar
    play: Play
    asked: list[list[dict[str, str]]] = field(default_factory=list)

    def send(self, path: str, **form: str) -> Answer:
        """Post a form."""
        return self.sidecar.post(path, urlencode(form).encode())

    def fetch_json(self, path: str, **form: str) -> Mapping[str, Any]:
        """Post a form to the JSON side, or fetch from it without a form."""
        answer = self.send(path, **form) if form else self.sidecar.get(path)
        data: Mapping[str, Any] = json.loads(answer.body)
        return data

    def begin(self, text: str) -> tuple[str, str]:
        """Ask in a new conversation; return it and the answer to come."""
        data = self.fetch_json("/api/v1/quick", text=text)
        return data["conversation_id"], data["message_id"]

    def ask(self, conversation: str, text: str) -> Answer:
        """Ask as the page does."""
        return self.send(f"/conversations/{conversation}/messages", text=text)

    def wait(self, message: str) -> Mapping[str, Any]:
        """Return an answer once it has ended."""
        *_, (text, last) = self.sidecar.follow(message, timeout=WAIT_S)
        return {**asdict(last), "text": text}

    def rest(self) -> None:
        """Return once every answer has ended, was shown, and bettered its title."""
        deadline = time.monotonic() + WAIT_S
        while self.fetch_json("/api/v1/status")["answering"]:
            assert time.monotonic() < deadline, self.sidecar.log
            time.sleep(0.01)

    def grow(self, message: str, text: str) -> None:
        """Return once a growing answer contains a text."""
        for so_far, _ in self.sidecar.follow(message, timeout=WAIT_S):
            if text in so_far:
                return
        raise AssertionError(f"{message} ended without it: {self.sidecar.log}")

    def answers(self, conversation: str) -> Sequence[str]:
        """Return the ids of the answers in a conversation."""
        log = self.sidecar.get(f"/conversations/{conversation}/log").text
        return re.findall(r'class="message answer" id="message-([^"]+)"', log)

    def page(self, conversation: str) -> str:
        """Return a conversation as the page shows it."""
        answer = self.sidecar.get(f"/conversations/{conversation}")
        assert answer.status == 200, answer.text
        return answer.text

    def exchange(self, conversation: str, text: str) -> Mapping[str, Any]:
        """Ask, and return how the answer ended."""
        asked = self.ask(conversation, text)
        assert asked.status == 200, asked.text
        return self.wait(self.answers(conversation)[-1])


@contextlib.contextmanager
def open_talk(data_dir: Path, play: Play) -> Iterator[Talk]:
    """Start a sidecar that knows the played model."""

    def serve(exchange: Exchange) -> None:
        if exchange.method == "GET":
            exchange.answer(200, MODELS)
            return
        talk.asked.append(exchange.messages)
        talk.play(exchange)

    with FakeModelServer(serve) as server, Sidecar.start(data_dir) as sidecar:
        talk = Talk(sidecar, play)
        assert sidecar.wait_for_database(3 * WAIT_S) == "connected", sidecar.log
        added = talk.send("/engines", url=server.url)
        assert added.status in {200, 204}, added.text
        yield talk


def say(*pieces: str, finish: str = "stop") -> Play:
    """Answer with these pieces."""
    return lambda exchange: exchange.say(*pieces, finish=finish)


def say_until(stay: threading.Event, *pieces: str, end: str = "") -> Play:
    """Answer with these pieces, and end when it is told, or the client lets go."""

    def play(exchange: Exchange) -> None:
        exchange.send(HEAD)
        for piece in pieces:
            exchange.send(event({"content": piece}))
        stay.wait(WAIT_S)
        exchange.send(event({"content": end}) + event({}, "stop"))

    return play


def think(*thoughts: str, finish: str) -> Play:
    """Think, and end without a word."""

    def play(exchange: Exchange) -> None:
        exchange.send(HEAD)
        for thought in thoughts:
            exchange.send(event({"reasoning_content": thought}))
        exchange.send(event({}, finish))

    return play


def small(bytes_: int, play: Play) -> Play:
    """Refuse what is longer than a context of so many bytes."""
    too_long = {"message": "exceeds the available context size", "code": 400}

    def play_(exchange: Exchange) -> None:
        size = sum(len(turn["content"].encode()) for turn in exchange.messages)
        (refuse(400, too_long) if size > bytes_ else play)(exchange)

    return play_


def strict(play: Play) -> Play:
    """Refuse turns that do not alternate from a question on, as many templates do."""

    def play_(exchange: Exchange) -> None:
        roles = [turn["role"] for turn in exchange.messages if turn["role"] != "system"]
        wanted = ["user", "assistant"] * len(roles)
        error = {"message": "Conversation roles must alternate", "code": 500}
        is_right = roles == wanted[: len(roles)]
        (play if is_right else refuse(500, error))(exchange)

    return play_
