"""A person types, sends and copies; no key is lost, and all is said."""

import io
import json
from base64 import b64decode, b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from PIL import Image

from tests.helpers import documents
from tests.helpers.dictation import Dictation
from tests.helpers.htmx import SETTLED
from tests.helpers.picture_holder import held_picture
from tests.helpers.window import Window

pytestmark = pytest.mark.e2e

FIELD: Final = "document.querySelector('.composer textarea')"
BUSY: Final = "document.querySelector('#log [aria-busy=true]') !== null"
DRAFT_ENDS: Final = (
    "fetch('/drafts/new').then(r => r.text()).then(t => t.endsWith('{}'))"
)
LARGE: Final = "document.querySelector('.large-picture > img')"
DOT: Final = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4z8AAAAMBAQDJ/pLvAAAAAElF"
    "TkSuQmCC"
)
SAID: Final = "document.getElementById('announcement').textContent"


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("composer") / "data"


@pytest.fixture(scope="module")
def window(data_dir: Path, model: Dictation) -> Iterator[Window]:
    with Window.start(data_dir) as window:
        model.serve(window)
        yield window


@pytest.fixture
def fresh(window: Window) -> Window:
    """A new conversation with an empty composer."""
    # A text that a test left there is stored a moment after it was typed.
    window.evaluate(
        f"if ({FIELD}) {{ {FIELD}.value = ''; htmx.trigger({FIELD}, 'input') }}; 0"
    )
    form = "new URLSearchParams({text: ''})"
    window.evaluate(f"fetch('/drafts/new', {{method: 'PUT', body: {form}}})")
    window.evaluate(f"window.left = {FIELD}; 0")
    window.click("button", "New conversation")
    window.wait_for(f"{FIELD} !== null && {FIELD} !== window.left")
    window.wait_for("document.querySelector('.model [name=choice]') !== null")
    window.wait_for(
        f"{FIELD}?.value === '' && !{FIELD}.form.querySelector('[data-draft]')"
    )
    return window


def answer(window: Window, model: Dictation, text: str) -> None:
    window.wait_for(BUSY)
    model.say(text)
    model.end()
    window.wait_for(f"!({BUSY})")


def test_no_key_is_lost_while_a_conversation_begins(
    fresh: Window, model: Dictation
) -> None:
    fresh.evaluate(
        f"window.field = {FIELD}; window.lost = [];"
        "new MutationObserver(() => {"
        f"  if ({FIELD} !== field) lost.push('field');"
        "  if (document.activeElement !== field) lost.push('focus');"
        "  if (!document.querySelector('.model [name=choice]')) lost.push('models');"
        "}).observe(document.body, {childList: true, subtree: true}); 0"
    )
    fresh.ask("Where does it begin?")
    for word in ("and ", "where ", "does ", "it ", "end?"):
        fresh.send("Input.insertText", text=word)
    answer(fresh, model, "Here.")
    assert fresh.evaluate("field.value") == "and where does it end?"
    assert fresh.evaluate("lost") == []
    choice = "document.querySelector('.model [name=choice]').getAttribute('hx-put')"
    fresh.wait_for(f"{choice}.startsWith(location.pathname)")
    draft = "fetch(location.pathname.replace('conversations', 'drafts'))"
    fresh.wait_for(f"{draft}.then(r => r.text()).then(t => t === field.value)")
    assert fresh.evaluate("fetch('/drafts/new').then(r => r.text())") == ""
    fresh.press("Enter")
    answer(fresh, model, "There.")
    assert fresh.evaluate("field.value") == ""
    assert fresh.evaluate("document.querySelectorAll('.question').length") == 2


def test_what_is_sent_while_its_page_is_still_put_together_is_sent(
    fresh: Window, model: Dictation
) -> None:
    fresh.evaluate(
        "document.addEventListener('htmx:afterSwap', () => {"
        f"  {FIELD}.value = 'Am I early?'; {FIELD}.form.requestSubmit();"
        "}, {once: true}); 0"
    )
    fresh.click("button", "New conversation")
    answer(fresh, model, "Just in time.")
    assert fresh.evaluate(f"{FIELD}.value") == ""


def test_an_input_method_keeps_its_keys(fresh: Window) -> None:
    fresh.write("textbox", "Message", "こんにちは")
    for composing in ("isComposing: true", "keyCode: 229"):
        fresh.evaluate(
            f"{FIELD}.dispatchEvent(new KeyboardEvent('keydown',"
            f" {{key: 'Enter', bubbles: true, cancelable: true, {composing}}}))"
        )
    fresh.evaluate("fetch('/settings').then(r => r.status)")
    assert fresh.evaluate(f"{FIELD}.value") == "こんにちは"
    assert fresh.evaluate("document.querySelectorAll('.message').length") == 0
    search = "document.getElementById('search-field')"
    fresh.write("searchbox", "Search", "にち")
    fresh.wait_for("location.pathname === '/search'")
    for key in ("Escape", "ArrowDown", "Enter"):
        fresh.evaluate(
            f"{search}.dispatchEvent(new KeyboardEvent('keydown',"
            f" {{key: '{key}', bubbles: true, cancelable: true, keyCode: 229}}))"
        )
    assert fresh.evaluate(f"document.activeElement === {search}")
    assert fresh.evaluate(f"{search}.value") == "にち"


def test_the_caret_stands_at_the_end_of_a_restored_draft(fresh: Window) -> None:
    fresh.write("textbox", "Message", "Is anybody there?")
    fresh.wait_for(DRAFT_ENDS.format("there?"))
    fresh.send("Page.reload")
    fresh.attach()
    fresh.wait_for(f"{FIELD}?.value === 'Is anybody there?'")
    fresh.evaluate(f"{FIELD}.focus()")
    fresh.send("Input.insertText", text=" Yes")
    assert fresh.evaluate(f"{FIELD}.value") == "Is anybody there? Yes"
    # Else it is stored after the next test has emptied the draft.
    fresh.wait_for(DRAFT_ENDS.format("Yes"))


def test_an_answer_is_announced_at_its_ends_and_a_copy_when_it_is_made(
    fresh: Window, model: Dictation
) -> None:
    fresh.evaluate(
        f"window.said = []; new MutationObserver(() => {SAID} && said.push({SAID}))"
        ".observe(document.getElementById('announcement'), {childList: true}); 0"
    )
    fresh.ask("Say three words")
    fresh.wait_for(BUSY)
    for word in ("One ", "two. ", "Three."):
        model.say(word)
        shown = "document.querySelector('.answer .prose').innerText"
        fresh.wait_for(f"{shown}.includes({json.dumps(word.strip())})")
    model.end()
    fresh.wait_for(f"!({BUSY})")
    fresh.wait_for("said.length === 2")
    assert fresh.evaluate("said") == ["Answering…", "Answer finished. One two."]
    fresh.click("button", "Copy answer")
    fresh.find("button", "Copied")
    fresh.wait_for("said.at(-1) === 'Copied.'")
    fresh.find("button", "Copy answer")


def test_a_pasted_picture_is_shown_sent_and_kept(
    fresh: Window, model: Dictation, data_dir: Path
) -> None:
    with held_picture(3000, 1500):
        fresh.evaluate(f"{FIELD}.focus(); 0")
        fresh.press("v", "Control")
        fresh.find("button", "Remove image.png")
    fresh.ask("What colour is it?")
    answer(fresh, model, "Teal.")
    text, picture = model.asked[-1]["content"]
    assert text == {"type": "text", "text": "What colour is it?"}
    kind, _, data = picture["image_url"]["url"].partition(",")
    assert kind == "data:image/png;base64"
    sent = Image.open(io.BytesIO(b64decode(data)))
    assert (sent.size, sent.getpixel((5, 5))) == ((2048, 1024), (0, 128, 128))
    fresh.wait_for("document.querySelector('.composer .attached-file') === null")
    fresh.go()
    fresh.click("button", "Show image.png large")
    fresh.wait_for(f"{LARGE}.naturalWidth === 2048 && {LARGE}.checkVisibility()")
    fresh.press("Escape")
    fresh.wait_for(f"!{LARGE}.checkVisibility()")
    for kept in (data_dir / "attachments").iterdir():
        kept.write_bytes(b"damaged")
    fresh.go()
    lost = "document.querySelector('.question .lost')"
    fresh.wait_for(f"{lost}?.checkVisibility()")
    assert "image.png is no longer in Hearth's" in fresh.evaluate(f"{lost}.innerText")
    assert not fresh.evaluate(
        "document.querySelector('.question .attached-file').checkVisibility()"
    )


def test_a_long_text_that_is_pasted_is_a_file_only_if_that_is_wanted(
    fresh: Window,
) -> None:
    def paste() -> None:
        fresh.evaluate(f"{FIELD}.focus(); {FIELD}.value = 'Sum up: '; 0")
        fresh.press("v", "Control")
        fresh.wait_for(f"{FIELD}.value.length === 6008")

    fresh.evaluate(f"{FIELD}.value = 'line\\n\\n'.repeat(1000); {FIELD}.focus(); 0")
    fresh.evaluate(f"{FIELD}.select(); 0")
    fresh.press("x", "Control")
    paste()
    fresh.click("button", "Keep as text")
    fresh.wait_for("!document.querySelector('[data-pasted]').checkVisibility()")
    assert fresh.evaluate(f"{FIELD}.value.length") == 6008
    paste()
    fresh.click("button", "Attach it as a file")
    fresh.find("button", "Remove Pasted text.txt")
    fresh.wait_for(f"{FIELD}.value === 'Sum up: '")
    fresh.press("z", "Control")
    fresh.wait_for(f"{FIELD}.value.length === 6008")
    fresh.click("button", "Remove Pasted text.txt")
    fresh.wait_for("document.querySelector('.composer .attached-file') === null")


def test_a_picture_stays_in_a_draft_and_what_cannot_be_read_is_said(
    fresh: Window,
) -> None:
    drop = (
        "const files = new DataTransfer();"
        "const add = (name, bytes) => files.items.add(new File([bytes], name));"
        f"add('dot.png', Uint8Array.from(atob('{DOT}'), (c) => c.charCodeAt(0)));"
        "add('photo.heic', new Uint8Array([0, 0, 0, 24, ...new TextEncoder().encode("
        "'ftypheic')]));"
        "document.body.dispatchEvent(new DragEvent('drop', "
        "{dataTransfer: files, bubbles: true, cancelable: true})); 0"
    )
    fresh.evaluate(f"(() => {{ {drop} }})()")
    fresh.find("button", "Remove dot.png")
    fresh.wait_for(
        "[...document.querySelectorAll('#toasts .toast')].some((one) => "
        "one.textContent.startsWith('“photo.heic”: This is a HEIC picture'))"
    )
    fresh.go()
    fresh.click("button", "Remove dot.png")
    fresh.wait_for("document.querySelector('.composer .attached-file') === null")
    fresh.click("link", "Attach a screenshot")
    fresh.click("button", "Remove Screenshot.png")
    fresh.wait_for("document.querySelector('.composer .attached-file') === null")


def test_a_document_is_read_sent_and_shown_again(
    fresh: Window, model: Dictation
) -> None:
    content = b64encode(documents.pdf(["The total is 42 euro.", None])).decode()
    fresh.evaluate(
        f"(() => {{ const held = Uint8Array.from(atob('{content}'), (c) => "
        "c.charCodeAt(0)); const files = new DataTransfer();"
        "files.items.add(new File([held], 'bill.pdf'));"
        "const lines = Array(1500).fill('The weather was fair and the road was long.');"
        "lines[1200] = 'The zebra pays the total.';"
        "files.items.add(new File([lines.join('\\n')], 'long.txt'));"
        "document.body.dispatchEvent(new DragEvent('drop', "
        "{dataTransfer: files, bubbles: true, cancelable: true})); })(); 0"
    )
    fresh.find("button", "Remove long.txt")
    notice = "document.querySelector('.composer .document small').textContent"
    assert fresh.evaluate(notice) == (
        "PDF, 2 pages, 5 words; 1 page holds only a picture (2)"
    )
    fresh.ask("What is the total?")
    answer(fresh, model, "42 euro.")
    sent = model.asked[-1]["content"]
    assert "The total is 42 euro." in sent
    assert "The zebra pays the total." in sent
    assert sent.endswith("What is the total?")
    fresh.go()
    fresh.wait_for("document.querySelector('.question .document') !== null")
    fresh.evaluate("document.querySelector('.question .document').focus(); 0")
    fresh.press("Enter")
    shown = "document.querySelector('.document-text')"
    fresh.wait_for(f"{shown}.innerText.includes('page 1\\n\\nThe total is 42')")
    fresh.press("Escape")
    fresh.wait_for(f"!{shown}.checkVisibility()")
    fresh.evaluate("document.querySelector('.passages summary').focus(); 0")
    fresh.press("Enter")
    passage = "[...document.querySelectorAll('.passages a')].find((one) => "
    passage += "one.innerText.includes('long.txt, lines 1191'))"
    fresh.wait_for(f"{passage} !== undefined && {SETTLED}")
    fresh.evaluate(f"{passage}.click(); 0")
    fresh.wait_for("document.activeElement.innerText?.includes('The zebra pays')")
    fresh.wait_for(
        "document.querySelector('mark').getBoundingClientRect().top < innerHeight"
    )
    fresh.click("link", "Back to the question")
    fresh.wait_for("document.querySelector('.question .document') !== null")
    fresh.go("/search?q=euro+bill&kind=document")
    fresh.wait_for(
        "document.querySelector('.hit')?.innerText.startsWith('bill.pdf, page 1 · ')"
    )
    fresh.evaluate("document.querySelector('.hit').click(); 0")
    fresh.wait_for("document.querySelector('.question .document') !== null")


def test_undo_opens_the_conversation_that_was_open(
    fresh: Window, model: Dictation
) -> None:
    fresh.ask("Was I open?")
    answer(fresh, model, "You were.")
    path = fresh.evaluate("location.pathname")
    fresh.evaluate(
        f"fetch('{path}/title', {{method: 'PUT',"
        " body: new URLSearchParams({title: 'Open'})})"
    )
    fresh.click("button", "Actions for Open")
    fresh.click("menuitem", "Delete")
    fresh.wait_for("location.pathname === '/'")
    fresh.wait_for("document.querySelector('#toasts [hx-post*=open]') !== null")
    fresh.evaluate("document.querySelector('#toasts [hx-post*=open]').click()")
    fresh.wait_for(f"location.pathname === '{path}'")
    fresh.wait_for("document.querySelectorAll('.message').length === 2")
    fresh.wait_for("document.querySelector('#toasts [hx-post*=open]') === null")
