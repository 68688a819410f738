"""A person reads a long answer while it is written, and is left alone."""

import json
from collections.abc import Iterator
from typing import Final

import pytest

from tests.helpers.dictation import Dictation
from tests.helpers.htmx import SETTLED
from tests.helpers.library import open_library
from tests.helpers.window import Window, is_still

pytestmark = pytest.mark.e2e

BOX: Final = "document.querySelector('.log-scroll')"
BUSY: Final = "document.querySelector('#log [aria-busy=true]') !== null"
STILL: Final = is_still(BOX)
MARKED: Final = """(() => {
  const box = document.querySelector('.log-scroll').getBoundingClientRect();
  const read = [...document.querySelectorAll('.prose p')].find((one) => {
    const { top, bottom } = one.getBoundingClientRect();
    return top > box.top + 20 && bottom < box.bottom - 20;
  });
  window.read = read;
  return read.innerText;
})()"""
"""Marks a paragraph in view and returns its words."""
Y: Final = "window.read.isConnected && window.read.getBoundingClientRect().top"
CODE: Final = "```python\n" + "print('some code', 1)\n" * 12 + "```\n\n"


def paragraphs(name: str, count: int) -> str:
    return "".join(f"{name} {i}. " + "words " * 30 + "\n\n" for i in range(count))


@pytest.fixture(scope="module")
def window(
    tmp_path_factory: pytest.TempPathFactory, model: Dictation
) -> Iterator[Window]:
    data_dir = tmp_path_factory.mktemp("reading") / "data"
    with open_library(data_dir) as library:
        exchanges = [(f"Question {i}", paragraphs(f"Old {i}", 3)) for i in range(120)]
        library.talk("A long talk", *exchanges)
        library.talk("A short talk", ("Short question", "Short answer"))
    with Window.start(data_dir) as window:
        model.serve(window)
        yield window


def begin(window: Window) -> None:
    """Show a new conversation: what is typed into the page before does not count."""
    window.evaluate("document.getElementById('composer')?.classList.add('old')")
    window.click("button", "New conversation")
    new = "#composer:not(.old) .model [name=choice]"
    window.wait_for(f"document.querySelector('{new}') !== null")


@pytest.fixture
def answering(window: Window, model: Dictation) -> Iterator[Window]:
    """A conversation in which an answer of some pages is being written."""
    begin(window)
    window.ask("Tell me a long story")
    window.wait_for(BUSY)
    model.say(paragraphs("Told", 20))
    shows(window, "Told 19.")
    yield window
    if window.evaluate(BUSY):
        model.end()
        window.wait_for(f"!({BUSY})")


def shows(window: Window, words: str) -> None:
    said = "document.getElementById('log').innerText"
    window.wait_for(f"{said}.includes({json.dumps(words)})")


def scroll(window: Window, pixels: int) -> None:
    """Turn the wheel in steps and wait until the page rests."""
    step = 120 if pixels > 0 else -120
    before = window.evaluate(f"{BOX}.scrollTop")
    for _ in range(abs(pixels) // 120):
        window.wheel(".log-scroll", step)
    window.wait_for(f"{BOX}.scrollTop !== {before}")
    window.evaluate(STILL)


def test_who_scrolled_up_reads_on_while_it_grows_and_ends(
    answering: Window, model: Dictation
) -> None:
    window = answering
    scroll(window, -600)
    window.evaluate(MARKED)
    before = window.evaluate(Y)
    model.say("And then:\n\n" + CODE)
    for number in range(20):
        model.say(f"More {number} of it. " * 9 + "\n\n")
        shows(window, f"More {number} of it.")
        assert window.evaluate(Y) == pytest.approx(before, abs=1)
    model.say("- a list\n- that\n- goes on\n\n| a | b |\n|---|---|\n| 1 | 2 |\n")
    shows(window, "goes on")
    model.end()
    window.wait_for(f"!({BUSY})")
    window.evaluate(STILL)
    assert window.evaluate(Y) == pytest.approx(before, abs=1)
    window.find("button", "Jump to latest")
    window.click("button", "Jump to latest")
    window.wait_for(f"{BOX}.scrollTop === 0")


def test_the_reader_of_the_growing_words_is_left_alone(
    answering: Window, model: Dictation
) -> None:
    """What is read is in the block that is still written, or just finished."""
    window = answering
    model.say("- item one " + "of many words " * 60 + "\n")
    model.say("- item two " + "of many words " * 60)
    shows(window, "item two")
    scroll(window, -240)
    items = "[...document.querySelectorAll('.answer:last-child li')]"
    item = f"{items}.find(one => one.innerText.startsWith('item two'))"
    item += ".getBoundingClientRect().top"
    before = window.evaluate(item)
    model.say("and on " * 300)
    shows(window, "and on and on")
    assert window.evaluate(item) == pytest.approx(before, abs=1)
    model.say("\n\n" + CODE + "Next.\n\n" + "Last words.")
    shows(window, "Last words.")
    assert window.evaluate(item) == pytest.approx(before, abs=1)
    model.end()
    window.wait_for(f"!({BUSY})")
    assert window.evaluate(item) == pytest.approx(before, abs=1)


def test_the_end_is_followed_and_found_again(
    answering: Window, model: Dictation
) -> None:
    window = answering
    assert window.evaluate(f"{BOX}.scrollTop") == 0
    model.say(paragraphs("Followed", 5))
    shows(window, "Followed 4.")
    assert window.evaluate(f"{BOX}.scrollTop") == 0
    scroll(window, -360)
    assert window.evaluate(f"{BOX}.scrollTop") < -300
    scroll(window, 360)
    model.say(paragraphs("Found", 5))
    shows(window, "Found 4.")
    window.wait_for(f"{BOX}.scrollTop === 0")


def test_page_up_leaves_the_end_and_the_key_end_goes_back(
    answering: Window, model: Dictation
) -> None:
    window = answering
    window.evaluate(f"{BOX}.focus()")
    window.press("PageUp")
    window.wait_for(f"{BOX}.scrollTop < -200")
    window.evaluate(STILL)
    window.evaluate(MARKED)
    before = window.evaluate(Y)
    model.say(paragraphs("Paged", 6))
    shows(window, "Paged 5.")
    assert window.evaluate(Y) == pytest.approx(before, abs=1)
    window.press("End")
    model.say(paragraphs("Ended", 6))
    shows(window, "Ended 5.")
    window.wait_for(f"{BOX}.scrollTop === 0")


IMAGE_COMES: Final = """document.addEventListener('htmx:beforeSwap', ({ detail }) => {
  if (!detail.requestConfig?.path.endsWith('/images')) return;
  const svg = '<svg xmlns="http://www.w3.org/2000/svg" width="300" height="300"/>';
  detail.shouldSwap = true;
  detail.isError = false;
  detail.target = detail.requestConfig.elt;
  detail.swapOverride = 'outerHTML';
  detail.serverResponse = `<img src="data:image/svg+xml,${encodeURIComponent(svg)}">`;
})"""
"""Brings an image whatever the sidecar answers, which loads none of this computer."""


def test_an_image_that_is_loaded_moves_nothing_that_is_read(
    answering: Window, model: Dictation
) -> None:
    window = answering
    model.say(f"![A view](http://127.0.0.1:9/view.png)\n\n{paragraphs('Below', 9)}")
    model.end()
    window.wait_for(f"!({BUSY})")
    scroll(window, -240)
    window.evaluate(MARKED)
    before = window.evaluate(Y)
    window.evaluate(IMAGE_COMES)
    window.evaluate("document.querySelector('.remote-image button').click()")
    image = "document.querySelector('#log .prose img')"
    window.wait_for(f"{image}?.complete && {image}.naturalHeight === 300")
    assert window.evaluate(f"{image}.getBoundingClientRect().height") > 100
    assert window.evaluate(Y) == pytest.approx(before, abs=1)


def test_thoughts_that_unfold_and_fold_move_nothing_below_that_is_read(
    window: Window, model: Dictation
) -> None:
    begin(window)
    window.ask("Think of a long story")
    window.wait_for(BUSY)
    model.think("I think of many things. " * 200)
    window.wait_for("document.querySelector('#log .reasoning:not([hidden])') !== null")
    model.say(paragraphs("Thought", 20))
    shows(window, "Thought 19.")
    scroll(window, -360)
    window.evaluate(MARKED)
    before = window.evaluate(Y)
    thoughts = "document.querySelector('#log .reasoning')"
    for is_open in (True, False):
        window.evaluate(f"{thoughts}.querySelector('summary').click()")
        window.wait_for(f"{thoughts}.open === {str(is_open).lower()}")
        window.evaluate(STILL)
        assert window.evaluate(Y) == pytest.approx(before, abs=1)
    model.end()
    window.wait_for(f"!({BUSY})")
    window.evaluate(STILL)
    assert window.evaluate(Y) == pytest.approx(before, abs=1)


def counts(window: Window) -> dict[str, int]:
    """Count what the page keeps, after all garbage was collected."""
    for _ in range(3):
        window.send("HeapProfiler.collectGarbage")
    reply = window.send("Memory.getDOMCounters")
    return {name: int(number) for name, number in reply.items()}


def switch(window: Window) -> None:
    # Found by the page itself: what the developer protocol finds is kept by it.
    for title in ("A long talk", "A short talk"):
        link = f"document.querySelector('.sidebar-list a[title=\"{title}\"]')"
        window.wait_for(f"{link} !== null && {SETTLED}")
        window.evaluate(f"{link}.click()")
        window.wait_for(f"document.querySelector('#head h1')?.innerText === '{title}'")
        window.wait_for("document.querySelector('.model [name=choice]') !== null")


def test_conversations_that_were_left_are_not_kept(window: Window) -> None:
    window.send("HeapProfiler.enable")
    for _ in range(3):
        switch(window)
    before = counts(window)
    for _ in range(20):
        switch(window)
    after = counts(window)
    for name, number in before.items():
        assert after[name] == pytest.approx(number, rel=0.2), (before, after)


def test_what_was_told_long_ago_is_not_kept(window: Window) -> None:
    window.send("HeapProfiler.enable")
    # What is heard now is kept for a page that was asked for before.
    window.evaluate("""(() => {
      const told = (seq) => ({ seq, message: `${seq}`, part: "added", html: "<p>" });
      const [old, young] = [told(1), told(2)];
      [window.old, window.young] = [old, young].map((event) => new WeakRef(event));
      hearthMessages.hear(old);
      const now = performance.now.bind(performance);
      performance.now = () => now() + 301_000;
      hearthMessages.hear(young);
      delete performance.now;
    })()""")
    counts(window)
    assert window.evaluate("window.old.deref() === undefined")
    assert window.evaluate("window.young.deref()?.seq") == 2
