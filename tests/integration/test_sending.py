"""What is sent is always somewhere in the page, and drawn once, by the stream."""

import pytest

from tests.helpers.page import Parrot, RealPage
from tests.integration.test_live_pages import (
    BUBBLES,
    FIRE,
    ICE,
    WATER,
    conversation,
    ids,
    page,
    parrot,
    shows,
    window,
)

__all__ = ["page", "parrot", "window"]

pytestmark = [pytest.mark.sidecar, pytest.mark.gui]

NEVER_GONE = """
window.gone = 0;
window.watched = setInterval(() => {
  const shown = document.querySelector('.composer textarea').value
    + document.getElementById('log').innerText;
  if (!shown.includes(%r)) gone += 1;
}, 1);
0
"""
CUT = (
    "document.querySelector('[sse-connect]')['htmx-internal-data']"
    ".sseEventSource.close(); 0"
)


def send(page: RealPage, text: str) -> None:
    """Send a question, and watch that its text is always somewhere in the page."""
    page.wait_for_htmx()
    page.run(f"document.querySelector('.composer textarea').value = {text!r}; 0")
    page.run(NEVER_GONE % text)
    page.run("document.querySelector('.composer').requestSubmit(); 0")
    page.wait_for(f"{BUBBLES}.at(-1)", text)
    page.wait_for("document.querySelector('.composer textarea').value", "")
    assert page.run("clearInterval(watched); gone") == 0


def test_what_is_sent_while_the_stream_is_away_is_shown_and_stays(
    page: RealPage,
) -> None:
    page.run(CUT)
    send(page, WATER)
    page.wait_for(f"{BUBBLES}.length", 3)
    page.show(conversation(page))
    shows(page, FIRE, "Hot.", ICE, "Cold.", WATER, "Wet.")


def test_what_is_sent_before_the_last_one_is_shown_is_not_lost(
    page: RealPage, parrot: Parrot
) -> None:
    parrot.texts["Next?"] = "Last."
    page.run(CUT)
    page.run(
        "window.isNext = false; document.addEventListener('htmx:afterRequest', () => {"
        "const form = document.querySelector('.composer');"
        "if (isNext || !form.dataset.awaited) return;"
        "isNext = true; form.elements.text.value += 'Next?'; form.requestSubmit();"
        "}); 0"
    )
    page.run(f"document.querySelector('.composer textarea').value = {WATER!r}; 0")
    page.run("document.querySelector('.composer').requestSubmit(); 0")
    # It is sent then, or kept with a word that an answer is still being written.
    kept = "document.querySelector('.composer textarea').value"
    page.wait_for(f"isNext && ({kept} === 'Next?' || {BUBBLES}.at(-1) === 'Next?')")
    assert page.run(f"{BUBBLES}.includes({WATER!r})")


def test_the_first_question_is_shown_while_the_stream_is_away(
    window: RealPage,
) -> None:
    window.open("/")
    window.run(CUT)
    send(window, FIRE)
    window.show(conversation(window))
    shows(window, FIRE, "Hot.")


def test_what_is_sent_comes_once_and_asking_answers_no_message(page: RealPage) -> None:
    send(page, WATER)
    shows(page, FIRE, "Hot.", ICE, "Cold.", WATER, "Wet.")
    path = f"{conversation(page)}/messages"
    status, reply = page.request("POST", path, {"text": FIRE})
    assert (status, "<article" in reply) == (200, False)
    shows(page, FIRE, "Hot.", ICE, "Cold.", WATER, "Wet.", FIRE, "Hot.")


def test_retry_is_drawn_by_the_stream(page: RealPage, parrot: Parrot) -> None:
    answer = ids(page)[1]
    parrot.texts[FIRE], hot = "Hotter.", parrot.texts[FIRE]
    page.click(f"#message-{answer} [hx-post$=retry]")
    shows(page, FIRE, "Hotter.")
    parrot.texts[FIRE] = hot
    page.click(".toast [hx-post$=undo]")
    shows(page, FIRE, "Hot.", ICE, "Cold.")
