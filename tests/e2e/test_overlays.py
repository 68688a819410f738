"""What lies over the page for a while: notices, and the line while it reconnects."""

from collections.abc import Iterator
from typing import Final

import pytest

from tests.helpers.dictation import Dictation
from tests.helpers.library import open_library
from tests.helpers.window import Window

pytestmark = pytest.mark.e2e

SIZES: Final = {"usual": (900, 600), "narrow": (720, 480), "zoomed": (450, 300)}
"""In pixels of the page; the last one is a window of 900 by 600 at twice the size."""
BOXES: Final = """(() => {
  const boxes = selector => [...document.querySelectorAll(selector)].map((one) => {
    const { left, top, right, bottom } = one.getBoundingClientRect();
    return [left, top, right, bottom];
  });
  const [left, top, right, bottom] = boxes('#toasts .toast').at(-1);
  const log = document.querySelector('.log-scroll').getBoundingClientRect();
  const seen = ([l, t, r, b]) => [l, Math.max(t, log.top), r, b];
  const isFree = ([l, t, r, b]) => r <= left || l >= right || b <= top || t >= bottom;
  return {
    isInside: left >= 0 && top >= 0 && right <= innerWidth && bottom <= innerHeight,
    isOnTop: document.elementFromPoint((left + right) / 2, (top + bottom) / 2)
      .closest('.toast') !== null,
    covered: boxes('.composer, .message, .message p').map(seen)
      .filter((box) => box[3] > box[1] && !isFree(box)),
  };
})()"""
WATCHED: Final = """(() => {
  window.seen = [];
  const tops = () => ['#main', '.head', '.composer', '.message', '#sidebar-toggle']
    .map((one) => document.querySelector(one).getBoundingClientRect().top);
  const look = () => {
    const banner = document.querySelector('.banner.reconnecting');
    window.seen.push([banner.checkVisibility(), tops().join()]);
  };
  look();
  new MutationObserver(look).observe(
    document.documentElement, { attributeFilter: ['data-sidecar'] });
})()"""


@pytest.fixture(scope="module")
def window(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Window]:
    data_dir = tmp_path_factory.mktemp("overlays") / "data"
    with open_library(data_dir) as library:
        for number in range(9):
            library.talk(f"Talk {number}", ("Why?", "Because."))
    with Dictation() as model, Window.start(data_dir) as window:
        model.serve(window)
        window.click("link", "Talk 8")
        window.wait_for("document.querySelectorAll('.message').length === 2")
        yield window


def resize(window: Window, size: str) -> None:
    width, height = SIZES[size]
    window.send(
        "Emulation.setDeviceMetricsOverride",
        width=width,
        height=height,
        deviceScaleFactor=0,
        mobile=False,
    )


def show_list(window: Window, *, is_shown: bool) -> None:
    wanted = "open" if is_shown else "closed"
    if window.evaluate("document.getElementById('app').dataset.sidebar") != wanted:
        window.click("button", "List of conversations")
    state = f"document.getElementById('app').dataset.sidebar === '{wanted}'"
    window.wait_for(f"{state} && document.getAnimations().every(a => !a.pending)")


@pytest.mark.parametrize("is_shown", [True, False], ids=["list", "no list"])
@pytest.mark.parametrize("size", SIZES)
def test_a_notice_is_seen_and_covers_nothing_that_is_read_or_written(
    window: Window, size: str, *, is_shown: bool
) -> None:
    resize(window, size)
    show_list(window, is_shown=True)
    first = "document.querySelector('#conversations li:last-child')"
    window.evaluate(f"{first}.querySelector('[hx-delete]').click()")
    window.wait_for("document.querySelector('#toasts [data-undo]') !== null")
    show_list(window, is_shown=is_shown)
    found = window.evaluate(BOXES)
    window.photograph(f"notice-{size}-{'list' if is_shown else 'bare'}")
    assert found["isInside"], found
    assert found["isOnTop"], found
    if not (is_shown and size != "usual"):  # there the list itself covers the page
        assert found["covered"] == []
    window.press("F6")
    window.wait_for("document.activeElement.matches('#toasts [data-undo]')")
    window.press("Enter")
    window.wait_for("document.querySelector('#toasts [data-undo]') === null")


@pytest.mark.parametrize("size", SIZES)
def test_nothing_moves_while_it_reconnects(window: Window, size: str) -> None:
    resize(window, size)
    show_list(window, is_shown=False)
    window.evaluate(WATCHED)
    window.sidecar.kill()
    window.wait_for(
        "window.seen.some(([isShown]) => isShown) && !window.seen.at(-1)[0]"
    )
    seen = window.evaluate("window.seen")
    assert len({tops for _, tops in seen}) == 1, seen
