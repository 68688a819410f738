"""Search, notes, trash and history as the page uses them, over the real sidecar."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from html import escape
from pathlib import Path
from urllib.parse import quote, urlencode

import pytest

from backend.ids import new_id
from tests.helpers.library import Library, open_library
from tests.helpers.sidecar import Answer, Sidecar

pytestmark = pytest.mark.sidecar

HTMX = {"hx-request": "true"}
FORM = {"content-type": "application/x-www-form-urlencoded", **HTMX}
HOSTILE = "<img src=x onerror=alert(1)> \"quoted\" 'single' & friends"
CANARY = "zanzibarquokka"


@dataclass(frozen=True)
class Shelf:
    """A running sidecar over a library, and what is in it."""

    sidecar: Sidecar
    talk: str
    said: list[str]
    note: str
    deleted_note: str

    def send(
        self, method: str, path: str, shown: dict[str, str] | None = None, at: str = "/"
    ) -> Answer:
        """Send what htmx sends from a page."""
        headers = {**FORM, "hx-current-url": f"http://{self.sidecar.host}{at}"}
        body = urlencode(shown or {}).encode()
        answer = self.sidecar.request(method, path, headers=headers, body=body)
        assert answer.status < 500, self.sidecar.log
        return answer

    def search(self, query: str, at: str = "/", **shown: str) -> Answer:
        """Search as the field does."""
        return self.send("GET", f"/search?{urlencode({'q': query, **shown})}", at=at)

    def undo(self, answer: Answer) -> Answer:
        """Choose Undo, or Redo, in what an answer offers."""
        found = re.search(r'hx-post="(/changes/[^"]+)"', answer.text)
        assert found, answer.text
        return self.send("POST", found[1])


def fill(library: Library, count: int) -> tuple[str, list[str], str, str]:
    """Store what the tests look for."""
    exchanges = [(f"Question {i} on fire", f"Answer {i}: hot.") for i in range(count)]
    talk, said = library.talk("About fire", *exchanges)
    library.talk("Zürich", (HOSTILE, "Das Großmünster."))
    note = library.notes.create(body="# Fire drill\nLeave the house").id
    library.notes.save(note, "# Fire drill\nLeave the house at once", "Fire drill")
    deleted = library.notes.create(body=f"Old idea\n{CANARY}").id
    library.notes.delete(deleted)
    return talk.id, [message.id for message in said], note, deleted


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shelf]:
    """Return one that every test leaves as it was."""
    with open_shelf(
        tmp_path_factory.mktemp("shared") / "data", exchanges=120
    ) as opened:
        yield opened


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def own_shelf(data_dir: Path) -> Iterator[Shelf]:
    """Return one that a test may spoil."""
    with open_shelf(data_dir, exchanges=2) as opened:
        yield opened


@contextmanager
def open_shelf(data_dir: Path, exchanges: int) -> Iterator[Shelf]:
    """Start a sidecar over a filled library."""
    with open_library(data_dir) as library:
        filled = fill(library, exchanges)
    with Sidecar.start(data_dir) as sidecar:
        assert sidecar.wait_for_database() == "connected"
        yield Shelf(sidecar, *filled)


def test_what_is_typed_is_found_and_marked(shelf: Shelf) -> None:
    page = shelf.search("zuri grossm").text
    assert "<mark>" not in page  # ß is no ss
    page = shelf.search("großmu").text
    assert "<mark>Großmünster</mark>" in page
    assert "Zürich" in page
    page = shelf.search("drill").text
    assert f'href="/notes/{shelf.note}"' in page
    assert "<mark>drill</mark>" in page


@pytest.mark.parametrize(
    "query",
    [
        "",
        "f",
        '"',
        '"quoted',
        "'; drop table message; --",
        "fire OR NOT NEAR(",
        "fire* AND -house ^x {y} (z)",
        "text:fire",
        "<script>alert(1)</script>",
        "a" * 5_000,
        "\u200b\u0301\ufffe",
        "北京 😀 fire",
    ],
)
def test_no_query_breaks_the_search_or_the_page(shelf: Shelf, query: str) -> None:
    answer = shelf.search(query)
    assert answer.status == 200
    assert "<script>alert" not in answer.text
    assert shelf.search("fire").text.count("<mark>") > 30


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("", "Search everything"),
        ("?!", "Type a word, a number or a symbol"),
        ("€", "Symbols without a word are searched for only"),
        ("zebra", "contains this."),
        ("zebra crossing", "contains all of these words"),
        ("Q", "contains this."),
    ],
)
def test_the_page_says_why_nothing_was_found(
    shelf: Shelf, query: str, shown: str
) -> None:
    page = shelf.sidecar.get(f"/search?{urlencode({'q': query})}").text
    assert shown in page
    assert "being rebuilt" not in page


def test_what_was_found_is_text_and_nothing_else(shelf: Shelf) -> None:
    page = shelf.search("friends").text
    assert "&lt;img src=x onerror=alert(1)&gt;" in page
    assert "<img" not in page


def test_a_query_with_nul_is_refused_or_answered(shelf: Shelf) -> None:
    answer = shelf.sidecar.request("GET", "/search?q=%00fire%00", headers=HTMX)
    assert answer.status in {200, 422}


def test_one_search_is_one_step_back(shelf: Shelf) -> None:
    first = shelf.search("fir", at="/notes")
    assert first.headers["hx-push-url"] == "/search?q=fir"
    then = shelf.search("fire", at="/search?q=fir", kind="note", when="week")
    assert "hx-push-url" not in then.headers
    assert then.headers["hx-replace-url"] == "/search?q=fire&kind=note&when=week"
    assert "Question" not in then.text
    assert shelf.search("fire", kind="nothing", when="never").status == 200


def test_a_message_that_was_found_is_shown_in_its_place(shelf: Shelf) -> None:
    page = shelf.search('"question 3 on"').text
    found = shelf.said[6]
    path = f"/conversations/{shelf.talk}?around={found}&q=%22question+3+on%22"
    assert f'href="{escape(path)}#message-{found}"' in page
    shown = shelf.send("GET", path).text
    ids = re.findall(r'id="message-([^"]+)"', shown)
    assert ids == shelf.said[: 6 + 51]
    assert f'data-around="{found}"' in shown
    later = re.search(r'hx-get="(/conversations/[^"]+after=[^"]+)"', shown)
    assert later
    rest = shelf.send("GET", later[1]).text
    assert re.findall(r'id="message-([^"]+)"', rest) == shelf.said[57:157]
    assert "Show later messages" in rest


@pytest.mark.parametrize("around", ["nothing", "another conversation"])
def test_a_message_that_is_not_there_leads_to_the_newest(
    shelf: Shelf, around: str
) -> None:
    page = shelf.send("GET", f"/conversations/{shelf.talk}?around={quote(around)}")
    assert page.status == 200
    assert f"message-{shelf.said[-1]}" in page.text


def test_a_deleted_exchange_comes_back_and_goes_again(shelf: Shelf) -> None:
    asked, answered = shelf.said[-2:]
    deleted = shelf.send("DELETE", f"/messages/{asked}")
    log = f"/conversations/{shelf.talk}/log"
    assert asked not in shelf.send("GET", log).text
    undone = shelf.undo(deleted)
    assert "Redo" in undone.text
    assert answered in shelf.send("GET", log).text
    redone = shelf.undo(undone)
    assert asked not in shelf.send("GET", log).text
    shelf.undo(redone)
    assert asked in shelf.send("GET", log).text


def test_a_deleted_or_renamed_conversation_offers_undo(shelf: Shelf) -> None:
    path = f"/conversations/{shelf.talk}"
    with shelf.sidecar.open_events() as events:
        shelf.send("PUT", f"{path}/title", {"title": "Flames"})
        toast = next(event for event in events if event.name == "toast")
    assert "Flames" in shelf.send("GET", "/conversations").text
    shelf.undo(Answer(200, {}, toast.data.encode()))
    assert "About fire" in shelf.send("GET", "/conversations").text
    deleted = shelf.send("DELETE", path)
    assert "About fire" not in shelf.send("GET", "/conversations").text
    assert "About fire" in shelf.send("GET", "/trash").text
    shelf.undo(deleted)
    assert "About fire" in shelf.send("GET", "/conversations").text
    assert "About fire" not in shelf.send("GET", "/trash").text


def test_an_undo_that_is_not_there_is_told(shelf: Shelf) -> None:
    assert shelf.send("POST", "/changes/nothing/undo").status == 404


def test_the_trash_gives_back_and_forgets(own_shelf: Shelf, data_dir: Path) -> None:
    assert "Old idea" in own_shelf.send("GET", "/trash").text
    item = f"/trash/note/{own_shelf.deleted_note}"
    own_shelf.undo(own_shelf.send("POST", f"{item}/restore"))
    assert own_shelf.send("DELETE", f"/trash/note/{own_shelf.note}").status == 404
    assert own_shelf.send("DELETE", item).status == 200
    assert own_shelf.send("POST", f"{item}/restore").status == 404
    assert (
        own_shelf.send("GET", f"/history/note/{own_shelf.deleted_note}").status == 404
    )
    own_shelf.send("DELETE", f"/messages/{own_shelf.said[0]}")
    assert "The trash is empty" in own_shelf.send("DELETE", "/trash").text
    assert own_shelf.said[0] not in own_shelf.send("GET", "/trash").text
    own_shelf.sidecar.stop()
    kept = [file.name for file in data_dir.iterdir() if file.is_file()]
    assert "hearth.db" in kept
    for name in kept:
        raw = (data_dir / name).read_bytes()
        assert CANARY.encode() not in raw, name
        assert b"Question 0 on" not in raw, name


def test_a_note_is_kept_as_it_is_typed_whatever_happens(
    own_shelf: Shelf, data_dir: Path
) -> None:
    note_id = new_id()
    path = f"/notes/{note_id}"
    own_shelf.send("PUT", path, {"body": "# W"}, at="/notes/new")
    body = f"# Water\n{HOSTILE}"
    saved = own_shelf.send("PUT", path, {"body": body}, at="/notes/new")
    assert saved.headers["hx-replace-url"] == path
    assert ">Water</h1>" in saved.text
    own_shelf.sidecar.kill()
    with Sidecar.start(data_dir) as again:
        assert again.wait_for_database() == "connected"
        page = again.get(path).text
        assert "# Water\n&lt;img src=x" in page
        assert "Water" in again.get("/notes").text
        assert "Water" in again.get("/search?q=water").text


def test_a_note_is_looked_at_found_deleted_and_brought_back(shelf: Shelf) -> None:
    preview = shelf.send("POST", "/notes/preview", {"body": f"**bold** {HOSTILE}"})
    assert "<strong>bold</strong>" in preview.text
    assert "<img" not in preview.text
    assert "<mark>house</mark>" in shelf.send("GET", "/notes/list?q=house").text
    assert "No note contains" in shelf.send("GET", "/notes/list?q=castle").text
    deleted = shelf.send("DELETE", f"/notes/{shelf.note}", at="/notes")
    assert "Fire drill" not in shelf.send("GET", "/notes/list").text
    typed = shelf.send("PUT", f"/notes/{shelf.note}", {"body": "on"})
    assert typed.status == 404
    shelf.undo(deleted)
    assert "Fire drill" in shelf.send("GET", "/notes/list").text


def test_a_note_that_is_open_leads_to_the_list_when_it_is_deleted(
    shelf: Shelf,
) -> None:
    path = f"/notes/{new_id()}"
    shelf.send("PUT", path, {"body": "Castle"})
    moved = shelf.send("DELETE", path, at=path)
    assert '"/notes"' in moved.headers["hx-location"]


@pytest.mark.parametrize("note_id", ["nothing", "new:x", "../../etc"])
def test_a_note_has_an_id_of_our_form(shelf: Shelf, note_id: str) -> None:
    path = f"/notes/{quote(note_id, safe='')}"
    assert shelf.send("PUT", path, {"body": "x"}).status == 404


def test_an_earlier_version_is_compared_and_restored(shelf: Shelf) -> None:
    base = f"/history/note/{shelf.note}"
    page = shelf.send("GET", base).text
    (now, first) = re.findall(rf'hx-get="({base}/\d+)"', page)
    assert "<ins> at once</ins>" in shelf.send("GET", now).text
    assert "<ins> at once</ins>" in shelf.send("GET", f"{first}?with=now").text
    restored = shelf.send("POST", f"{first}/restore")
    assert restored.text.count("Current version") == 2
    assert "at once" not in shelf.send("GET", f"/notes/{shelf.note}").text
    assert shelf.send("POST", f"{base}/999999/restore").status == 404
    assert shelf.send("GET", f"{base}/{'9' * 30}").status == 404
