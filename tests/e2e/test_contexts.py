"""How much of a conversation its model reads is seen, and chosen, over HTTP."""

import html
import json
import re
import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest

from tests.helpers.model_server import Exchange, FakeModelServer
from tests.helpers.ollama import Ollama
from tests.helpers.sidecar import Sidecar
from tests.helpers.talk import (
    Play,
    Talk,
    open_talk,
    say,
    say_until,
    small,
)
from tests.helpers.window import Window

pytestmark = [pytest.mark.sidecar, pytest.mark.e2e]

SUMMARY = "All of it was about stones."
ASKS = "Sum them up instead"


@pytest.fixture(scope="module")
def talk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Talk]:
    with open_talk(tmp_path_factory.mktemp("data"), say("Hello.")) as running:
        yield running


def meter(talk: Talk, conversation: str) -> str:
    """Return what the composer says of the context, without its tags."""
    answer = talk.sidecar.get(f"/conversations/{conversation}/context")
    assert answer.status == 200, answer.text
    return " ".join(re.sub(r"<[^>]*>", " ", html.unescape(answer.text)).split())


def put(talk: Talk, path: str, **form: str) -> None:
    """Send a form that changes something."""
    kind = {"content-type": "application/x-www-form-urlencoded"}
    body = urlencode(form).encode()
    sent = talk.sidecar.request("PUT", path, headers=kind, body=body)
    assert sent.status in {200, 204}, sent.text


def summing_up(play: Play) -> Play:
    """Answer the request for a summary with one."""

    def play_(exchange: Exchange) -> None:
        is_request = exchange.messages[-1]["content"].startswith("Sum up")
        (say(SUMMARY) if is_request else play)(exchange)

    return play_


def overflow(talk: Talk) -> str:
    """Ask until the oldest messages are left out; return the conversation."""
    talk.play = small(6_000, summing_up(say("Yes. " * 200)))
    conversation, answer = talk.begin("Question 0?")
    talk.wait(answer)
    for number in range(1, 9):
        ended = talk.exchange(conversation, f"Question {number}?")
        if "left out" in talk.page(conversation):
            return conversation
        assert ended["state"] == "complete"
    raise AssertionError("everything fits")


def summaries(talk: Talk, conversation: str) -> list[str]:
    """Return the ids of the summaries in a conversation, once nothing grows."""
    talk.rest()
    found = r'id="message-([^"]+)" aria-label="Summary"'
    return re.findall(found, talk.page(conversation))


def test_what_does_not_fit_is_left_out_and_the_line_says_from_where(
    talk: Talk,
) -> None:
    conversation = overflow(talk)
    page = talk.page(conversation)
    line = page.index('id="reads-from"')
    assert "what is above is left out" in page
    first = talk.asked[-1][0]["content"]
    assert page.index("Question 0?") < line
    assert line < page.index(first) < line + 2_000, "it stands before what is sent"
    assert ASKS in meter(talk, conversation)


def test_a_summary_takes_the_place_of_what_is_left_out_until_it_is_undone(
    talk: Talk,
) -> None:
    conversation = overflow(talk)
    assert talk.send(f"/conversations/{conversation}/summary").status == 204
    (summary,) = summaries(talk, conversation)
    assert "Question 0?" in [turn["content"] for turn in talk.asked[-1]]
    page = talk.page(conversation)
    assert "and a summary of what is above" in page
    assert ASKS not in meter(talk, conversation)
    talk.exchange(conversation, "And now?")
    system, first, *_ = talk.asked[-1]
    assert system["role"] == "system"
    assert SUMMARY in system["content"]
    assert first["content"] != "Question 0?"
    # It is exported, and the page shows it folded.
    exported = talk.sidecar.get(f"/conversations/{conversation}").text
    assert f'id="summed-up-{summary}" >' in exported
    assert talk.sidecar.request("DELETE", f"/messages/{summary}").status == 200
    assert "and a summary of what is above" not in talk.page(conversation)
    talk.exchange(conversation, "And without it?")
    assert SUMMARY not in json.dumps(talk.asked[-1])


def test_who_has_chosen_a_summary_once_gets_the_next_one_by_itself(talk: Talk) -> None:
    conversation = overflow(talk)
    talk.send(f"/conversations/{conversation}/summary")
    assert len(summaries(talk, conversation)) == 1
    for number in range(9):
        talk.exchange(conversation, f"Further {number}?")
        if len(summaries(talk, conversation)) > 1:
            break
    assert len(summaries(talk, conversation)) == 2
    requests = [a for a in talk.asked if a[-1]["content"].startswith("Sum up")]
    assert SUMMARY in requests[-1][0]["content"], "the earlier one goes into it"
    assert "Question 0?" not in [turn["content"] for turn in requests[-1]]
    assert ASKS not in meter(talk, conversation)


def test_a_summary_that_is_stopped_is_not_used(talk: Talk) -> None:
    conversation = overflow(talk)
    stay = threading.Event()
    talk.play = say_until(stay, "All of")
    talk.send(f"/conversations/{conversation}/summary")
    assert talk.ask(conversation, "Meanwhile?").status == 409
    talk.send(f"/conversations/{conversation}/stop")
    stay.set()
    (stopped,) = summaries(talk, conversation)
    assert "All of" in talk.page(conversation)
    assert ASKS in meter(talk, conversation)
    assert talk.send(f"/messages/{stopped}/retry").status == 409


def test_where_nothing_is_left_out_there_is_nothing_to_sum_up(talk: Talk) -> None:
    talk.play = say("Hello.")
    conversation, answer = talk.begin("Hi")
    talk.wait(answer)
    refused = talk.send(f"/conversations/{conversation}/summary")
    assert refused.status == 409
    assert "nothing to sum up" in refused.text
    assert "reads-from" not in talk.page(conversation)


def test_the_meter_counts_what_is_typed(talk: Talk) -> None:
    talk.play = say("Hello.")
    conversation, answer = talk.begin("Hi")
    talk.wait(answer)
    assert meter(talk, conversation) == "about 100 tokens"
    put(talk, f"/drafts/{conversation}", text="word " * 2_000)
    assert meter(talk, conversation) == "about 2,500 tokens"


def test_a_cut_of_ollama_is_told_and_a_context_that_is_set_is_asked_for(
    tmp_path: Path,
) -> None:
    ollama = Ollama(context=512)
    long = "a long story of many words " * 400
    with FakeModelServer(ollama) as server, Sidecar.start(tmp_path) as sidecar:
        talk = Talk(sidecar, say(""))
        assert talk.send("/engines", url=server.url).status in {200, 204}
        conversation, answer = talk.begin(long)
        ended = talk.wait(answer)
        assert "read only 512 tokens" in html.unescape(talk.page(conversation))
        assert "of 512 tokens" in meter(talk, conversation)
        engine = re.findall(r'/engines/([0-9a-f-]{36})"', sidecar.get("/settings").text)
        assert engine
        own = {"name": "Ollama", "url": server.url, "context": "4096"}
        put(talk, f"/engines/{engine[0]}", **own)
        conversation, answer = talk.begin(long)
        assert talk.wait(answer)["text"].strip() == "I read 1."
        assert "read only" not in talk.page(conversation)
        path, read = ollama.asked[-1]
        assert (path, len(read)) == ("/api/chat", 1)
        assert "of 4,096 tokens" in meter(talk, conversation)
        assert ended["state"] == "complete"


def test_a_person_sees_what_is_read_and_chooses_what_becomes_of_the_rest(
    tmp_path: Path,
) -> None:
    ollama, page = Ollama(context=512), "document.querySelector('#main').innerText"

    def shows(words: str) -> str:
        return f"({page}).includes({words!r})"

    def ask(words: str) -> None:
        ended = "document.querySelectorAll('.answer:not([aria-busy=true])').length"
        before = window.evaluate(ended)
        window.ask(words)
        window.wait_for(f"{ended} > {before}")

    with FakeModelServer(ollama) as server, Window.start(tmp_path) as window:
        window.write("textbox", "Address", server.url)
        window.click("button", "Connect")
        window.wait_for("document.querySelector('.model [name=choice]') !== null")
        ask("stone " * 1_200)
        window.wait_for(shows("read only 512 tokens"))
        window.wait_for("document.querySelector('meter')?.max === 512")
        assert window.evaluate("document.querySelector('.context-use.high') !== null")

        window.click("link", "Settings")
        window.wait_for("document.querySelector('input[name=context]') !== null")
        window.evaluate(
            "document.querySelectorAll('details:has(input[name=context])')"
            ".forEach((one) => { one.open = true; })"
        )
        window.write("textbox", "Context, in tokens", "2048")
        window.press("Enter")
        window.wait_for(
            "document.querySelector('#toasts')?.innerText.includes('Saved')"
        )

        window.click("button", "New conversation")
        window.wait_for("document.querySelector('#empty') !== null")
        for number in range(3):
            ask(f"Number {number}: " + "stone " * 500)
        window.wait_for(shows("were left out"))
        window.wait_for(shows("what is above is left out"))
        assert ollama.asked[-1][0] == "/api/chat"
        window.click("button", "Sum them up instead")
        window.wait_for("document.querySelector('.summed-up:not([open])') !== null")
        window.wait_for(shows("and a summary of what is above"))
        window.wait_for("document.querySelector('.context-choice') === null")
        ask("And now?")
        assert "I read" in ollama.asked[-1][1][0]["content"]
        window.screenshot("context")
        window.click("button", "Undo")
        window.wait_for("document.querySelector('.summed-up') === null")
        window.wait_for(f"!{shows('and a summary of what is above')}")
