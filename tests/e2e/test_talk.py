"""An answer always ends, and what is sent to the model is right, over HTTP."""

import contextlib
import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest

from backend.interface.protocol import HEALTH_PATH, MAX_TEXT_CHARS
from backend.store.states.message_state import MessageState
from backend.web.http import MAX_BODY_BYTES
from tests.helpers.library import open_library
from tests.helpers.model_server import HEAD, Exchange, event
from tests.helpers.sidecar import Sidecar
from tests.helpers.talk import (
    Talk,
    open_talk,
    say,
    say_until,
    small,
    strict,
    think,
)

pytestmark = [pytest.mark.sidecar, pytest.mark.e2e]


@pytest.fixture(scope="module")
def talk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Talk]:
    with open_talk(tmp_path_factory.mktemp("data"), say("Hello.")) as running:
        yield running


@pytest.fixture(autouse=True)
def _forget(talk: Talk) -> None:
    talk.play = say("Hello.")
    talk.asked.clear()


def contents(turns: list[dict[str, str]]) -> list[str]:
    return [turn["content"] for turn in turns]


def raw(*deltas: str, finish: str = "stop") -> bytes:
    """Return events with JSON escapes as they are."""
    items = [
        f'data: {{"choices": [{{"delta": {delta}, "finish_reason": null}}]}}\n\n'
        for delta in deltas
    ]
    return "".join(items).encode() + event({}, finish)


@pytest.mark.parametrize(
    ("deltas", "text"),
    [
        ((r'{"content": "\ud83d"}', r'{"content": "\udc4b!"}'), "👋!"),
        ((r'{"content": "one \ud83d"}', r'{"content": " two"}'), "one \ufffd two"),
        ((r'{"content": "end\ud83d"}',), "end\ufffd"),
        ((r'{"content": "a\u0000b"}',), "a\ufffdb"),
        ((r'{"reasoning_content": "\ud83d"}', r'{"content": "\udc4b"}'), "\ufffd"),
    ],
    ids=["joined", "alone", "at the end", "NUL", "half a thought, half a word"],
)
def test_an_emoji_cut_in_two_neither_stays_open_nor_breaks_a_page(
    talk: Talk, deltas: tuple[str, ...], text: str
) -> None:
    talk.play = lambda exchange: exchange.send(HEAD + raw(*deltas))
    conversation, answer = talk.begin("Wave")
    ended = talk.wait(answer)
    assert (ended["state"], ended["text"]) == ("complete", text)
    assert text in talk.page(conversation)


def test_a_second_question_waits_and_keeps_its_text(talk: Talk) -> None:
    go_on = threading.Event()
    talk.play = say_until(go_on, "Growing", end=" whole")
    conversation, answer = talk.begin("First")
    talk.grow(answer, "Growing")
    by_page = talk.ask(conversation, "Second")
    by_window = talk.send("/api/v1/quick", text="Second", conversation=conversation)
    assert by_page.status == by_window.status == 409
    for words in (by_page.text, json.loads(by_window.body)["error"]):
        assert "still being written" in words
    assert len(talk.answers(conversation)) == 1
    go_on.set()
    assert talk.wait(answer)["text"] == "Growing whole"
    talk.play = say("And this.")
    assert talk.exchange(conversation, "Second")["text"] == "And this."
    assert contents(talk.asked[-1]) == ["First", "Growing whole", "Second"]


def test_of_many_questions_at_once_one_is_asked(talk: Talk) -> None:
    conversation, answer = talk.begin("First")
    talk.wait(answer)
    go_on = threading.Event()
    talk.play = say_until(go_on, "Growing")
    asking = [
        threading.Thread(
            target=lambda: statuses.append(talk.ask(conversation, "x").status)
        )
        for _ in range(6)
    ]
    statuses: list[int] = []
    for thread in asking:
        thread.start()
    for thread in asking:
        thread.join()
    go_on.set()
    assert sorted(statuses) == [200, *[409] * 5]
    assert len(talk.answers(conversation)) == 2
    talk.wait(talk.answers(conversation)[-1])


def stop_before_a_word(talk: Talk, conversation: str) -> None:
    talk.play = lambda exchange: exchange.hang()
    assert talk.ask(conversation, "stopped?").status == 200
    talk.send(f"/conversations/{conversation}/stop")


def fail(talk: Talk, conversation: str) -> None:
    talk.play = lambda exchange: exchange.answer(500, "{}")
    assert talk.exchange(conversation, "failed?")["state"] == "failed"


def say_nothing(talk: Talk, conversation: str) -> None:
    talk.play = say("  ")
    assert talk.exchange(conversation, "empty?")["state"] == "complete"


def delete_an_answer(talk: Talk, conversation: str) -> None:
    talk.play = say("Gone.")
    talk.exchange(conversation, "deleted?")
    gone = talk.answers(conversation)[-1]
    assert talk.sidecar.request("DELETE", f"/messages/{gone}").status == 200


@pytest.mark.parametrize(
    "spoil", [stop_before_a_word, fail, say_nothing, delete_an_answer]
)
def test_a_question_without_an_answer_is_no_dead_end(
    talk: Talk, spoil: Callable[[Talk, str], None]
) -> None:
    conversation, answer = talk.begin("one?")
    talk.wait(answer)
    spoil(talk, conversation)
    spoil(talk, conversation)
    talk.play = strict(say("Yes."))
    assert talk.exchange(conversation, "two?")["text"] == "Yes."
    asked = contents(talk.asked[-1])
    assert asked[:2] == ["one?", "Hello."]
    assert asked[2].endswith("?\n\ntwo?")
    assert talk.exchange(conversation, "three?")["text"] == "Yes."


def test_thinking_without_a_word_can_be_gone_on_with(talk: Talk) -> None:
    talk.play = think("thought 1.", finish="length")
    conversation, answer = talk.begin("Why?")
    assert talk.wait(answer)["state"] == "failed"
    go_on = f"/messages/{answer}/continue"
    assert go_on in talk.page(conversation)
    talk.play = strict(say("Because."))
    assert talk.send(go_on).status == 200
    assert talk.wait(answer)["text"] == "Because."
    (turn,) = talk.asked[-1]
    assert turn["role"] == "user"
    assert turn["content"].startswith("Why?")
    assert turn["content"].count("thought 1.") == 1
    assert talk.page(conversation).count("thought 1.") == 1


def test_a_full_context_leaves_out_the_oldest_and_says_so(talk: Talk) -> None:
    talk.play = small(2_000, strict(say("word " * 60)))
    conversation, answer = talk.begin("question " * 30)
    talk.wait(answer)
    for number in range(4):
        assert talk.exchange(conversation, f"{number}?")["state"] == "complete"
    text = "oldest messages were left out"
    assert text not in talk.page(conversation)
    for number in range(6):
        assert talk.exchange(conversation, f"more {number}?")["state"] == "complete"
    assert talk.asked[-1][-1]["content"] == "more 5?"
    page = talk.page(conversation)
    assert f"The {22 - len(talk.asked[-1]) - 1} {text}" in page
    last = talk.answers(conversation)[-1]
    talk.play = small(2_000, strict(say("cut off", finish="length")))
    assert talk.send(f"/messages/{last}/retry").status == 200
    last = talk.answers(conversation)[-1]
    assert talk.wait(last)["state"] == "failed"
    talk.play = small(2_000, say(" and whole"))
    assert talk.send(f"/messages/{last}/continue").status == 200
    assert talk.wait(last)["text"] == "cut off and whole"


def test_all_of_a_long_conversation_is_sent(tmp_path: Path) -> None:
    exchanges = [(f"q{number}", f"a{number}") for number in range(130)]
    with open_library(tmp_path) as library:
        conversation, _ = library.talk("Long", *exchanges)
    with open_talk(tmp_path, strict(say("Yes."))) as talk:
        assert talk.exchange(conversation.id, "all?")["text"] == "Yes."
        assert contents(talk.asked[-1]) == [*(t for e in exchanges for t in e), "all?"]


def test_an_answer_left_open_and_an_unknown_state_have_a_way_out(
    tmp_path: Path,
) -> None:
    with open_library(tmp_path) as library:
        conversation, (_, odd) = library.talk("Odd", ("q", "a"))
        with library.database.write() as session:
            session.connection().exec_driver_sql(
                "update message set state = 'bogus' where id = ?", (odd.id,)
            )
    with open_talk(tmp_path, say("Again.")) as talk:
        assert "/continue" in talk.page(conversation.id)
        assert talk.send(f"/messages/{odd.id}/retry").status == 200
        (again,) = talk.answers(conversation.id)
        assert talk.wait(again)["text"] == "Again."
        assert talk.wait(again)["state"] == MessageState.COMPLETE


def test_a_deleted_conversation_is_answered_no_longer(talk: Talk) -> None:
    gone = threading.Event()

    def play(exchange: Exchange) -> None:
        exchange.send(HEAD)
        exchange.send_for_ever(event({"content": "word "}))
        gone.set()

    talk.play = play
    conversation, answer = talk.begin("Go on for ever")
    talk.grow(answer, "word word")
    deleted = talk.sidecar.request("DELETE", f"/conversations/{conversation}")
    assert deleted.status == 200
    assert gone.wait(10)
    assert talk.fetch_json("/api/v1/status")["answering"] == 0


def test_a_title_the_user_gave_stays(talk: Talk) -> None:
    go_on = threading.Event()
    talk.play = say_until(go_on, "# A heading as the title", end="")
    conversation, answer = talk.begin("hi")
    body = b"title=Mine"
    kind = {"content-type": "application/x-www-form-urlencoded"}
    path = f"/conversations/{conversation}/title"
    assert talk.sidecar.request("PUT", path, headers=kind, body=body).status == 200
    go_on.set()
    talk.wait(answer)
    talk.rest()
    head = talk.sidecar.get(f"/conversations/{conversation}/head").text
    assert "Mine" in head


def test_a_follow_up_of_quick_ask_uses_its_draft_up(talk: Talk) -> None:
    conversation, answer = talk.begin("First")
    talk.wait(answer)
    talk.send("/api/v1/quick/draft", text="and then?")
    asked = talk.fetch_json(
        "/api/v1/quick", text="and then?", conversation=conversation
    )
    talk.wait(asked["message_id"])
    assert talk.fetch_json("/api/v1/quick")["draft"] == ""


def test_a_question_nobody_can_answer_is_kept_for_later_once(tmp_path: Path) -> None:
    with Sidecar.start(tmp_path) as sidecar:
        form = urlencode({"text": "What is fire?"}).encode()
        for _ in range(2):
            assert sidecar.post("/api/v1/ask", form).status == 409
        assert sidecar.get("/drafts/new").text == "What is fire?"


@pytest.mark.parametrize("url", ["http://[", "http://[::1", "//[", "http://]["])
def test_an_address_nobody_can_read_is_no_address(talk: Talk, url: str) -> None:
    conversation, answer = talk.begin("First")
    talk.wait(answer)
    headers = {"hx-current-url": url, "hx-request": "true"}
    for method, path in (
        ("GET", "/search?q=First"),
        ("DELETE", f"/conversations/{conversation}"),
    ):
        assert talk.sidecar.request(method, path, headers=headers).status == 200


LONG = ["a", "é", "Ж", "字", "🙂", "%", "\n&", "\u200d"]


@pytest.mark.parametrize("path", ["page", "quick", "command line", "action", "draft"])
@pytest.mark.parametrize("char", LONG, ids=[hex(ord(char[-1])) for char in LONG])
def test_a_text_is_as_long_as_it_may_be_in_any_script(
    talk: Talk, char: str, path: str
) -> None:
    size = MAX_TEXT_CHARS - 2
    text = f"x{(char * size)[:size]}x"
    if path == "draft":
        body = urlencode({"text": text}).encode()
        kind = {"content-type": "application/x-www-form-urlencoded"}
        saved = talk.sidecar.request("PUT", "/drafts/new", headers=kind, body=body)
        assert saved.status == 204
        assert talk.sidecar.get("/drafts/new").text == text
        return
    asked = {
        "page": lambda: talk.send("/conversations", text=text),
        "quick": lambda: talk.send("/api/v1/quick", text=text),
        "command line": lambda: talk.send("/api/v1/ask", text=text),
        "action": lambda: talk.send(f"{action(talk)}", clipboard=text, selection=text),
    }[path]()
    assert asked.status == 200
    talk.rest()
    if path != "action":
        assert contents(talk.asked[-1]) == [text]


def action(talk: Talk) -> str:
    actions = talk.fetch_json("/api/v1/actions")["actions"]
    local = next(each for each in actions if not each["asks_model"])
    return f"/api/v1/actions/{local['id']}/run"


@pytest.mark.parametrize("size", [MAX_TEXT_CHARS + 1, MAX_BODY_BYTES])
def test_a_longer_text_is_refused_with_the_right_number(talk: Talk, size: int) -> None:
    for path in ("/conversations", "/api/v1/quick", "/api/v1/ask", action(talk)):
        field = "clipboard" if path.endswith("run") else "text"
        refused = talk.send(path, **{field: "x" * size})
        assert refused.status in {413, 422}
        words = refused.text
        if path.startswith("/api/"):
            words = json.loads(refused.body)["error"]
        assert "200,000" in words, path


def endless_lines(exchange: Exchange) -> None:
    """Write faster than anybody could render."""
    line = "a line of *plain* text with [a link](https://example.com) | and | bars\n"
    piece = event({"content": line * 300})
    exchange.send(HEAD)
    with contextlib.suppress(OSError):
        while not exchange.gone.wait(0.02):
            exchange.send(piece)


def test_a_server_that_writes_too_fast_keeps_nobody_waiting(talk: Talk) -> None:
    talk.play = endless_lines
    conversation, answer = talk.begin("Be quick")
    for _ in range(60):  # each is given up after ten seconds
        assert talk.sidecar.get(HEALTH_PATH).status == 200
        assert talk.sidecar.get(f"/api/v1/messages/{answer}/picture").status == 200
    path = f"/conversations/{conversation}/stop"
    assert talk.sidecar.request("POST", path, timeout=60).status == 204
    assert talk.wait(answer)["state"] == "stopped"
