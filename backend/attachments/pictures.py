"""Knows pictures by their first bytes, and has one prepared in a process of its own.

A picture is hostile input: what decodes it may use bounded memory and time, and can
neither write nor connect. What is kept is made anew: small enough for a model, upright,
and without what a camera writes into it.
"""

import contextlib
from base64 import b64decode
from dataclasses import dataclass
from typing import Final

from backend.errors import InvalidInputError
from backend.runtime.worker import Job

MAX_PIXELS: Final = 80_000_000
MAX_SIDE: Final = 2_048
MAX_KEPT_BYTES: Final = 4 * 1024 * 1024
"""Providers refuse pictures of more than five megabytes."""

PNG: Final = "image/png"
JPEG: Final = "image/jpeg"
KEPT_TYPES: Final = (PNG, JPEG)

_BEGINNINGS: Final = (
    (b"\x89PNG\r\n\x1a\n", PNG),
    (b"\xff\xd8\xff", JPEG),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"BM", "image/bmp"),
)
_HEIC: Final = frozenset(
    (b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1")
)
_OTHERS: Final = (
    b"II*\0",
    b"MM\0*",
    b"8BPS",
    b"\0\0\1\0",
    b"\0\0\0\x0cjP  ",
    b"\xff\x0a",
)
"""TIFF, Photoshop, icons, JPEG 2000, JPEG XL."""

_DEADLINE_S: Final = 60.0
_MAX_ANSWER_BYTES: Final = 16 * MAX_KEPT_BYTES
_READABLE: Final = "Hearth reads PNG, JPEG, WebP, GIF and BMP."
IS_HEIC: Final = (
    "This is a HEIC picture, which Hearth cannot read. Save or export it as JPEG, and "
    "attach that."
)
IS_OTHER: Final = (
    f"Pictures of this kind cannot be read. {_READABLE} Save or export it as PNG, and "
    "attach that."
)
IS_DAMAGED: Final = (
    "This picture is damaged or incomplete. Open it in another program and save it "
    "anew, or attach another one."
)
HAS_MANY_PIXELS: Final = (
    f"This picture has more than {MAX_PIXELS // 1_000_000} million pixels. Make it "
    "smaller in another program, and attach that."
)
_NEEDS_MUCH: Final = (
    "This picture needs more time or memory than Hearth allows. Make it smaller in "
    "another program, and attach that."
)


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture as it is kept and sent."""

    content: bytes
    media_type: str
    width: int
    height: int


def media_type_of(content: bytes) -> str | None:
    """Return which picture these bytes begin, whatever anybody says; None for none.

    Raises:
        InvalidInputError: It is a picture that nobody here can read.
    """
    for beginning, media_type in _BEGINNINGS:
        if content.startswith(beginning):
            return media_type
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "image/webp"
    if content[4:8] == b"ftyp" and content[8:12] in _HEIC:
        raise InvalidInputError(IS_HEIC)
    if content.startswith(_OTHERS) or content[4:12] == b"ftypavif":
        raise InvalidInputError(IS_OTHER)
    return None


def prepare_picture(content: bytes) -> Picture:
    """Return a picture as it is kept; it blocks while a process makes it.

    Raises:
        InvalidInputError: It is damaged, or takes too much.
    """
    job = Job(
        "backend.attachments.picture_process",
        {},
        content=content,
        deadline_s=_DEADLINE_S,
    )
    with contextlib.closing(job.answers(_MAX_ANSWER_BYTES)) as answers:
        made = next(answers, None)
    if made is None:
        raise InvalidInputError(_NEEDS_MUCH)
    if "refused" in made:
        raise InvalidInputError(made["refused"])
    return Picture(
        b64decode(made["content"]), made["media_type"], made["width"], made["height"]
    )
