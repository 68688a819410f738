"""XFCE's panel on a display of its own, with a user's folders and a session bus."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import psutil
import pytest

from qtshell.identity import APP_ID
from tests.e2e.test_desktop import Home
from tests.helpers.session_bus import bus_with
from tests.helpers.tray import click, screen_of, windows_of, xdotool
from tests.helpers.window import until

FIRST = (20, 20)
"""Where the first thing of the panel is."""
CHANNEL = """\
<channel name="xfce4-panel" version="1.0">
  <property name="configver" type="int" value="2"/>
  <property name="panels" type="array">
    <value type="int" value="1"/>
    <property name="panel-1" type="empty">
      <property name="position" type="string" value="p=6;x=0;y=0"/>
      <property name="length" type="uint" value="100"/>
      <property name="size" type="uint" value="40"/>
      <property name="plugin-ids" type="array"><value type="int" value="1"/></property>
    </property>
  </property>
  <property name="plugins" type="empty">
    <property name="plugin-1" type="string" value="{plugin}">
      <property name="custom-menu" type="bool" value="true"/>
      <property name="custom-menu-file" type="string" value="{menu}"/>
    </property>
  </property>
</channel>
"""
MENU = f"""\
<Menu>
  <Name>All</Name>
  <DefaultAppDirs/>
  <Include><Filename>{APP_ID}.desktop</Filename></Include>
</Menu>
"""
SETTINGS: Final = Path("/usr/share/dbus-1/services/org.xfce.Xfconf.service")
QUIET: Final = subprocess.DEVNULL


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Home]:
    """A user's folders, a display and a session bus; what is started has them too.

    The bus starts the panel's settings alone: a keyring would ask for a password and
    hold the keyboard meanwhile, so that no menu opens.
    """
    home = Home(tmp_path)
    for name in ("HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(name, home.environment[name])
    services = tmp_path / "services"
    services.mkdir()
    shutil.copy(SETTINGS, services)
    with (
        screen_of(1200, 900),
        subprocess.Popen(["openbox"], stderr=QUIET) as manager,
        bus_with(services) as address,
    ):
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", address)
        yield home
        manager.terminate()


@pytest.fixture
def panel(home: Home, request: pytest.FixtureRequest) -> Iterator[int]:
    """Run the panel with one thing in it, and return its process's number."""
    menu = home.path / "all.menu"
    menu.write_text(MENU, "utf-8")
    kept = home.path / "config/xfce4/xfconf/xfce-perchannel-xml/xfce4-panel.xml"
    kept.parent.mkdir(parents=True)
    kept.write_text(CHANNEL.format(plugin=request.param, menu=menu), "utf-8")
    command = ["xfce4-panel", "--disable-wm-check"]
    with subprocess.Popen(command, stdout=QUIET, stderr=QUIET) as panel:
        until(lambda: windows_of(panel.pid), "the panel")
        yield panel.pid
        panel.terminate()


def open_menu(panel: int, button: int = 1) -> None:
    """Click what is in the panel until its menu is there."""
    before = _shown(panel)

    def is_open() -> bool:
        click(*FIRST, button)
        xdotool("sleep", 0.5)
        return bool(_shown(panel) - before)

    until(is_open, "the menu")


def _shown(panel: int) -> set[str]:
    """Return the windows of the panel and of the processes its parts run in."""
    parts = [child.pid for child in psutil.Process(panel).children(recursive=True)]
    return set().union(*map(windows_of, [panel, *parts]))
