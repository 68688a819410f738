"""The parts of a document that is a zip archive, none larger than it may be."""

import io
import struct
import zipfile
import zlib
from typing import Final
from xml.etree.ElementTree import Element, ParseError

from defusedxml import ElementTree
from defusedxml.common import DefusedXmlException

from backend.documents.limits import (
    MAX_MEMBERS,
    MAX_PART_BYTES,
    MAX_UNPACKED_BYTES,
    UnreadableError,
    damaged,
    too_large,
)

FAULTS: Final = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    NotImplementedError,
    RuntimeError,
    ValueError,
    struct.error,
    OSError,
)


class PackedParts:
    """A zip archive that is read in memory.

    Attributes:
        names: Of all its parts.
    """

    def __init__(self, content: bytes) -> None:
        """Look into an archive.

        Raises:
            UnreadableError: It is damaged, too large or protected.
        """
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(content))
        except FAULTS as exc:
            raise damaged() from exc
        infos = self._zip.infolist()
        if len(infos) > MAX_MEMBERS:
            raise too_large()
        if any(info.flag_bits & 1 for info in infos):
            raise UnreadableError(
                "This file is protected by a password. Save a copy without one and "
                "attach that."
            )
        self.names = {info.filename for info in infos}
        self._left = MAX_UNPACKED_BYTES

    def read(self, name: str) -> bytes | None:
        """Return a part; None when there is none.

        Raises:
            UnreadableError: It is damaged or too large.
        """
        if name not in self.names:
            return None
        most = min(MAX_PART_BYTES, self._left)
        try:
            with self._zip.open(name) as part:
                content = part.read(most + 1)
        except FAULTS as exc:
            raise damaged() from exc
        if len(content) > most:
            raise too_large()
        self._left -= len(content)
        return content

    def xml(self, name: str) -> Element | None:
        """Return a part that is XML; None when there is none.

        Raises:
            UnreadableError: It is no XML, or defines what it is made of itself.
        """
        content = self.read(name)
        if content is None:
            return None
        try:
            root: Element = ElementTree.fromstring(content, forbid_dtd=True)
        except (ParseError, DefusedXmlException, ValueError, LookupError) as exc:
            raise damaged() from exc
        return root


def local(element: Element) -> str:
    """Return the name of an element without its namespace."""
    # A comment has a function for a tag.
    return str(element.tag).rpartition("}")[2]


def attribute(element: Element, name: str) -> str:
    """Return an attribute by its name without its namespace; "" without."""
    for key, value in element.items():
        if key.rpartition("}")[2] == name:
            return value
    return ""
