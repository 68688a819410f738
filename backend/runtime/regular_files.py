"""Opens files to read them, and nothing that only looks like a file."""

import errno
import os
import stat
from pathlib import Path
from typing import BinaryIO, Final

_FLAGS: Final = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


def open_regular(path: Path) -> BinaryIO:
    """Open a regular file.

    A pipe or a device may give its first byte never, and a device may act on being
    opened: the kind is looked at before, and again when it is open.

    Raises:
        OSError: It cannot be opened, or is no file.
    """
    if not stat.S_ISREG(path.stat().st_mode):
        raise OSError(errno.EINVAL, "no regular file")
    file = os.fdopen(os.open(path, _FLAGS), "rb", buffering=1024 * 1024)
    if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        file.close()
        raise OSError(errno.EINVAL, "no regular file")
    return file
