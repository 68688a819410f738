"""A page that is read from right to left has everything at the other side."""

from collections.abc import Iterator
from typing import Final

import pytest

from tests.helpers.dictation import Dictation
from tests.helpers.keyboard import QUIET
from tests.helpers.window import Window

pytestmark = [pytest.mark.e2e, pytest.mark.gui, pytest.mark.sidecar]


@pytest.fixture(scope="module")
def window(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Window]:
    data = tmp_path_factory.mktemp("right-to-left") / "data"
    with Window.start(data) as window:
        window.wait_for(QUIET)
        yield window


def test_the_list_is_at_the_other_side_of_a_page_from_right_to_left(
    window: Window,
) -> None:
    width = window.evaluate("innerWidth")
    box = "document.getElementById('sidebar').getBoundingClientRect()"
    button = "document.getElementById('sidebar-toggle').getBoundingClientRect()"

    def mouse(kind: str, x: int, clicks: int = 1) -> None:
        held = {"button": "left", "clickCount": clicks}
        window.send("Input.dispatchMouseEvent", type=kind, x=x, y=400, **held)

    window.evaluate("document.documentElement.dir = 'rtl'; 0")
    try:
        window.wait_for(f"{box}.left === {width - 260}")
        assert window.evaluate(f"{button}.left > {width - 260}"), "it stands in it"
        mouse("mousePressed", width - 260)
        mouse("mouseMoved", width - 300)
        mouse("mouseMoved", width - 400)
        mouse("mouseReleased", width - 400)
        window.wait_for(f"{box}.left === {width - 400}")
        for clicks in (1, 2):
            mouse("mousePressed", width - 400, clicks)
            mouse("mouseReleased", width - 400, clicks)
        window.wait_for(f"{box}.left === {width - 260}")
        metrics = {"height": 700, "deviceScaleFactor": 1, "mobile": False}
        window.send("Emulation.setDeviceMetricsOverride", width=600, **metrics)
        window.wait_for(f"{box}.left >= 600")
        assert window.evaluate(f"{button}.left > 500")
    finally:
        window.send("Emulation.clearDeviceMetricsOverride")
        window.evaluate("document.documentElement.removeAttribute('dir'); 0")


TITLE: Final = "درجة الحرارة 100 °C اليوم"
READS_100_C: Final = """(selector => {
  const place = document.querySelector(selector);
  const nodes = place ? document.createTreeWalker(place, NodeFilter.SHOW_TEXT) : null;
  const left = letter => {
    nodes.currentNode = place;
    while (nodes.nextNode()) {
      const at = nodes.currentNode.data.indexOf(letter);
      if (at < 0) continue;
      const range = document.createRange();
      range.setStart(nodes.currentNode, at);
      range.setEnd(nodes.currentNode, at + 1);
      return range.getBoundingClientRect().left;
    }
  };
  return nodes !== null && left('1') < left('C');
})"""


def test_a_number_and_its_unit_stay_together_in_titles(
    window: Window, model: Dictation
) -> None:
    model.serve(window)
    window.go("/")
    window.ask(TITLE)
    model.say("نعم")
    model.end()
    for place in ("#head h1", ".conversation-item a"):
        window.wait_for(f"{READS_100_C}({place!r})")
    window.go("/notes/new")
    window.write("textbox", "Note", TITLE)
    window.wait_for(f"{READS_100_C}('#note-title')")
    window.go("/notes")
    window.wait_for(f"{READS_100_C}('#notes .hit-title')")
    window.go("/search?q=100")
    window.wait_for(f"{READS_100_C}('.found-talk h3, .hit-title')")
    window.go("/notes")
    window.click("button", f"Delete {TITLE}")
    window.go("/trash")
    window.wait_for(f"{READS_100_C}('.row-title')")
