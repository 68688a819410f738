"""Every page and state, light and dark, before axe-core: no violation is left."""

from collections.abc import Callable, Iterator
from typing import Final

import pytest

from tests.helpers.axe import choose_theme, violations
from tests.helpers.dictation import Dictation
from tests.helpers.keyboard import Keyboard
from tests.helpers.library import open_library
from tests.helpers.window import Window

pytestmark = pytest.mark.e2e

RICH: Final = """# One
## Two
### Three
#### Four
##### Five
###### Six

| A wide | table | of | many | columns | that | needs | scrolling | to | be | read |
|---|---|---|---|---|---|---|---|---|---|---|
| {0} | {0} | {0} | {0} | {0} | {0} | {0} | {0} | {0} | {0} | {0} |

1. A list

   ```python
   print("in a list " + "with a line that is too long for its box" * 4)
   ```

- [ ] A task
- [x] Another

> A quote, a [link](https://example.org) and `code`.

```
plain
```
""".replace("{0}", "a-word-that-is-long")
SKIPPING: Final = "#### Four first\n\nwords\n\n# Then one\n\n##### Then five"
RTL: Final = "שלום עולם\n\n- אחת\n- שתיים\n\n> ציטוט"
"""Hebrew, with a list and a quote."""


class Pages:
    """The pages that are looked at, and what leads to them."""

    def __init__(self, window: Window, ids: dict[str, str]) -> None:
        self.window = window
        self.keys = Keyboard(window)
        self.ids = ids

    def open(self, path: str) -> None:
        """Open a path in which names stand for ids."""
        self.keys.open(path.format(**self.ids))

    def violations(self) -> list[str]:
        """Return what axe-core finds in the page as it is."""
        self.keys.rest()
        return violations(self.window)


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pages]:
    data_dir = tmp_path_factory.mktemp("accessibility") / "data"
    with open_library(data_dir) as library:
        many = [(f"Question {n}", f"Answer {n}.") for n in range(30)]
        gone, _ = library.talk("Thrown away", ("Was it?", "It was."))
        library.conversations.delete(gone.id)
        sixty, _ = library.talk("Sixty messages", *many)
        rtl, _ = library.talk("שלום", ("שלום?", RTL))
        rich, said = library.talk("Rich", ("Show me all", RICH), ("Go on", SKIPPING))
        note = library.notes.create("A note", "A note\n\nwith **words**")
        library.notes.save(note.id, "A note\n\nwith other **words**")
        ids = {"rich": rich.id, "rtl": rtl.id, "sixty": sixty.id, "note": note.id}
        ids |= {"gone": gone.id, "answer": said[1].id}
    with Dictation() as model, Window.start(data_dir) as window:
        model.serve(window)
        yield Pages(window, ids)


@pytest.fixture(params=["light", "dark"], scope="module")
def themed(request: pytest.FixtureRequest, pages: Pages) -> Pages:
    """The pages in a theme that was chosen in the menu, by its letters."""
    choose_theme(pages.window, request.param)
    return pages


def nothing(_: Pages) -> None:
    """Look at the page as it is opened."""


def editing(pages: Pages) -> None:
    pages.keys.focus("#log .question [hx-get$='/edit']")
    pages.keys.press("Enter")
    pages.window.wait_for("document.querySelector('.editing textarea') !== null")


def open_menu(pages: Pages) -> None:
    pages.keys.focus("#conversations [popovertarget]")
    pages.keys.press("Enter")
    pages.keys.expect("[role=menuitem]")


def open_question(pages: Pages) -> None:
    pages.keys.focus("#trash [popovertarget]")
    pages.keys.press("Enter")
    pages.keys.expect("[role=dialog]")


def renaming(pages: Pages) -> None:
    pages.keys.focus("#conversations li a")
    pages.keys.press("F2")
    pages.window.wait_for("document.querySelector('.renaming') !== null")


def toast(pages: Pages) -> None:
    pages.keys.focus("#conversations li:last-child a")
    pages.keys.press("z", "Control")
    pages.window.wait_for("document.querySelector('#toasts .toast') !== null")


def differences(pages: Pages) -> None:
    pages.window.evaluate("document.querySelector('#main summary').click()")
    pages.window.wait_for("document.querySelector('.differences') !== null")


def previewing(pages: Pages) -> None:
    pages.window.evaluate("document.querySelector('#note-preview-toggle').click()")
    pages.window.wait_for("document.querySelector('#note-preview strong') !== null")


PAGES: Final[dict[str, tuple[str, Callable[[Pages], None]]]] = {
    "new conversation": ("/", nothing),
    "rich answer": ("/conversations/{rich}", nothing),
    "right to left": ("/conversations/{rtl}", nothing),
    "sixty messages": ("/conversations/{sixty}", nothing),
    "a hit": ("/conversations/{sixty}?around={answer}", nothing),
    "in the trash": ("/conversations/{gone}", nothing),
    "editing": ("/conversations/{rich}", editing),
    "open menu": ("/conversations/{rich}", open_menu),
    "renaming": ("/conversations/{rich}", renaming),
    "a message at the edge": ("/conversations/{rich}", toast),
    "notes": ("/notes", nothing),
    "note": ("/notes/{note}", nothing),
    "note, previewed": ("/notes/{note}", previewing),
    "new note": ("/notes/new", nothing),
    "history of a note": ("/history/note/{note}", differences),
    "history of a message": ("/history/message/{answer}", nothing),
    "trash": ("/trash", nothing),
    "trash, asked": ("/trash", open_question),
    "quick actions": ("/actions", nothing),
    "new action": ("/actions/new", nothing),
    "settings": ("/settings", nothing),
    "models": ("/models", nothing),
    "search, nothing typed": ("/search", nothing),
    "search, hits": ("/search?q=Question", nothing),
    "search, none": ("/search?q=nowheretobefound", nothing),
    "imports": ("/imports", nothing),
    "backups": ("/backups", nothing),
    "encryption": ("/encryption", nothing),
    "devices": ("/devices", nothing),
    "unknown path": ("/nowhere/at/all", nothing),
}


@pytest.mark.parametrize(("path", "prepare"), PAGES.values(), ids=PAGES)
def test_no_page_has_a_violation(
    themed: Pages, path: str, prepare: Callable[[Pages], None]
) -> None:
    themed.open(path)
    prepare(themed)
    assert themed.violations() == []


def test_the_drawer_has_no_violation(themed: Pages) -> None:
    themed.open("/")
    themed.window.send(
        "Emulation.setDeviceMetricsOverride",
        width=600,
        height=700,
        deviceScaleFactor=1,
        mobile=False,
    )
    try:
        themed.keys.focus("#sidebar-toggle")
        themed.keys.press("Enter")
        themed.window.wait_for("document.getElementById('stage').inert")
        assert themed.violations() == []
    finally:
        themed.window.send("Emulation.clearDeviceMetricsOverride")
