"""Packs the program as one file that runs where it lies.

What an AppImage begins with, its runtime, is a program of others: the builder has
it from https://github.com/AppImage/type2-runtime and gives it.
"""

import shutil
from pathlib import Path
from typing import Final

from tools import Build, run

from backend.installation import installed_version
from qtshell.desktop.linux import LinuxDesktop
from qtshell.identity import APP_ID

# What every runtime can read, and what makes two builds alike.
_PACKING: Final = ("-comp", "zstd", "-root-owned")
_LEVEL: Final = {True: "22", False: "1"}
"""How hard zstd tries: to the end, or for trying the recipe."""
_QUIET: Final = ("-noappend", "-no-progress", "-quiet")


def build_appimage(unpacked: Path, runtime: Path, build: Build) -> Path:
    """Pack a folder that runs wherever it is, behind the runtime that mounts it."""
    folder = app_dir(unpacked, build.work / "AppDir")
    image = build.work / "AppDir.squashfs"
    times = ("-mkfs-time", str(build.epoch), "-all-time", str(build.epoch))
    # It refuses to be told the time twice.
    squash = ("env", "-u", "SOURCE_DATE_EPOCH", "mksquashfs", folder, image)
    level = ("-Xcompression-level", _LEVEL[build.preset == Build.preset])
    run(*squash, *_PACKING, *level, *_QUIET, *times)
    target = build.dist / f"hearth-{installed_version()}-x86_64.AppImage"
    target.write_bytes(runtime.read_bytes() + image.read_bytes())
    target.chmod(0o755)
    return target


def app_dir(unpacked: Path, folder: Path) -> Path:
    """Make the folder of an AppImage: the program, and what a menu looks for."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(unpacked, folder, symlinks=True)
    share = folder / "usr" / "share"
    LinuxDesktop(["hearth"], share, share).install()
    icon = f"usr/share/icons/hicolor/256x256/apps/{APP_ID}.png"
    entry = f"{APP_ID}.desktop"
    for name, place in {
        "AppRun": "hearth",
        entry: f"usr/share/applications/{entry}",
        f"{APP_ID}.png": icon,
        ".DirIcon": icon,
    }.items():
        (folder / name).symlink_to(place)
    return folder
