"""A person makes, loses and orders quick actions with mouse and keyboard."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest
from pytestqt.qtbot import QtBot

from qtshell.hotkeys.registry import Hotkeys
from tests.helpers.processes import are_gone
from tests.helpers.tray import windows_of, xdotool
from tests.helpers.window import Window, until

pytestmark = [pytest.mark.gui, pytest.mark.e2e]

NAMES = "[...document.querySelectorAll('.action strong')].map(e => e.innerText)"
DRAFT = (
    "fetch('/actions/new').then(r => r.text()).then(t => t.includes('Half a prompt'))"
)


def order(window: Window) -> list[str]:
    names: list[str] = window.evaluate(NAMES)
    return names


def middle_of(window: Window, selector: str, share: float = 0.5) -> dict[str, float]:
    """Return the point this far down an element."""
    script = f"""(() => {{
      const box = document.querySelector({selector!r}).getBoundingClientRect();
      return {{x: box.x + box.width / 2, y: box.y + box.height * {share}}};
    }})()"""
    point: dict[str, float] = window.evaluate(script)
    return point


def mouse(window: Window, kind: str, point: dict[str, Any], held: int = 1) -> None:
    data = {"button": "left", "buttons": held, "clickCount": 1, **point}
    window.send("Input.dispatchMouseEvent", type=kind, **data)


def drag(window: Window, start: dict[str, float], end: dict[str, float]) -> None:
    """Drag as a hand does; the drag itself stays in the page, not the X server."""
    window.send("Input.setInterceptDrags", enabled=True)
    mouse(window, "mouseMoved", start, held=0)
    mouse(window, "mousePressed", start)
    mouse(window, "mouseMoved", {"x": start["x"], "y": start["y"] + 12})
    window.wait_for("document.querySelector('.action.dragged') !== null")
    data = {"items": [], "dragOperationsMask": 16}
    for kind in ("dragEnter", "dragOver", "dragOver"):
        window.send("Input.dispatchDragEvent", type=kind, data=data, **end)
    window.screenshot("actions-drag")
    window.send("Input.dispatchDragEvent", type="drop", data=data, **end)
    mouse(window, "mouseReleased", end, held=0)
    window.send("Input.setInterceptDrags", enabled=False)


def press_alt(window: Window, key: str) -> None:
    data = {"key": key, "code": key, "modifiers": 1}
    code = {"ArrowUp": 38, "ArrowDown": 40}[key]
    for kind in ("keyDown", "keyUp"):
        window.send(
            "Input.dispatchKeyEvent", type=kind, windowsVirtualKeyCode=code, **data
        )


def test_a_form_outlives_the_program(tmp_path: Path) -> None:
    with Window.start(tmp_path) as window:
        window.click("link", "Quick actions")
        window.click("button", "New action")
        window.write("textbox", "Name", "Shorten it")
        window.write("textbox", "Prompt", "Half a prompt {clipboard}")
        window.wait_for(DRAFT)
        tree = [psutil.Process(window.process.pid), *window.children]
        window.kill()
        assert are_gone(tree, 20)
    with Window.start(tmp_path) as window:
        window.click("link", "Quick actions")
        window.click("button", "New action")
        window.wait_for("document.querySelector('[name=name]')?.value === 'Shorten it'")
        assert window.evaluate("document.querySelector('[name=prompt]').value") == (
            "Half a prompt {clipboard}"
        )
        window.screenshot("action-form")
        window.click("button", "Save")
        window.wait_for(f"{NAMES}.includes('Shorten it')")
        window.click("button", "New action")
        window.wait_for("document.querySelector('[name=name]')?.value === ''")


def test_actions_are_ordered_by_mouse_and_by_keyboard(tmp_path: Path) -> None:
    with Window.start(tmp_path) as window:
        window.click("link", "Quick actions")
        window.wait_for(f"{NAMES}.length > 5")
        names = order(window)
        until_stored = _waiter(window)

        # The first action is dragged below the third.
        grip = middle_of(window, ".action .grip")
        below = middle_of(window, ".action:nth-child(3)", 0.9)
        drag(window, grip, below)
        dragged = [*names[1:3], names[0], *names[3:]]
        until_stored(dragged)
        assert order(window) == dragged

        window.evaluate("document.querySelector('.action:nth-child(3) a').focus()")
        press_alt(window, "ArrowUp")
        until_stored([dragged[0], names[0], dragged[1], *dragged[3:]])
        press_alt(window, "ArrowUp")
        until_stored(names)
        press_alt(window, "ArrowDown")
        until_stored([names[1], names[0], *names[2:]])
        # The focus stays on what is moved.
        focused = "document.activeElement.closest('.action')?.querySelector('strong')"
        assert window.evaluate(f"{focused}?.innerText") == names[0]


def test_actions_come_from_a_file_chosen_in_a_dialog(tmp_path: Path) -> None:
    file = tmp_path / "actions.json"
    with Window.start(tmp_path / "data") as window:
        exported = window.evaluate("fetch('/actions/export').then(r => r.text())")
        file.write_text(exported.replace("Explain", "Expound"), "utf-8")
        window.click("link", "Quick actions")
        window.click("link", "Import…")
        pid = window.process.pid
        dialog = until(lambda: _titled(pid, "Import Quick Actions"), "the dialog")
        xdotool("windowactivate", "--sync", dialog)
        xdotool("type", str(file))
        window.screenshot("actions-import")
        xdotool("key", "Return")
        window.wait_for(f"{NAMES}.includes('Expound')")
        window.wait_for("document.body.innerText.includes('1 quick action added.')")


def test_a_shortcut_somebody_has_is_said_beside_the_action(
    tmp_path: Path, qtbot: QtBot
) -> None:
    other = Hotkeys()
    other.hold("other", "Ctrl+Alt+U", "Other")
    with Window.start(tmp_path) as window:
        window.click("link", "Quick actions")
        window.click("button", "New action")
        window.write("textbox", "Name", "Shorten")
        window.write("textbox", "Prompt", "Shorten: {clipboard}")
        window.write("textbox", "Shortcut", "Ctrl+Alt+U")
        window.click("button", "Save")
        window.wait_for("document.body.innerText.includes('Another program has this')")
        window.photograph("actions-refused")
    other.release()


def _titled(pid: int, title: str) -> str | None:
    titles = {xdotool("getwindowname", each): each for each in windows_of(pid)}
    return next((titles[each] for each in titles if each.startswith(title)), None)


def _waiter(window: Window) -> Callable[[list[str]], None]:
    def until_stored(expected: list[str]) -> None:
        script = "fetch('/api/v1/actions').then(r => r.json())"
        names = f"{script}.then(t => t.actions.map(a => a.name).join())"
        window.wait_for(f"{names}.then(told => told === {','.join(expected)!r})")
        window.wait_for(f"{NAMES}.join() === {','.join(expected)!r}")

    return until_stored
