"""What is sent is always somewhere in the page; it and its answer are drawn once."""

import re
import threading

import pytest

from tests.helpers.answer_blocks import bare
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


def begin(
    window: RealPage, parrot: Parrot, question: str, text: str
) -> threading.Event:
    """Ask for an answer that ends when the event is set."""
    parrot.texts[question] = text
    hold = parrot.holds[question] = threading.Event()
    window.open("/")
    window.wait_for_htmx()
    window.run(f"document.querySelector('.composer textarea').value = {question!r}; 0")
    window.run("document.querySelector('.composer').requestSubmit(); 0")
    return hold


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


GROWN = {
    "ul": "\n".join(f"- item {number} is *here*" for number in range(500)),
    "table": "| a | b |\n|---|---|\n"
    + "\n".join(f"| row {number} | *here* |" for number in range(700)),
    "pre": "```\n" + "\n".join(f"line {number}" for number in range(1000)) + "\n```",
    "p": " ".join(f"word {number} and *more*" for number in range(500)),
}


@pytest.mark.parametrize("tag", GROWN)
def test_a_long_block_grows_in_one_piece_and_stays_itself(
    window: RealPage, parrot: Parrot, tag: str
) -> None:
    question = f"Grow a {tag}"
    hold = begin(window, parrot, question, f"# First\n\n{GROWN[tag]}\n\nLast.")
    answer = "[...document.querySelectorAll('.answer')].at(-1)"
    blocks = f"{answer}?.querySelectorAll('.blocks {tag}').length"
    chars = f"({answer}?.querySelector('.prose').innerText.length ?? 0)"
    window.wait_for(blocks, 1)
    window.wait_for(f"{chars} > 3000")
    assert window.run(blocks) == 1
    window.show(conversation(window))
    window.wait_for(f"{chars} > 3000")
    assert window.run(blocks) == 1
    hold.set()
    window.wait_for(f"{answer}.getAttribute('aria-busy')", "false")
    prose = f"{answer}?.querySelector('.prose').innerHTML"
    ended = bare(str(window.run(prose)))
    assert window.run(f"{answer}.querySelectorAll('.prose {tag}').length") == (
        2 if tag == "p" else 1
    )
    window.show(conversation(window))
    window.wait_until(lambda: bare(str(window.run(prose))) == ended)


MIXED = (
    "### Small first\n\nSome *words*, `code` and a note[^1].\n\n"
    "# Larger\n\n> quoted\n>\n> - more\n\n1. one\n\n   more\n2. two\n\n"
    "![x](https://example.com/i.png)\n\n```python\nx = 1\n```\n\n[^1]: The note.\n\n"
    f"| a | b |\n|---|---|\n| 1 | $x$ |\n\n{GROWN['ul']}"
)
ANSWER = "document.querySelector('.answer:last-child')"
LAST_BLOCK = f"{ANSWER}.querySelector('.blocks').lastElementChild"


def shown(page: RealPage) -> str:
    """Return an answer without its number and white space that shows nothing."""
    html = bare(str(page.run(f"{ANSWER}.outerHTML")))
    return re.sub(r' data-seq="\d+"', "", html)


@pytest.mark.parametrize("done", ["0", f"{LAST_BLOCK}.remove()"])
def test_an_answer_that_ended_is_as_in_a_page_opened_now(
    window: RealPage, parrot: Parrot, done: str
) -> None:
    question = f"Mix {done}"
    hold = begin(window, parrot, question, MIXED)
    window.wait_for(f"{LAST_BLOCK} != null")
    window.run(f"{done}; window.fetched = 0; 0")
    window.run(
        "document.addEventListener('htmx:beforeRequest',"
        " ({ target }) => { if (target.id === 'log') fetched += 1; }); 0"
    )
    hold.set()
    window.wait_for(f"{ANSWER}.getAttribute('aria-busy')", "false")
    ended = shown(window)
    assert window.run("fetched") == (0 if done == "0" else 1)
    assert "remote-image" in ended
    assert 'href="#note-' in ended
    window.show(conversation(window))
    window.wait_for(f"{ANSWER} !== null")
    assert shown(window) == ended
