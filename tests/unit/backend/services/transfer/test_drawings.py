"""An exported page shows diagrams as the page of Hearth does."""

import re
from base64 import b64decode

from backend.installation import resource_path
from backend.services.transfer.drawings import COLOURS
from backend.services.transfer.export_files import (
    ExportFormat,
    conversation_pieces,
    note_pieces,
)
from backend.store.models import Conversation, Message, Note
from backend.web.assets import icons_dir
from backend.web.rendering import Renderer

TEMPLATES = resource_path("backend", "templates")
RENDERER = Renderer(TEMPLATES, icons_dir(), str)
TEXT = """Look:

```mermaid
graph LR
  Tea["Tea & <b>"]-->Cup
```

- in a list:

  ```Mermaid
  graph LR
    Milk-->Cup
  ```

```mermaid
pie title Nothing
```
"""


def exported(*messages: Message) -> str:
    talk = Conversation(title="Drinks")
    pieces = conversation_pieces(ExportFormat.HTML, talk, messages, RENDERER.render)
    return "".join(pieces)


def svgs(page: str) -> list[str]:
    found = re.findall(r'<img\s+src="data:image/svg\+xml;base64,([^"]*)"', page)
    return [b64decode(each).decode() for each in found]


def test_diagrams_are_images_with_their_code_one_click_away() -> None:
    page = exported(Message(conversation_id="c", role="assistant", text=TEXT))
    tea, milk = svgs(page)
    assert ">Cup<" in tea
    assert ">Milk<" in milk
    assert page.count("<summary>Code of this diagram</summary>") == 2
    assert 'alt="Diagram: graph LR"' in page
    assert "graph LR" in re.sub(r"<[^>]*>", "", page)
    assert "pie title Nothing" in re.sub(r"<[^>]*>", "", page)


def test_notes_show_them_too_and_markdown_keeps_the_code() -> None:
    note = Note(title="Drinks", body=TEXT)
    page = "".join(note_pieces(ExportFormat.HTML, note, RENDERER.render))
    assert len(svgs(page)) == 2
    assert TEXT in "".join(note_pieces(ExportFormat.MARKDOWN, note, RENDERER.render))


def test_a_drawing_takes_light_and_dark_from_the_page_it_is_in() -> None:
    [svg, *_] = svgs(exported(Message(conversation_id="c", role="a", text=TEXT)))
    assert 'style="color-scheme:light dark;--bg:light-dark(#fefdfc, #1d1b19)' in svg
    style = (TEMPLATES / "exports" / "_page.html").read_text("utf-8")
    names = {"bg": "ground", "fg": "ink", "line": "ink-2"}
    for part, name in names.items():
        assert f"--{name}: {COLOURS[part]};" in style
