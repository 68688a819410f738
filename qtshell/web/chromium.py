"""The switches Chromium starts with, decided before it is imported."""

import logging
import os
from collections.abc import MutableMapping
from pathlib import Path
from typing import Final

log = logging.getLogger("hearth.web")

_FLAGS: Final = (
    # Names are never resolved: the page has one address, and that is a number.
    '--host-resolver-rules="MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"',
    "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--dns-prefetch-disable",
    "--no-pings",
    "--disable-background-networking",
    "--disable-features=WebOTP,WebUSB,WebBluetooth,InterestFeedContentSuggestions",
)
_SOFTWARE: Final = ("--disable-gpu", "--disable-gpu-compositing")
_PREFIX: Final = "QTWEBENGINE_"


def prepare_environment(
    environment: MutableMapping[str, str],
    *,
    dev: bool,
    software: bool,
    as_root: bool,
    dictionaries: Path | None = None,
) -> None:
    """Set the switches in the environment, which is where Chromium reads them.

    What came from outside is dropped unless developer mode was asked for: a switch
    could turn the sandbox off or open a remote control port. Dictionaries are looked
    for in one folder, from Chromium's start on.
    """
    if not dev:
        for name in [name for name in environment if name.startswith(_PREFIX)]:
            del environment[name]
    if dictionaries:
        environment["QTWEBENGINE_DICTIONARIES_PATH"] = str(dictionaries)
    if as_root:
        log.warning("running as root: Chromium's sandbox is off")
        environment["QTWEBENGINE_DISABLE_SANDBOX"] = "1"
    flags = [environment.get("QTWEBENGINE_CHROMIUM_FLAGS", ""), *_FLAGS]
    if software:
        log.warning("software rendering, because the page crashed repeatedly")
        flags += _SOFTWARE
        environment["QT_QUICK_BACKEND"] = "software"
    environment["QTWEBENGINE_CHROMIUM_FLAGS"] = " ".join(filter(None, flags))


def is_root() -> bool:
    """Say whether this process is the superuser's."""
    return hasattr(os, "geteuid") and os.geteuid() == 0
