"""The switches Chromium starts with, decided before it is imported."""

import logging
import os
import sys
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
    # It would fork helpers of which Qt starts none on Linux, and takes 10 MB.
    "--no-unsandboxed-zygote",
    "--disable-background-networking",
    "--disable-features=WebOTP,WebUSB,WebBluetooth,InterestFeedContentSuggestions",
)
_SOFTWARE: Final = ("--disable-gpu", "--disable-gpu-compositing")
_SOFTWARE_QT: Final = {
    "QT_QUICK_BACKEND": "software",
    # Or Qt loads Mesa with its compiler into the shell: 40 MB that draw nothing.
    "QT_XCB_GL_INTEGRATION": "none",
    "QT_WAYLAND_DISABLE_HW_INTEGRATION": "1",
}
_PREFIX: Final = "QTWEBENGINE_"
_GPU_DEVICES: Final = ("dri/renderD*", "nvidiactl", "dxg", "kgsl-3d0", "mali*")
"""Of Mesa's drivers, NVIDIA's own, Windows' for Linux in it, Adreno's and Mali's."""


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
        log.info("the page is drawn without a graphics card")
        flags += _SOFTWARE
        environment.update(_SOFTWARE_QT)
    environment["QTWEBENGINE_CHROMIUM_FLAGS"] = " ".join(filter(None, flags))


def has_gpu(devices: Path = Path("/dev")) -> bool:
    """Say whether there may be a graphics card; only on Linux can it be ruled out.

    Without one Mesa emulates OpenGL (llvmpipe), which costs half a core while an answer
    grows and 40 MB; Chromium's own software renderer draws the same for less.
    """
    if sys.platform != "linux":
        return True
    return any(any(devices.glob(pattern)) for pattern in _GPU_DEVICES)


def is_root() -> bool:
    """Say whether this process is the superuser's."""
    return hasattr(os, "geteuid") and os.geteuid() == 0
