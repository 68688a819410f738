"""What model servers really send, seen from the page."""

import html
import json
import re
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers.model_server import (
    HEAD,
    Exchange,
    event,
    keep_open,
    not_streamed,
    refuse,
    stream,
    without_system_role,
)
from tests.helpers.talk import WAIT_S, Play, Talk, open_talk, say

pytestmark = [pytest.mark.sidecar, pytest.mark.e2e]

THOUGHT = "quokkathought"
PROGRESS = {"prompt_progress": {"total": 200, "cache": 0, "processed": 75}}
BODY = {"choices": [{"message": {"content": "Hello whole."}, "finish_reason": "stop"}]}


@pytest.fixture(scope="module")
def talk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Talk]:
    with open_talk(tmp_path_factory.mktemp("data"), say("Hello.")) as running:
        yield running


THINKING: dict[str, Play] = {
    "a tag": say("<th", f"ink>\n{THOUGHT}", ".\n</th", "ink>\n\nFour", " it is."),
    "brackets": say("[THI", f"NK]{THOUGHT}[/THINK]", "Four it is."),
    "channels": say(
        "<|channel|>ana",
        f"lysis<|message|>{THOUGHT}<|end|><|start|>assistant",
        "<|channel|>final<|message|>Four it is.<|return|>",
    ),
    "a closing tag alone": say(
        f"{THOUGHT}. ", "So.\n\nWell", "\n</think>\n\nFour it is."
    ),
    "a field": stream(
        event({"thinking": THOUGHT}), event({"content": "Four it is."}, "stop")
    ),
    "parts": stream(
        b'data: {"choices":[{"delta":{"content":[{"type":"thinking","thinking":'
        b'[{"type":"text","text":"' + THOUGHT.encode() + b'"}]}]}}]}\n\n',
        event({"content": "Four it is."}, "stop"),
    ),
}


@pytest.mark.parametrize("play", THINKING.values(), ids=THINKING)
def test_thoughts_are_folded_and_never_sent_again(talk: Talk, play: Play) -> None:
    talk.play = play
    conversation, message = talk.begin("What is two and two?")
    reply = talk.wait(message)
    assert (reply["text"], reply["state"]) == ("Four it is.", "complete")
    talk.rest()
    page = talk.page(conversation)
    folded = page.partition('<div class="reasoning-text"')[2].partition("</div>")[0]
    assert THOUGHT in folded
    assert page.count(THOUGHT) == 1, "not in the text, the title or anywhere else"
    found = talk.fetch_json(f"/api/v1/search?q={THOUGHT}")
    assert THOUGHT not in json.dumps(found).replace(f'"q": "{THOUGHT}"', "")
    talk.play = say("Yes.")
    talk.asked.clear()
    talk.exchange(conversation, "Sure?")
    assert THOUGHT not in json.dumps(talk.asked)
    assert "think" not in json.dumps(talk.asked)
    talk.rest()


READ: dict[str, tuple[Play, str]] = {
    "not streamed": (not_streamed(BODY), "Hello whole."),
    "kept open after its end": (
        keep_open(event({"content": "Hello open."}), b"data: [DONE]\n\n"),
        "Hello open.",
    ),
    "among other events": (
        stream(
            b"event: ping\ndata: {}\n\ndata: null\n\n",
            event({"content": "Hello among."}, "stop"),
            b'data: {"usage": {"total_tokens": 9}}\n\ndata: [DONE]\n\n',
        ),
        "Hello among.",
    ),
}


@pytest.mark.parametrize(("play", "text"), READ.values(), ids=READ)
def test_an_answer_is_read_in_every_form(talk: Talk, play: Play, text: str) -> None:
    talk.play = play
    _, message = talk.begin("Hello?")
    reply = talk.wait(message)
    assert (reply["text"], reply["state"], reply["error"]) == (text, "complete", "")


def _moved(exchange: Exchange) -> None:
    exchange.answer(308, "", "Location: https://models.example/v1/chat/completions")


def _break_with_words(exchange: Exchange) -> None:
    exchange.send(HEAD + event({"content": "Hello"}) + b'error: {"message":"boom"}\n\n')


FAILED: dict[str, tuple[Play, str, str]] = {
    "moved": (_moved, "", "https://models.example/v1"),
    "region": (refuse(403, {"message": "Region not served"}), "", "Region not served"),
    "an error in the stream": (_break_with_words, "Hello", "boom"),
    "a web page": (lambda e: e.answer(200, "<html>Hi"), "", "A web page answered"),
    "a filter": (
        stream(event({"content": "Hello"}), event({}, "content_filter")),
        "Hello",
        "stopped this answer",
    ),
}


@pytest.mark.parametrize(("play", "text", "words"), FAILED.values(), ids=FAILED)
def test_what_failed_is_told_below_what_came(
    talk: Talk, play: Play, text: str, words: str
) -> None:
    talk.play = play
    conversation, message = talk.begin("Hello?")
    reply = talk.wait(message)
    assert (reply["text"], reply["state"]) == (text, "failed")
    talk.rest()
    assert words in talk.page(conversation)


def test_instructions_reach_a_model_without_a_system_role(tmp_path: Path) -> None:
    with open_talk(tmp_path, without_system_role) as talk:
        reply = talk.sidecar.request(
            "PUT",
            "/settings/instructions",
            headers={"content-type": "application/x-www-form-urlencoded"},
            body=b"instructions=Be+brief.",
        )
        assert reply.status < 300, reply.text
        _, message = talk.begin("Hello?")
        assert talk.wait(message)["text"] == "Hi"
        assert [turns[0]["role"] for turns in talk.asked[:2]] == ["system", "user"]
        assert talk.asked[1][0]["content"] == "Be brief.\n\nHello?"


def test_a_conversation_is_answered_as_it_was_set(talk: Talk) -> None:
    bodies = list[bytes]()

    def note(exchange: Exchange) -> None:
        bodies.append(exchange.body)
        say("Hello.")(exchange)

    talk.play = note
    conversation, answer = talk.begin("Hello?")
    talk.wait(answer)
    page = f"/conversations/{conversation}/parameters"
    form = {"content-type": "application/x-www-form-urlencoded"}
    put = talk.sidecar.request
    refused = put("PUT", page, headers=form, body=b"temperature=hot")
    assert (refused.status, "from 0.0 to 2.0" in refused.text) == (422, True)
    kept = put("PUT", page, headers=form, body=b"temperature=0%2C3&stop=END%0AFIN")
    assert kept.status < 300, kept.text
    shown = talk.sidecar.get(
        f"/engines/picker?place=composer&conversation={conversation}"
    ).text
    assert "temperature 0.3, stops at END or FIN" in shown
    assert 'value="0.3"' in talk.sidecar.get(page).text
    talk.ask(conversation, "And now?")
    talk.rest()
    before, after = map(json.loads, bodies)
    assert "temperature" not in before
    assert (after["temperature"], after["stop"]) == (0.3, ["END", "FIN"])


def test_a_page_says_what_an_answer_waits_for_and_for_how_long(talk: Talk) -> None:
    reads, answers = threading.Event(), threading.Event()

    def slow(exchange: Exchange) -> None:
        reads.wait(WAIT_S)
        exchange.send(HEAD + f"data: {json.dumps(PROGRESS)}\n\n".encode())
        answers.wait(WAIT_S)
        exchange.send(event({"content": "At last."}, "stop"))

    def page_with(words: str) -> str:
        deadline = time.monotonic() + WAIT_S
        while not re.search(words, html.unescape(page := talk.page(conversation))):
            assert time.monotonic() < deadline, page
            time.sleep(0.05)
        return page

    talk.play = slow
    conversation, answer = talk.begin("How long?")
    page = page_with(r'Waiting for \S.*…</span> <span role="timer">0:0[12]<')
    assert 'role="status"' in page
    reads.set()
    page_with(r'Reading your text…</span> <span role="timer">37\s% · 0:0\d<')
    answers.set()
    assert talk.wait(answer)["text"] == "At last."
    assert 'role="timer"' not in talk.page(conversation)
