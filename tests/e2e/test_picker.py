"""The picker of models in the window: by keyboard, among two thousand."""

import json
from collections.abc import Iterator

import pytest

from tests.helpers.axe import violations
from tests.helpers.keyboard import QUIET, Keyboard
from tests.helpers.model_server import Exchange, FakeModelServer, listing
from tests.helpers.window import Window

pytestmark = [pytest.mark.e2e, pytest.mark.gui, pytest.mark.sidecar]

MANY = 2_000
CHOSEN = "document.querySelector('.picker-button bdi')?.textContent"
MODEL_BUTTON = "[popovertarget=model-picker]"
ACTIVE = "document.querySelector('.picker-option[data-active]')?.dataset.name"
FIELD = "#model-picker [role=combobox]"
OPEN = "document.querySelector('#model-picker:popover-open') !== null"


def models(exchange: Exchange) -> None:
    """List models as a large provider does."""
    entries = [
        {
            "id": f"maker-{n % 40}/model-{n:04}",
            "context_length": 131_072,
            "architecture": {"input_modalities": ["text", "image"][: 1 + n % 2]},
            "supported_parameters": ["reasoning"] if n % 3 else [],
        }
        for n in range(MANY - 1)
    ]
    entries.insert(0, {"id": "text-embedding-3-small"})
    kind = "Content-Type: application/json"
    exchange.answer(200, json.dumps({"data": entries}), kind)


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Keyboard]:
    data = tmp_path_factory.mktemp("picker") / "data"
    with (
        FakeModelServer(models) as far,
        FakeModelServer(listing("small", "whisper-1")) as near,
        Window.start(data) as window,
    ):
        for name, server in (("Near", near), ("Far", far)):
            assert window.evaluate(add(name, server.url)) == 204
        window.click("button", "New conversation")
        window.wait_for(f"{CHOSEN} === 'maker-0/model-0000'")
        yield Keyboard(window)


def add(name: str, url: str) -> str:
    form = f"new URLSearchParams({{name: {name!r}, url: {url!r}}})"
    return f"fetch('/engines', {{method: 'POST', body: {form}}}).then(r => r.status)"


def open_picker(
    keys: Keyboard, button: str = ".picker-button", field: str = FIELD
) -> None:
    keys.focus(button)
    keys.press("Enter")
    keys.expect(field)
    keys.window.wait_for(f"{ACTIVE} !== undefined")


def type_in(keys: Keyboard, text: str) -> None:
    keys.window.send("Input.insertText", text=text)


def test_a_model_among_two_thousand_is_picked_by_keyboard(keys: Keyboard) -> None:
    window = keys.window
    open_picker(keys)
    options = "document.querySelectorAll('.picker-option').length"
    assert window.evaluate(options) < 100, "the page holds a part of them"
    assert violations(window) == []
    window.photograph("picker-light")
    type_in(keys, "1234")
    keys.press("Enter")
    window.wait_for(f"{CHOSEN} === 'maker-34/model-1234' && !({OPEN})")
    keys.expect(".picker-button")
    kept = "fetch('/engines/picker?conversation=new').then(r => r.text())"
    window.wait_for(f"{kept}.then(t => t.includes('maker-34/model-1234'))")

    open_picker(keys)
    type_in(keys, "maker-7/")
    window.wait_for(f"{ACTIVE} === 'maker-7/model-0007'")
    for _ in range(3):
        keys.press("ArrowDown")
    window.wait_for(f"{ACTIVE} === 'maker-7/model-0127'")
    keys.press("d", "Control")
    window.wait_for("document.querySelector('[data-active][data-favourite]') !== null")
    assert window.evaluate(ACTIVE) == "maker-7/model-0127"
    keys.press("Escape")
    keys.expect(".picker-button")
    assert window.evaluate(CHOSEN) == "maker-34/model-1234"

    open_picker(keys)
    first = "document.querySelector('.picker-option').dataset.name"
    assert window.evaluate(first) == "maker-7/model-0127", "the favourite"
    keys.press("Escape")


def test_the_list_goes_on_where_its_end_comes_into_view(keys: Keyboard) -> None:
    window = keys.window
    open_picker(keys)
    count = "document.querySelectorAll('.picker-option').length"
    before = window.evaluate(count)
    window.wheel_until("#model-options", 600, f"{count} > {before + 60}")
    ids = "[...document.querySelectorAll('.picker-option')].map(({id}) => id)"
    found = window.evaluate(ids)
    assert len({*found}) == len(found)
    keys.press("Escape")


def test_a_name_that_no_list_has_is_typed_and_kept(keys: Keyboard) -> None:
    window = keys.window
    open_picker(keys)
    type_in(keys, "my-own-model")
    window.wait_for(f"{ACTIVE} === 'my-own-model'")
    keys.press("Enter")
    window.wait_for(f"{CHOSEN} === 'my-own-model'")
    open_picker(keys)
    type_in(keys, "my-own")
    window.wait_for(f"{ACTIVE} === 'my-own-model'")
    facts = "document.querySelector('[data-active]').innerText"
    assert window.evaluate(facts).startswith("my-own-model"), "it is in the list now"
    keys.press("Escape")


def test_a_quick_action_gets_its_model_by_the_same_picker(keys: Keyboard) -> None:
    window = keys.window
    window.go("/actions/new")
    chosen = CHOSEN.replace(".picker-button", MODEL_BUTTON)
    window.wait_for(f"{chosen} === 'The model for new conversations' && {QUIET}")
    open_picker(keys, MODEL_BUTTON)
    type_in(keys, "0042")
    window.wait_for(f"{ACTIVE} === 'maker-2/model-0042'")
    keys.press("Enter")
    window.wait_for(f"{chosen} === 'maker-2/model-0042'")
    kept = "fetch('/actions/new').then(r => r.text())"
    window.wait_for(f"{kept}.then(t => t.includes('model-0042'))")
    keys.rest()
    assert violations(window) == []


def test_a_model_for_titles_is_chosen_in_the_settings(keys: Keyboard) -> None:
    window = keys.window
    window.go("/settings")
    titles = "#purposes-heading ~ .setting:has(+ .hint) .picker-button"
    unset = "The model that answers, if it is on this computer"
    window.wait_for(f"document.querySelector('{titles}')?.innerText === '{unset}'")
    keys.focus("[name=by_model]")
    keys.press(" ")
    open_picker(keys, titles)
    window.photograph("picker-settings")
    type_in(keys, "small")
    window.wait_for(f"{ACTIVE} === 'small'")
    keys.press("Enter")
    keys.expect(titles)
    keys.rest()
    assert violations(window) == []
    window.go()
    window.wait_for(f"document.querySelector('{titles}') !== null")
    assert window.find("button", "Model for titles: small")
    assert window.evaluate("document.querySelector('[name=by_model]').checked")


def test_an_assistant_is_picked_the_same_way_and_said_in_the_log(
    keys: Keyboard,
) -> None:
    window = keys.window
    button, field = ".assistant .picker-button", "#assistant-picker [role=combobox]"
    name = "document.querySelector('.assistant bdi')?.textContent"
    window.go("/assistants")
    window.wait_for("document.querySelector('[aria-label=Examples]') !== null")
    assert violations(window) == []
    window.click("button", "Add Translator")
    window.wait_for("document.querySelector('[aria-label=Assistants] li') !== null")
    form = "new URLSearchParams({name: 'Tutor', instructions: 'Teach {city}.'})"
    made = f"fetch('/assistants', {{method: 'POST', body: {form}}})"
    assert window.evaluate(f"{made}.then(r => r.status)") == 204
    window.click("button", "New conversation")
    window.wait_for(f"{name} === 'Assistant' && {QUIET}")
    open_picker(keys, button, field)
    type_in(keys, "trans")
    window.wait_for(f"{ACTIVE} === 'Translator'")
    window.photograph("picker-assistants")
    assert violations(window) == []
    keys.press("Enter")
    window.wait_for(f"{name} === 'Translator' && {QUIET}")
    window.ask("Hello")
    window.wait_for("document.querySelector('#log .byline') !== null")
    window.wait_for(f"{name} === 'Translator' && {QUIET}")
    open_picker(keys, button, field)
    type_in(keys, "teach")
    window.wait_for(f"{ACTIVE} === 'Tutor'")
    keys.press("Enter")
    line = "document.querySelector('#log > .reads-from:last-child')?.innerText"
    window.wait_for(f"{line}?.replace(/\\s+/g, ' ') === 'From here on: Tutor'")
    keys.rest()
    assert violations(window) == []


def test_a_folder_begins_with_its_assistant_and_the_composer_says_so(
    keys: Keyboard,
) -> None:
    window = keys.window
    near = window.evaluate("document.querySelector('[name=choice]').value")
    fields = f"{{name: 'Guide', instructions: 'Lead.', choice: {near!r}}}"
    made = (
        f"fetch('/assistants', {{method: 'POST', body: new URLSearchParams({fields})}})"
    )
    assert window.evaluate(f"{made}.then(r => r.status)") == 204
    window.evaluate("fetch('/folders', {method: 'POST'})")
    window.click("button", "Actions for the folder New folder")
    window.click("menuitem", "Assistant and instructions…")
    button = "#main .picker-button"
    window.wait_for(f"document.querySelector('{button}') !== null && {QUIET}")
    assert violations(window) == []
    open_picker(keys, button, "#assistant-picker [role=combobox]")
    type_in(keys, "guide")
    window.wait_for(f"{ACTIVE} === 'Guide'")
    keys.press("Enter")
    window.click("button", "Save")
    window.wait_for(f"document.querySelector('{button} bdi')?.textContent === 'Guide'")
    window.photograph("folder-assistant")
    window.click("link", "New conversation here")
    window.find("button", "Assistant: Guide, from the folder “New folder”")
    window.wait_for(
        "document.querySelector('.composer [aria-label^=\"Model:\"]')?.ariaLabel"
        ".endsWith('from the assistant “Guide”')"
    )
    window.photograph("folder-composer")
    keys.rest()
    assert violations(window) == []
    window.evaluate(
        "document.querySelector('[aria-label=\"Ask several models\"]').click()"
    )
    window.wait_for("document.querySelector('.several [name=folder]') !== null")
    window.click("link", "Back")
    window.find("button", "Assistant: Guide, from the folder “New folder”")
    window.ask("Where to?")
    window.wait_for("document.querySelector('#log .byline') !== null")
    window.find("button", "Assistant: Guide")
    window.wait_for(
        "document.querySelector('.folder-name')?.innerText === 'New folder'"
    )


def test_a_quick_action_says_which_model_its_assistant_brings(keys: Keyboard) -> None:
    window = keys.window
    choice = "document.querySelector('.composer [name=choice]').value"
    window.click("button", "New conversation")
    window.wait_for(
        f"document.querySelector('.composer [name=choice]') !== null && {QUIET}"
    )
    fields = f"{{name: 'Editor', instructions: 'Edit.', choice: {choice}}}"
    form = f"new URLSearchParams({fields})"
    made = f"fetch('/assistants', {{method: 'POST', body: {form}}})"
    assert window.evaluate(f"{made}.then(r => r.status)") == 204
    window.go("/actions/new")
    assistant = "#main [popovertarget=assistant-picker]"
    window.wait_for(f"document.querySelector('{assistant}') !== null && {QUIET}")
    open_picker(keys, assistant, "#assistant-picker [role=combobox]")
    type_in(keys, "editor")
    window.wait_for(f"{ACTIVE} === 'Editor'")
    keys.press("Enter")
    label = "document.querySelector('#main [popovertarget=model-picker]')?.innerText"
    window.wait_for(f"/from the assistant “Editor”$/.test({label})")
    window.photograph("action-model-of-assistant")
    keys.rest()
    assert violations(window) == []
