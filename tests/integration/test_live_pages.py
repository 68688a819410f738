"""The real page shows at once what others change, and keeps what is typed into it."""

import re
from collections.abc import Iterator
from urllib.parse import quote

import pytest
from PySide6.QtWidgets import QLabel, QLineEdit
from pytestqt.qtbot import QtBot

from backend.ids import new_id
from qtshell.window.find_bar import FindBar
from tests.helpers.page import Parrot, RealPage

pytestmark = [pytest.mark.sidecar, pytest.mark.gui]

FIRE, WATER, ICE = "What is fire?", "What is water?", "And ice?"
LONG = "Tell me more"
SHOWN = (
    "JSON.stringify([...document.querySelectorAll('.bubble, .answer .prose')]"
    ".map(one => one.innerText.trim()))"
)
FIELD = "document.querySelector('.editing textarea')"
BUBBLES = "[...document.querySelectorAll('.bubble')].map(b => b.innerText.trim())"
GROWING = "document.querySelector('.answer[aria-busy=true]') !== null"


@pytest.fixture(scope="module")
def parrot() -> Iterator[Parrot]:
    parrot = Parrot()
    parrot.texts = {
        FIRE: "Hot.",
        WATER: "Wet.",
        ICE: "Cold.",
        LONG: "```python\nprint(1)\n```\n\n" * 31,
    }
    with parrot.server:
        yield parrot


@pytest.fixture(scope="module")
def window(
    request: pytest.FixtureRequest,
    qapp: object,
    tmp_path_factory: pytest.TempPathFactory,
    parrot: Parrot,
) -> Iterator[RealPage]:
    window = RealPage(QtBot(request), tmp_path_factory.mktemp("data"))
    window.use_model(parrot)
    yield window
    window.close()


@pytest.fixture
def page(window: RealPage) -> RealPage:
    """A new conversation in which two questions were asked and answered."""
    window.open("/")
    window.ask(FIRE)
    window.ask(ICE)
    shows(window, FIRE, "Hot.", ICE, "Cold.")
    return window


def shows(page: RealPage, *texts: str) -> None:
    data = "[" + ",".join(f'"{text}"' for text in texts) + "]"
    page.wait_for(SHOWN, data)


def ids(page: RealPage) -> list[str]:
    result = page.run(
        "[...document.querySelectorAll('.message')].map(m => m.id).join()"
    )
    return [one.removeprefix("message-") for one in str(result).split(",")]


def conversation(page: RealPage) -> str:
    return str(page.run("location.pathname"))


def undo(page: RealPage, text: str) -> str:
    found = re.search(r'hx-post="(/changes/[^"]+)"', text)
    assert found, text
    status, text = page.request("POST", found[1])
    assert status == 200, text
    return text


def type_into_edit(page: RealPage, question: str, text: str) -> None:
    page.click(f"#message-{question} [hx-get$=edit]")
    page.wait_for(f"document.activeElement === {FIELD}")
    page.wait_for_htmx()
    page.run(
        f"{FIELD}.value = '{text}';"
        f"{FIELD}.dispatchEvent(new InputEvent('input', {{bubbles: true}}))"
    )


def press(page: RealPage, key: str, modifiers: str = "") -> None:
    page.run(
        f"{FIELD}.dispatchEvent(new KeyboardEvent('keydown',"
        f"{{key: '{key}', bubbles: true, {modifiers}}}))"
    )


def drafted(page: RealPage, question: str) -> str:
    return page.request("GET", f"/drafts/{quote(f'edit:{question}')}")[1]


def test_an_edited_question_is_asked_again_and_all_of_it_undone(page: RealPage) -> None:
    question = ids(page)[0]
    type_into_edit(page, question, WATER)
    press(page, "Enter", "ctrlKey: true")
    shows(page, WATER, "Wet.")
    page.click(".toast [hx-post$=undo]")
    shows(page, FIRE, "Hot.", ICE, "Cold.")
    page.click('.toast [hx-post$="again=1"]')
    shows(page, WATER, "Wet.")


def test_an_older_answer_is_shown_again_with_what_followed(page: RealPage) -> None:
    type_into_edit(page, ids(page)[0], WATER)
    press(page, "Enter", "ctrlKey: true")
    shows(page, WATER, "Wet.")
    page.click(".toast [hx-post$=show]")
    shows(page, FIRE, "Hot.", ICE, "Cold.")
    page.click('.question [data-step="1"]')
    shows(page, WATER, "Wet.")
    # The last one has none after it: the focus is on the way back.
    page.wait_for("document.activeElement.ariaLabel", "Earlier version")
    page.click('.question [data-step="-1"]')
    shows(page, FIRE, "Hot.", ICE, "Cold.")
    first, *_, last = ids(page)
    page.click('.question [data-step="1"]')
    shows(page, WATER, "Wet.")
    page.open(f"{conversation(page)}?around={last}")
    shows(page, FIRE, "Hot.", ICE, "Cold.")
    assert ids(page)[0] == first


def test_an_edit_that_is_only_saved_keeps_the_answers(page: RealPage) -> None:
    question = ids(page)[0]
    type_into_edit(page, question, WATER)
    page.click('.editing [hx-put^="/messages"]')
    shows(page, WATER, "Hot.", ICE, "Cold.")
    focused = "document.activeElement.getAttribute('aria-label')"
    page.wait_for(focused, "Edit question")
    versions = page.request("GET", f"/history/message/{question}")[1]
    assert "Edited" in versions


def test_what_is_typed_into_an_edit_is_not_lost(page: RealPage) -> None:
    question = ids(page)[0]
    type_into_edit(page, question, "half a thought")
    page.wait_until(lambda: drafted(page, question) == "half a thought")
    # Everything else in the log may come anew meanwhile.
    page.request("DELETE", f"/messages/{ids(page)[2]}")
    page.wait_for("document.querySelectorAll('.message').length", 2)
    assert page.run(f"{FIELD}.value") == "half a thought"
    press(page, "Escape")
    shows(page, FIRE, "Hot.")

    page.open(conversation(page))
    page.click(f"#message-{question} [hx-get$=edit]")
    page.wait_for(f"{FIELD}?.value", "half a thought")
    page.click('.editing [hx-get$="anew=1"]')
    page.wait_for(f"{FIELD}?.value", FIRE)


def test_an_edit_stays_as_it_is_typed_when_the_log_comes_anew(page: RealPage) -> None:
    question, later = ids(page)[0], ids(page)[2]
    _, deleted = page.request("DELETE", f"/messages/{later}")
    shows(page, FIRE, "Hot.")
    type_into_edit(page, question, "half a thought")
    undo(page, deleted)
    page.wait_for(f"document.getElementById('message-{later}') !== null")
    assert page.run(f"{FIELD}.value") == "half a thought"


def test_what_others_do_to_a_conversation_is_shown_at_once(page: RealPage) -> None:
    path, said = conversation(page), ids(page)
    page.request("PUT", f"/messages/{said[2]}", {"text": "And snow?"})
    shows(page, FIRE, "Hot.", "And snow?", "Cold.")
    page.request("POST", f"{path}/messages", {"text": WATER})
    shows(page, FIRE, "Hot.", "And snow?", "Cold.", WATER, "Wet.")
    page.wait_for(GROWING, value=False)
    _, deleted = page.request("DELETE", f"/messages/{said[2]}")
    shows(page, FIRE, "Hot.", WATER, "Wet.")
    undone = undo(page, deleted)
    shows(page, FIRE, "Hot.", "And snow?", "Cold.", WATER, "Wet.")
    undo(page, undone)
    page.request("POST", f"/messages/{said[0]}/ask", {"text": ICE})
    shows(page, ICE, "Cold.")


def test_a_name_and_the_trash_are_shown_in_the_open_conversation(
    page: RealPage,
) -> None:
    path = conversation(page)
    page.request("PUT", f"{path}/title", {"title": "Elements"})
    page.wait_for("document.querySelector('#head h1').innerText", "Elements")
    page.wait_for("document.title", "Elements — Hearth")
    page.request("DELETE", path)
    page.wait_for("document.getElementById('head').innerText.includes('In the trash')")
    page.click("#head [hx-post]")
    page.wait_for(
        "document.getElementById('head').innerText.includes('trash')", value=False
    )
    shows(page, FIRE, "Hot.", ICE, "Cold.")


def test_a_retry_is_undone_even_while_it_is_written(
    page: RealPage, parrot: Parrot
) -> None:
    question, answer = ids(page)[2:]
    parrot.texts[ICE], cold = "Very " * 20_000, parrot.texts[ICE]
    try:
        _, reply = page.request("POST", f"/messages/{answer}/retry")
        page.wait_for(GROWING)
        undo(page, reply)
        shows(page, FIRE, "Hot.", ICE, "Cold.")
    finally:
        parrot.texts[ICE] = cold
    page.wait_for(GROWING, value=False)
    versions = page.request("GET", f"/history/message/{answer}")[1]
    assert "Answered" in versions
    assert page.request("PUT", f"/messages/{answer}", {"text": "x"})[0] == 409
    assert page.request("PUT", f"/messages/{question}", {"text": " "})[0] == 422


def test_a_retry_of_nothing_offers_no_undo(page: RealPage, parrot: Parrot) -> None:
    path, mute = conversation(page), "Say nothing"
    parrot.texts[mute] = ""
    page.request("POST", f"{path}/messages", {"text": mute})
    page.wait_for("document.querySelectorAll('.answer[aria-busy=false]').length", 3)
    status, reply = page.request("POST", f"/messages/{ids(page)[-1]}/retry")
    assert (status, "/undo" in reply) == (200, False)


def test_the_way_back_to_the_newest_is_offered_away_from_it_only(
    window: RealPage,
) -> None:
    window.open("/")
    window.ask(LONG)
    shown = "getComputedStyle(document.querySelector('.jump')).display"
    scrolled = "document.querySelector('.log-scroll').scrollTop"
    # Chromium looks at the fraction of the height.
    window.run("document.querySelector('.log').style.paddingBottom = '10.45px'; 0")
    window.run(f"{scrolled} = -300; 0")
    window.wait_for(shown, "flex")
    window.click(".jump")
    window.wait_for(scrolled, 0)
    window.wait_for(shown, "none")


def test_the_find_bar_says_where_it_is(page: RealPage, qtbot: QtBot) -> None:
    bar = FindBar()
    qtbot.addWidget(bar)
    bar.asked.connect(lambda words, back: page.view.find_words(words, backwards=back))
    page.view.found.connect(bar.show_result)
    bar.open_bar()
    (field,), (result,) = bar.findChildren(QLineEdit), bar.findChildren(QLabel)
    field.setText("Hot.")
    page.wait_until(lambda: result.text() == "1 of 1")
    field.setText("nowhere")
    page.wait_until(lambda: "Ctrl+Shift+F" in result.text())
    bar.close_bar()
    field.clear()
    page.wait_until(lambda: result.text() == "")


def test_a_removed_engine_comes_back_with_undo(window: RealPage) -> None:
    window.show("/settings")
    window.click("#engines .row > [aria-label^=Remove]")
    window.wait_for(
        "document.querySelector('#engines .row > [aria-label^=Remove]') === null"
    )
    window.click(".toast [hx-post]")
    window.wait_for(
        "document.querySelector('#engines .row > [aria-label^=Remove]') !== null"
    )


def test_notes_are_shown_as_others_write_them(window: RealPage) -> None:
    note_id = new_id()
    path = f"/notes/{note_id}"
    window.show("/notes")
    window.request("PUT", path, {"body": "Fire"})
    listed = "document.getElementById('notes').innerText"
    window.wait_for(f"{listed}.includes('Fire')")
    window.show(path)
    window.request("PUT", path, {"body": "Water"})
    body = "document.getElementById('note-body').value"
    window.wait_for(body, "Water")
    window.request("DELETE", path)
    window.settle()
    assert window.run(body) == "Water"
    window.show("/trash")
    window.wait_for("document.getElementById('trash').innerText.includes('Water')")


def test_what_is_typed_into_a_note_is_not_replaced(window: RealPage) -> None:
    path = f"/notes/{new_id()}"
    window.request("PUT", path, {"body": "Fire"})
    window.show(path)
    # Typed, and not yet on its way.
    window.run("document.getElementById('note-body').value = 'mine'; 0")
    window.run(
        "window.heard = 0; document.addEventListener('hearth:notes', () =>"
        " { heard += 1; }, { capture: true }); 0"
    )
    window.request("PUT", path, {"body": "theirs"})
    window.request("GET", "/notes/list")
    window.wait_for("heard > 0")
    window.settle()
    assert window.run("document.getElementById('note-body').value") == "mine"


def test_a_follow_up_of_quick_ask_shows_in_the_window(page: RealPage) -> None:
    form = {"text": WATER, "conversation": conversation(page).rsplit("/", 1)[-1]}
    assert page.request("POST", "/api/v1/quick", form)[0] == 200
    shows(page, FIRE, "Hot.", ICE, "Cold.", WATER, "Wet.")
