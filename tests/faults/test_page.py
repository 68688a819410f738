"""What a person sees and keeps while the sidecar is away."""

import json
import os
import signal
import socket
from collections.abc import Iterator

import pytest

from backend.interface.protocol import LOOPBACK
from tests.helpers.fault_injection import LAST_ANSWER, Trials
from tests.helpers.keyboard import QUIET
from tests.helpers.processes import find_fork_server
from tests.helpers.window import is_still, until

pytestmark = pytest.mark.e2e

STATE = "document.documentElement.dataset.sidecar"
FIELD = "document.querySelector('.composer textarea')"
SCROLLED = "document.querySelector('.log-scroll')"
OFFER = "document.querySelector('#toasts .warning button') !== null"
BUBBLES = "[...document.querySelectorAll('#log .bubble')].map(b => b.innerText.trim())"
QUESTIONS = "document.querySelectorAll('#log .question').length"


@pytest.fixture
def conversation(trials: Trials) -> Iterator[Trials]:
    """An open conversation whose answer was stopped."""
    trials.open("/")
    trials.ask("Count")
    trials.window.wait_for(f"{LAST_ANSWER}.innerText.length > 60")
    trials.window.click("button", "Stop")
    trials.window.wait_for(f"{LAST_ANSWER}.getAttribute('aria-busy') === 'false'")
    # Else a kill takes Stop's own request too, which then is offered again.
    trials.window.wait_for(QUIET)
    trials.window.evaluate("window.marker = 'the same page'")
    trials.window.evaluate(f"{FIELD}.value = ''")
    yield trials
    until(trials.is_usable, "the page")


def draft_of_this(trials: Trials) -> str | None:
    path = str(trials.window.evaluate("location.pathname"))
    return trials.request(path.replace("/conversations/", "/drafts/"))


def test_what_is_typed_meanwhile_is_stored_when_it_is_back(
    conversation: Trials,
) -> None:
    window = conversation.window
    window.sidecar.suspend()
    window.sidecar.kill()
    window.wait_for(f"{STATE} === 'reconnecting'")
    window.write("textbox", "Message", "typed while it was away")
    assert "Reconnecting" in window.evaluate(
        "document.querySelector('.banner.reconnecting').innerText"
    )
    until(conversation.is_usable, "the page")
    until(lambda: draft_of_this(conversation) == "typed while it was away", "the draft")
    assert window.evaluate("window.marker") == "the same page"
    assert not window.evaluate(
        "document.querySelector('.banner.reconnecting').checkVisibility()"
    )


def test_scroll_and_selection_stay_where_they_are(conversation: Trials) -> None:
    window = conversation.window
    window.evaluate(
        f"{SCROLLED}.style.maxHeight = '80px'; {SCROLLED}.scrollTop = -30;"
        "getSelection().selectAllChildren(document.querySelector('.bubble')); 0"
    )
    # The browser holds what is read in a frame after the box became lower.
    window.evaluate(is_still(SCROLLED))
    place = f"[{SCROLLED}.scrollTop, getSelection().toString()].join()"
    before = window.evaluate(place)
    assert before != "0,"
    window.sidecar.kill()
    window.wait_for(f"{STATE} !== 'ready'")
    until(conversation.is_usable, "the page")
    window.wait_for("document.querySelector('#conversations li') !== null")
    assert window.evaluate(place) == before
    assert window.evaluate("window.marker") == "the same page"


def test_a_message_that_could_not_be_sent_is_offered_again(
    conversation: Trials,
) -> None:
    window = conversation.window
    before = window.evaluate(QUESTIONS)
    # The next one would be there before the question is.
    sidecar, server = window.sidecar, find_fork_server(window.children)
    assert server
    server.suspend()
    sidecar.kill()
    window.ask("Sent into the void")
    window.wait_for(OFFER)
    server.resume()
    assert window.evaluate(f"{FIELD}.value") == "Sent into the void"
    until(conversation.is_usable, "the page")
    window.click("button", "Send again")
    window.wait_for(f"{QUESTIONS} === {before + 1}")
    window.click("button", "Stop")


@pytest.mark.parametrize("delay_ms", [0, 10, 40])
def test_a_message_in_flight_is_asked_exactly_once(
    conversation: Trials, delay_ms: int
) -> None:
    window = conversation.window
    text = f"In flight {delay_ms}"
    window.write("textbox", "Message", text)
    window.evaluate(
        f"{FIELD}.form.requestSubmit();"
        f"new Promise(done => setTimeout(done, {delay_ms}))"
    )
    window.sidecar.kill()
    window.wait_for(f"{STATE} !== 'ready'")
    until(conversation.is_usable, "the page")
    if window.evaluate(OFFER):
        window.click("button", "Send again")
    window.wait_for(f"{FIELD}.value === ''")
    window.wait_for(f"({BUBBLES}).includes({json.dumps(text)})")
    path = str(window.evaluate("location.pathname"))
    stored = until(lambda: conversation.request(f"{path}/log"), "the log")
    assert stored.count(text) == 1
    assert window.evaluate(BUBBLES).count(text) == 1
    if window.has("button", "Stop"):
        window.click("button", "Stop")


def test_what_is_sent_slowly_does_not_come_back_as_a_draft(trials: Trials) -> None:
    window = trials.window
    trials.open("/")
    trials.clear_field()
    sidecar = window.sidecar
    sidecar.suspend()
    window.ask("Slowly")
    window.evaluate("new Promise(done => setTimeout(done, 600))")
    sidecar.resume()
    window.wait_for(f"({BUBBLES}).includes('Slowly')")
    assert trials.request("/drafts/new") == ""
    window.click("button", "Stop")


def test_on_another_port_the_same_place_is_opened_with_all_that_was_typed(
    conversation: Trials,
) -> None:
    window = conversation.window
    window.evaluate(f"{SCROLLED}.style.maxHeight = '80px'; 0")
    path, port = window.evaluate("location.pathname"), window.port
    shell = window.process
    shell.send_signal(signal.SIGSTOP)
    sidecar = window.sidecar
    sidecar.kill()
    with socket.socket() as thief:
        thief.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)

        def is_taken() -> bool:
            try:
                thief.bind((LOOPBACK, port))
            except OSError:
                return False
            return True

        until(is_taken, "the port")
        thief.listen()
        os.kill(shell.pid, signal.SIGCONT)
        window.wait_for(f"{STATE} === 'reconnecting'")
        window.write("textbox", "Message", "typed before the move")
        window.wait_for(f"location.port !== '{port}'")
        window.wait_for(f"{FIELD}?.value === 'typed before the move'")
    assert window.evaluate("location.pathname") == path
    assert window.evaluate("document.activeElement.tagName") == "TEXTAREA"
    until(lambda: draft_of_this(conversation) == "typed before the move", "the draft")


def test_a_temporary_chat_that_is_lost_can_still_be_copied(trials: Trials) -> None:
    window = trials.window
    trials.open("/")
    window.click("link", "New temporary chat")
    window.wait_for("document.querySelector('.temporary') !== null")
    trials.ask("Count")
    window.wait_for(f"{LAST_ANSWER}.innerText.length > 60")
    window.write("textbox", "Message", "not sent")
    window.sidecar.kill()
    window.wait_for("document.querySelector('#gone').innerText.includes('is gone')")
    assert window.evaluate(f"{LAST_ANSWER}.innerText.length > 60")
    assert window.evaluate(f"{FIELD}.value") == "not sent"
    window.click("link", "New temporary chat")
    window.wait_for(
        f"document.querySelector('#gone')?.innerText === '' && {QUESTIONS} === 0"
    )
    until(trials.is_usable, "the page")
