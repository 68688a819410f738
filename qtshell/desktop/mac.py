"""The Applications folder of macOS: a small bundle that starts this installation."""

import plistlib
import shlex
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from backend.installation import installed_version
from qtshell.desktop.resources import draw_icon
from qtshell.identity import APP_ID, APP_NAME

_ICON_SIZE: Final = 512


class MacDesktop:
    """A bundle in the user's Applications, and a launch agent for the log-in."""

    def __init__(self, command: Sequence[str], home: Path) -> None:
        self._command = command
        self._bundle = home / "Applications" / f"{APP_NAME}.app"
        self._agent = home / "Library" / "LaunchAgents" / f"{APP_ID}.plist"

    def introduce(self) -> None:
        """Do nothing: the bundle says it."""

    def install(self) -> None:
        """Write the bundle."""
        contents = self._bundle / "Contents"
        for name in ("MacOS", "Resources"):
            (contents / name).mkdir(parents=True, exist_ok=True)
        (contents / "Info.plist").write_bytes(plistlib.dumps(bundle_info()))
        (contents / "PkgInfo").write_text("APPL????", "ascii")
        program = contents / "MacOS" / APP_NAME
        program.write_text(
            f'#!/bin/sh\nexec {shlex.join(self._command)} "$@"\n', "utf-8"
        )
        program.chmod(0o755)
        draw_icon(_ICON_SIZE).save(str(contents / "Resources" / "Hearth.icns"))

    @property
    def is_dead(self) -> bool:
        """Whether the bundle or the launch agent starts a Hearth that is gone."""
        return any(map(_is_gone, (self._bundle_program(), self._agent_program())))

    def mend(self) -> None:
        """Write again what starts a program that is gone."""
        if _is_gone(self._bundle_program()):
            self.install()
        if _is_gone(self._agent_program()):
            self.start_at_login(on=True)

    def _bundle_program(self) -> str | None:
        script = self._bundle / "Contents" / "MacOS" / APP_NAME
        if not script.is_file():
            return None
        [_, program, *_] = shlex.split(script.read_text("utf-8"), comments=True)
        return program

    def _agent_program(self) -> str | None:
        if not self._agent.is_file():
            return None
        program: str = plistlib.loads(self._agent.read_bytes())["ProgramArguments"][0]
        return program

    def uninstall(self) -> None:
        """Remove the bundle and the launch agent."""
        shutil.rmtree(self._bundle, ignore_errors=True)
        self._agent.unlink(missing_ok=True)

    @property
    def starts_at_login(self) -> bool:
        """Whether the launch agent is there."""
        return self._agent.exists()

    def start_at_login(self, *, on: bool) -> None:
        """Write the agent that macOS starts at the next log-in, or remove it."""
        if not on:
            self._agent.unlink(missing_ok=True)
            return
        self._agent.parent.mkdir(parents=True, exist_ok=True)
        entry = {
            "Label": APP_ID,
            "ProgramArguments": [*self._command, "--hidden"],
            "RunAtLoad": True,
            "ProcessType": "Interactive",
        }
        self._agent.write_bytes(plistlib.dumps(entry))


def _is_gone(program: str | None) -> bool:
    return program is not None and not Path(program).is_file()


def bundle_info() -> dict[str, object]:
    """Return what macOS reads of a bundle, of this small one and of a package."""
    return {
        "CFBundleName": APP_NAME,
        "CFBundleDisplayName": APP_NAME,
        "CFBundleIdentifier": APP_ID,
        "CFBundleExecutable": APP_NAME,
        "CFBundleIconFile": "Hearth",
        "CFBundlePackageType": "APPL",
        "CFBundleInfoDictionaryVersion": "6.0",
        "CFBundleShortVersionString": installed_version(),
        "LSApplicationCategoryType": "public.app-category.productivity",
        "LSMinimumSystemVersion": "14.0",
        "LSMultipleInstancesProhibited": True,
        "NSHighResolutionCapable": True,
    }
