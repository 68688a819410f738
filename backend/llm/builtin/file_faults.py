"""Says what is wrong with a file that cannot be opened, or has no good header."""

import errno
import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from backend.llm.builtin.gguf_header import CutShortError, HeaderError
from backend.runtime.regular_files import open_regular

_OLDER: Final = "it has an older format. Choose a newer file of this model"
_PACKED: Final = (
    "it is a packed file. Unpack it, or choose a GGUF file of this model instead"
)
_STARTS: Final = (
    (b"<", "it is a web page that was saved instead of the model. Download it again"),
    (
        b"version https://git-lfs",
        "it only points to the model. Download the file itself",
    ),
    (b"tjgg", _OLDER),
    (b"lmgg", _OLDER),
    (b"fmgg", _OLDER),
    (b"PK\x03\x04", _PACKED),
    (b"\x1f\x8b", _PACKED),
    (b"7z\xbc\xaf", _PACKED),
    (b"\x28\xb5\x2f\xfd", _PACKED),
)
_GONE: Final = "it is no longer there. Put it back, or choose it in its new location"
_DEAD_LINK: Final = (
    "it is a link to a file that is no longer there. Put that file back, or choose it "
    "in its new location"
)
_FORBIDDEN: Final = (
    "your account may not read it. Change its permissions or those of its folder, then "
    "choose it again"
)
_BY_ERROR: Final[Mapping[int, str]] = {
    errno.EACCES: _FORBIDDEN,
    errno.EPERM: _FORBIDDEN,
    errno.ELOOP: "it is a link that leads back to itself. Choose the file itself",
    errno.ENAMETOOLONG: "its name is too long. Rename it, then choose it again",
    errno.EIO: "its drive cannot read it. Check the drive, or download the model again",
}
_FOLDER: Final = "it is a folder. Choose the GGUF file in it"
_DEVICE: Final = "it is a device or a pipe, not a file"


def why_unreadable(path: Path, error: OSError) -> str:
    """Return why a file cannot be opened; it may say what to do."""
    if error.errno in (errno.ENOENT, errno.ENOTDIR):
        return _DEAD_LINK if os.path.islink(path) else _GONE  # noqa: PTH114 `Path.is_symlink` raises where a folder is forbidden
    if known := _BY_ERROR.get(error.errno or 0):
        return known
    try:
        mode = path.stat().st_mode
    except OSError:
        return "it cannot be read"
    if stat.S_ISDIR(mode):
        return _FOLDER
    return "it cannot be read" if stat.S_ISREG(mode) else _DEVICE


def why_no_header(path: Path, error: HeaderError) -> str:
    """Return what a file is that has no good header.

    Raises:
        OSError: It can no longer be read.
    """
    if isinstance(error, CutShortError):
        return "it is incomplete. Download it again"
    with open_regular(path) as file:
        start = file.read(64)
    if not start:
        return "it is empty. Download it again"
    if not start.strip(b"\0"):
        return "it has no content yet. Wait for its download, or download it again"
    start = start.lstrip()
    if start[8:9] == b"{":
        return "it is a safetensors file, not GGUF. Choose a GGUF file of this model"
    reason = next((why for mark, why in _STARTS if start.startswith(mark)), "")
    return f"{reason} (no GGUF file)" if reason else str(error)
