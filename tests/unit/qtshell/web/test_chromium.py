"""The switches Chromium gets."""

import sys
from pathlib import Path

import pytest

from qtshell.web.chromium import has_gpu, prepare_environment

FROM_OUTSIDE = {
    "QTWEBENGINE_REMOTE_DEBUGGING": "9222",
    "QTWEBENGINE_CHROMIUM_FLAGS": "--no-sandbox",
    "QTWEBENGINE_DISABLE_SANDBOX": "1",
    "HOME": "/h",
}


def prepared(*, dev: bool = False, **switches: bool) -> dict[str, str]:
    """Return what becomes of an environment."""
    environment = dict(FROM_OUTSIDE)
    wanted = {"software": False, "as_root": False} | switches
    prepare_environment(
        environment, dev=dev, software=wanted["software"], as_root=wanted["as_root"]
    )
    return environment


def test_switches_from_outside_are_dropped() -> None:
    environment = prepared()
    assert "QTWEBENGINE_REMOTE_DEBUGGING" not in environment
    assert "QTWEBENGINE_DISABLE_SANDBOX" not in environment
    assert "--no-sandbox" not in environment["QTWEBENGINE_CHROMIUM_FLAGS"]
    assert environment["HOME"] == "/h"


def test_developer_mode_keeps_them_beside_our_own() -> None:
    environment = prepared(dev=True)
    assert environment["QTWEBENGINE_REMOTE_DEBUGGING"] == "9222"
    assert "MAP * ~NOTFOUND" in environment["QTWEBENGINE_CHROMIUM_FLAGS"]


def test_the_sandbox_is_off_only_for_root_and_it_is_said(
    caplog: pytest.LogCaptureFixture,
) -> None:
    assert prepared(as_root=True)["QTWEBENGINE_DISABLE_SANDBOX"] == "1"
    assert "sandbox is off" in caplog.text


def test_software_rendering_leaves_the_graphics_card_alone() -> None:
    environment = prepared(software=True)
    assert "--disable-gpu" in environment["QTWEBENGINE_CHROMIUM_FLAGS"]
    assert environment["QT_QUICK_BACKEND"] == "software"
    assert environment["QT_XCB_GL_INTEGRATION"] == "none"
    assert "QT_XCB_GL_INTEGRATION" not in prepared()


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere it is never ruled out")
@pytest.mark.parametrize(
    ("device", "expected"),
    [
        ("dri/renderD128", True),
        ("nvidiactl", True),
        ("dxg", True),
        ("dri/card0", False),  # a screen alone: what draws there is the processor
        ("null", False),
    ],
)
def test_a_graphics_card_is_known_by_its_device(
    tmp_path: Path, device: str, *, expected: bool
) -> None:
    (tmp_path / device).parent.mkdir(exist_ok=True)
    (tmp_path / device).touch()
    assert has_gpu(tmp_path) is expected


def test_without_devices_there_is_no_graphics_card(tmp_path: Path) -> None:
    assert has_gpu(tmp_path / "none") is (sys.platform != "linux")
