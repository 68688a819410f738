"""Run by `debian`: the package's entry is chosen in the start menu of XFCE's panel."""

import json

import pytest

from tests.e2e.test_desktop import Home
from tests.helpers.panel import home, open_menu, panel
from tests.helpers.sidecar import program_command
from tests.helpers.tray import xdotool
from tests.helpers.window import until

__all__ = ["home", "panel"]


@pytest.mark.parametrize("panel", ["applicationsmenu"], indirect=True)
def test_the_installed_entry_is_chosen_in_the_start_menu(
    panel: int, home: Home
) -> None:
    def state(name: str) -> object:
        answer = home.run(*program_command(), "status", "--json").stdout
        return json.loads(answer or "{}").get(name)

    assert not home.entry.exists(), "the package's entry is the only one"
    open_menu(panel)
    home.screenshot("package-start-menu")
    xdotool("key", "Down")
    xdotool("key", "Return")
    until(lambda: state("phase") == "ready", "Hearth to be ready")
    home.screenshot("package-started")
    assert state("window") == "shown"
    assert home.run(*program_command(), "quit").returncode == 0
