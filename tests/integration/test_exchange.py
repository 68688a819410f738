"""Export and import through the real sidecar, as page and shell use them."""

import json
import re
import time
import zipfile
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urlencode

import pytest

from backend.store.database import Database
from backend.store.notes import NoteStore
from tests.helpers import export_samples
from tests.helpers.sidecar import Answer, Sidecar

pytestmark = pytest.mark.sidecar

TABLES = {
    "conversation": "id, created_at, updated_at, deleted_at, title, title_source,"
    " engine_id, model, latest, cjk",
    "message": "id, created_at, updated_at, deleted_at, conversation_id, role, text,"
    " reasoning, state, error, engine, model, reply_to, cjk",
    "note": "id, created_at, updated_at, deleted_at, title, body, cjk",
}


@pytest.fixture
def sidecar(tmp_path: Path) -> Iterator[Sidecar]:
    with Sidecar.start(tmp_path / "data") as started:
        assert started.wait_for_database() == "connected"
        yield started


def post(sidecar: Sidecar, route: str, **text: str) -> Answer:
    return sidecar.post(route, urlencode(text).encode())


def wait_for(sidecar: Sidecar, words: str, *, path: str = "/imports/state") -> str:
    """Return the page's fragment once it says something."""
    deadline = time.monotonic() + 60
    while words not in (shown := sidecar.get(path).text):
        assert time.monotonic() < deadline, f"{shown}\n{sidecar.log}"
        time.sleep(0.02)
    return shown


def look(sidecar: Sidecar, path: Path) -> str:
    """Let it look at a file; return the id of the import."""
    assert post(sidecar, "/imports", path=str(path)).status == 204
    shown = wait_for(sidecar, "Import</button>")
    found = re.search(r"/imports/([0-9a-f-]+)/begin", shown)
    assert found
    return found[1]


def bring_in(sidecar: Sidecar, path: Path) -> tuple[str, str]:
    """Import a file; return the id of the import and what the page says."""
    import_id = look(sidecar, path)
    assert post(sidecar, f"/imports/{import_id}/begin").status == 204
    return import_id, wait_for(sidecar, "Imported from")


def write_out(sidecar: Sidecar, path: Path, what: str, form: str) -> Path:
    with sidecar.open_events() as events:
        answer = post(sidecar, "/exports", what=what, format=form, path=str(path))
        assert answer.status == 204, answer.text
        text = next(event.data for event in events if event.name == "toast")
    assert "Exported to" in text, text
    return path


def rows_of(data_dir: Path) -> dict[str, list[tuple[object, ...]]]:
    database = Database.open(data_dir / "hearth.db")
    with database.read() as session:
        run = session.connection().exec_driver_sql
        found = {
            table: [tuple(row) for row in run(f"select {c} from {table} order by id")]
            for table, c in TABLES.items()
        }
    database.close()
    return found


def save(path: Path, value: object) -> Path:
    path.write_text(json.dumps(value), "utf-8")
    return path


def test_a_file_is_looked_at_imported_once_and_taken_back(
    sidecar: Sidecar, tmp_path: Path
) -> None:
    talks = [export_samples.chatgpt(n, title=f"Star {n}") for n in range(60)]
    path = save(tmp_path / "conversations.json", talks)
    import_id = look(sidecar, path)
    preview = sidecar.get("/imports/state").text
    assert (
        "60 conversations and 300 messages (120 of them in other versions)" in preview
    )
    assert "from ChatGPT, written between 14 November 2023" in preview
    assert "Star 59" not in sidecar.get("/conversations").text
    assert post(sidecar, f"/imports/{import_id}/begin").status == 204
    assert "60 new conversations with 300 messages" in wait_for(
        sidecar, "Imported from"
    )
    assert "Star 59" in sidecar.get("/conversations").text
    _, again = bring_in(sidecar, path)
    assert "60 were already here." in again
    assert post(sidecar, f"/imports/{import_id}/undo").status == 204
    wait_for(sidecar, "Undone.")
    assert "Star" not in sidecar.get("/conversations").text
    assert post(sidecar, f"/imports/{import_id}/undo").status == 409


def test_cancelling_takes_back_what_was_stored(
    sidecar: Sidecar, tmp_path: Path
) -> None:
    talks = [export_samples.chatgpt(n) for n in range(3_000)]
    import_id = look(sidecar, save(tmp_path / "conversations.json", talks))
    assert post(sidecar, f"/imports/{import_id}/begin").status == 204
    deadline = time.monotonic() + 30
    while "Stars" not in sidecar.get("/conversations").text:
        assert time.monotonic() < deadline
    assert post(sidecar, f"/imports/{import_id}/cancel").status == 204
    wait_for(sidecar, "Undone.")
    assert "Stars" not in sidecar.get("/conversations").text


def test_an_import_cut_off_by_a_crash_is_taken_back_at_the_next_start(
    tmp_path: Path,
) -> None:
    talks = [export_samples.chatgpt(n) for n in range(3_000)]
    path = save(tmp_path / "conversations.json", talks)
    with Sidecar.start(tmp_path / "data") as first:
        first.wait_for_database()
        import_id = look(first, path)
        post(first, f"/imports/{import_id}/begin")
        deadline = time.monotonic() + 30
        while "Stars" not in first.get("/conversations").text:
            assert time.monotonic() < deadline
        first.kill()
    with Sidecar.start(tmp_path / "data") as second:
        second.wait_for_database()
        wait_for(second, "Undone.")
        assert "Stars" not in second.get("/conversations").text


def test_a_file_that_is_no_export_is_refused_in_words(
    sidecar: Sidecar, tmp_path: Path
) -> None:
    path = save(tmp_path / "x.json", {"a": 1})
    assert post(sidecar, "/imports", path=str(path)).status == 204
    assert "Hearth does not recognise this file" in wait_for(sidecar, 'role="alert"')


def test_a_path_that_leads_nowhere_is_refused(sidecar: Sidecar) -> None:
    for path in ("", "relative.json", "/no/such/file", "/a\0b"):
        assert post(sidecar, "/imports", path=path).status == 422, path


def test_a_file_that_changed_after_the_look_is_not_imported(
    sidecar: Sidecar, tmp_path: Path
) -> None:
    path = save(tmp_path / "conversations.json", [export_samples.chatgpt()])
    import_id = look(sidecar, path)
    save(path, [export_samples.chatgpt(), export_samples.chatgpt(2)])
    assert post(sidecar, f"/imports/{import_id}/begin").status == 409


def test_what_is_exported_as_json_comes_back_the_same(tmp_path: Path) -> None:
    talks = [export_samples.chatgpt(n, title="星" if n else "") for n in range(70)]
    source = save(tmp_path / "conversations.json", talks)
    (tmp_path / "one").mkdir()
    database = Database.open(tmp_path / "one" / "hearth.db")
    note = NoteStore(database).create()
    NoteStore(database).save(note.id, "Milk\n\nand “bread” 🥖")
    database.close()
    exported = tmp_path / "all.json"
    with Sidecar.start(tmp_path / "one") as first:
        first.wait_for_database()
        bring_in(first, source)
        write_out(first, exported, "all", "json")
    with Sidecar.start(tmp_path / "two") as second:
        second.wait_for_database()
        bring_in(second, exported)
        _, again = bring_in(second, exported)
        assert "71 were already here." in again
    one, two = rows_of(tmp_path / "one"), rows_of(tmp_path / "two")
    assert one == two
    assert len(one["message"]) == 350


def test_everything_as_pages_is_a_zip_of_them(sidecar: Sidecar, tmp_path: Path) -> None:
    talks = [export_samples.chatgpt(1, "../a/b: <c>"), export_samples.chatgpt(2, "con")]
    bring_in(sidecar, save(tmp_path / "conversations.json", talks))
    for form in ("md", "html"):
        path = write_out(sidecar, tmp_path / f"{form}.zip", "all", form)
        with zipfile.ZipFile(path) as archive:
            assert archive.testzip() is None
            first, second = archive.namelist()
        assert re.fullmatch(rf"conversations/2023-11-1\d a b c \w+\.{form}", first)
        assert re.fullmatch(rf"conversations/2023-11-1\d Untitled \w+\.{form}", second)


class Attributes(HTMLParser):
    """The names of all attributes of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()

    def handle_starttag(self, _: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names |= {name for name, _ in attrs}


HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)> [x](javascript:1)"


def test_a_page_stands_alone_and_runs_nothing(sidecar: Sidecar, tmp_path: Path) -> None:
    talk = export_samples.chatgpt(title=f"{HOSTILE} & “quotes”")
    for node in talk["mapping"].values():
        if node["message"]:
            node["message"]["content"].get("parts", [""])[0:] = [
                f"{HOSTILE} ![i](https://example.com/i.png)\n\n```python\nprint('<b>')\n```"
            ]
    bring_in(sidecar, save(tmp_path / "conversations.json", [talk]))
    found = re.search(
        r"/conversations/([0-9a-f-]{36})", sidecar.get("/conversations").text
    )
    assert found
    path = write_out(sidecar, tmp_path / "one.html", found[1], "html")
    page = path.read_text("utf-8")
    assert path.stat().st_mode & 0o777 == 0o600
    assert "default-src 'none'" in page
    for tag in ("<script", "<img", "<link", "<iframe", 'javascript:1"', "@import"):
        assert tag not in page
    found_in_page = Attributes()
    found_in_page.feed(page)
    assert found_in_page.names <= {
        *("lang", "charset", "http-equiv", "content", "name", "dir", "class"),
        *("href", "rel", "title", "align", "start", "type"),
    }
    assert "&lt;script&gt;" in page
    text = write_out(sidecar, tmp_path / "one.md", found[1], "md").read_text("utf-8")
    assert text.startswith('---\ntitle: "<script>')
    assert "created: 2023-11-14T" in text


def test_an_export_never_lands_among_hearths_own_files(
    sidecar: Sidecar, tmp_path: Path
) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "data")
    for target in ("data/hearth.db", "link/hearth.db", "missing/x.json", "data", ""):
        path = str(tmp_path / target) if target else ""
        answer = post(sidecar, "/exports", what="all", format="json", path=path)
        assert answer.status == 422, target


def test_an_export_that_fails_leaves_the_old_file_and_no_other(
    sidecar: Sidecar, tmp_path: Path
) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    path = folder / "one.md"
    path.write_text("old")
    with sidecar.open_events() as events:
        post(sidecar, "/exports", what="gone", format="md", path=str(path))
        text = next(event.data for event in events if event.name == "toast")
    assert "The export failed." in text
    assert [p.name for p in folder.iterdir()] == ["one.md"]
    assert path.read_text() == "old"
