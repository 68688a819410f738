"""Writes a Windows shortcut (MS-SHLLINK) with its AppUserModelID.

The scripting hosts of Windows cannot set that id, and without it the taskbar takes the
window for Python's.
"""

import struct
import uuid
from dataclasses import dataclass
from typing import Final

_LINK_ID: Final = uuid.UUID("00021401-0000-0000-c000-000000000046").bytes_le
_MODEL: Final = uuid.UUID("9f4c2855-9f79-4b39-a8d0-e1d42de1d5f3").bytes_le
"""The property set of application models; property 5 of it is the id."""
_MODEL_ID: Final = 5
_UNICODE_STRING: Final = 0x1F

_HAS_LINK_INFO: Final = 1 << 1
_HAS_NAME: Final = 1 << 2
_HAS_WORKING_DIR: Final = 1 << 4
_HAS_ARGUMENTS: Final = 1 << 5
_HAS_ICON: Final = 1 << 6
_IS_UNICODE: Final = 1 << 7
_FLAGS: Final = (
    _HAS_LINK_INFO
    | _HAS_NAME
    | _HAS_WORKING_DIR
    | _HAS_ARGUMENTS
    | _HAS_ICON
    | _IS_UNICODE
)
_HEADER_BYTES: Final = 0x4C
_ARCHIVE: Final = 0x20
_SHOW_NORMAL: Final = 1
_FIXED_DRIVE: Final = 3
_INFO_HEADER_BYTES: Final = 0x24
_VOLUME_HEADER_BYTES: Final = 0x10
_STORE_SIGNATURE: Final = 0xA0000009
_STORE_VERSION: Final = 0x53505331


@dataclass(frozen=True, slots=True, kw_only=True)
class ShellLink:
    """What a shortcut starts and how it looks."""

    target: str
    arguments: str
    working_dir: str
    icon: str
    description: str
    app_id: str

    def to_bytes(self) -> bytes:
        """Return the content of the `.lnk` file."""
        strings = (self.description, self.working_dir, self.arguments, self.icon)
        return b"".join(
            [
                self._header(),
                self._link_info(),
                *map(_counted, strings),
                self._property_store(),
                bytes(4),
            ]
        )

    @staticmethod
    def _header() -> bytes:
        times_and_size = bytes(8 * 3 + 4)
        head = struct.pack("<I16sII", _HEADER_BYTES, _LINK_ID, _FLAGS, _ARCHIVE)
        rest = struct.pack("<iIHHII", 0, _SHOW_NORMAL, 0, 0, 0, 0)
        return head + times_and_size + rest

    def _link_info(self) -> bytes:
        """Return where the target is: on a fixed drive, at this path."""
        volume = struct.pack(
            "<IIIIB", _VOLUME_HEADER_BYTES + 1, _FIXED_DRIVE, 0, _VOLUME_HEADER_BYTES, 0
        )
        narrow = self.target.encode("mbcs" if _has_mbcs() else "latin-1", "replace")
        wide = self.target.encode("utf-16-le") + b"\0\0"
        path_at = _INFO_HEADER_BYTES + len(volume)
        suffix_at = path_at + len(narrow) + 1
        wide_at = suffix_at + 1
        wide_suffix_at = wide_at + len(wide)
        size = wide_suffix_at + 2
        fields = (
            *(size, _INFO_HEADER_BYTES, 1, _INFO_HEADER_BYTES),
            *(path_at, 0, suffix_at, wide_at, wide_suffix_at),
        )
        body = volume + narrow + b"\0" + b"\0" + wide + b"\0\0"
        return struct.pack("<9I", *fields) + body

    def _property_store(self) -> bytes:
        text = self.app_id.encode("utf-16-le") + b"\0\0"
        text += bytes(-len(text) % 4)
        typed = struct.pack("<HHI", _UNICODE_STRING, 0, len(self.app_id) + 1) + text
        value = struct.pack("<IIB", 4 + 4 + 1 + len(typed), _MODEL_ID, 0) + typed
        end_of_values = bytes(4)
        size = 4 + 4 + 16 + len(value) + len(end_of_values)
        storage = struct.pack("<II", size, _STORE_VERSION) + _MODEL
        store = storage + value + end_of_values + bytes(4)
        return struct.pack("<II", 8 + len(store), _STORE_SIGNATURE) + store


def _counted(text: str) -> bytes:
    return struct.pack("<H", len(text)) + text.encode("utf-16-le")


def _has_mbcs() -> bool:
    try:
        "".encode("mbcs")
    except LookupError:
        return False
    return True
