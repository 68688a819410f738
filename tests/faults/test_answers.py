"""An answer belongs to the sidecar: no window, page or kill takes text from it."""

import pytest

from tests.helpers.fault_injection import IS_BUSY, LAST_ANSWER, Trials
from tests.helpers.window import until

pytestmark = pytest.mark.e2e

PROSE = f"{LAST_ANSWER}.querySelector('.prose').innerText"
IS_THE_LAST_STOPPED = f"{LAST_ANSWER}.getAttribute('aria-busy') === 'false'"
SECOND_STREAM = """
window.heard = [];
const stream = new EventSource("/events");
stream.addEventListener("messages", event => heard.push(JSON.parse(event.data)));
new Promise(opened => { stream.onopen = () => opened(true) })
"""


@pytest.fixture
def answer(trials: Trials) -> str:
    """The id of an answer that has begun to grow."""
    trials.open("/")
    message_id = trials.ask("Count")
    grow(trials, 60)
    return message_id


def grow(trials: Trials, chars: int) -> None:
    before = len(trials.window.evaluate(PROSE))
    trials.window.wait_for(f"{PROSE}.length > {before + chars}")


def stop(trials: Trials) -> None:
    trials.window.click("button", "Stop")
    trials.window.wait_for(IS_THE_LAST_STOPPED)


def test_a_killed_sidecar_leaves_what_arrived_with_two_ways_on(
    trials: Trials, answer: str
) -> None:
    trials.window.sidecar.kill()
    trials.window.wait_for(IS_THE_LAST_STOPPED)
    kept = trials.compare(answer)
    assert kept.startswith(trials.server.said[0][1])
    assert "Interrupted" in trials.window.evaluate(f"{LAST_ANSWER}.innerText")
    assert trials.window.has("button", "Retry")
    trials.window.click("button", "Continue")
    trials.window.wait_for(IS_BUSY)
    grow(trials, 60)
    stop(trials)
    assert trials.compare(answer).startswith(kept)
    trials.window.click("button", "Retry")
    trials.window.wait_for(IS_BUSY)
    grow(trials, 60)
    stop(trials)
    again = trials.window.evaluate(f"{LAST_ANSWER}.id.slice('message-'.length)")
    assert not trials.compare(again).startswith(kept)
    assert trials.window.has("button", "Earlier version")


def test_reloading_the_page_neither_stops_nor_repeats_it(
    trials: Trials, answer: str
) -> None:
    for _ in range(5):
        trials.window.evaluate("window.marker = 'old page'; location.reload()")
        trials.window.wait_for("!window.marker && document.readyState === 'complete'")
        grow(trials, 20)
    stop(trials)
    trials.compare(answer)


def test_leaving_the_conversation_does_not_stop_it(trials: Trials, answer: str) -> None:
    path = str(trials.window.evaluate("location.pathname"))
    words = len(trials.server.said)
    trials.open("/settings")
    until(lambda: len(trials.server.said) > words + 20, "more words")
    trials.open(path)
    assert trials.window.evaluate(IS_BUSY)
    stop(trials)
    trials.compare(answer)


def test_two_streams_hear_the_same(trials: Trials, answer: str) -> None:
    assert trials.window.evaluate(SECOND_STREAM)
    grow(trials, 60)
    stop(trials)
    trials.window.wait_for("heard.some(event => event.part === 'ended')")
    blocks = "heard.filter(event => event.part === 'blocks').map(event => event.html)"
    parsed = f"new DOMParser().parseFromString({blocks}.join(''), 'text/html')"
    heard = str(trials.window.evaluate(f"{parsed}.body.innerText"))
    assert heard.split() == trials.compare(answer).split()
    ends = "heard.filter(event => ['ended', 'whole'].includes(event.part)).length"
    assert trials.window.evaluate(ends) == 1
