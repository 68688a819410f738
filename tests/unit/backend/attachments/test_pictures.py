"""Pictures: known by their bytes, made anew with nothing beside, refused in words."""

import io
import struct
import zlib
from base64 import b64decode
from typing import Any

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from backend.attachments.picture_process import redrawn
from backend.attachments.pictures import (
    HAS_MANY_PIXELS,
    IS_DAMAGED,
    IS_HEIC,
    IS_OTHER,
    media_type_of,
    prepare_picture,
)
from backend.errors import InvalidInputError


def file_of(
    form: str, size: tuple[int, int] = (8, 4), mode: str = "RGB", **options: object
) -> bytes:
    file = io.BytesIO()
    Image.new(mode, size, "red").save(file, form, **options)
    return file.getvalue()


def bomb(side: int) -> bytes:
    """Return the head of a PNG that claims to be enormous."""
    head = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    chunk = b"IHDR" + head
    data = b"IDAT" + zlib.compress(b"\0" * 10_000)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(one) - 4) + one + struct.pack(">I", zlib.crc32(one))
        for one in (chunk, data, b"IEND")
    )


def opened(made: dict[str, Any]) -> Image.Image:
    return Image.open(io.BytesIO(b64decode(made["content"])))


@pytest.mark.parametrize(
    ("form", "media_type", "kept"),
    [
        ("PNG", "image/png", "image/png"),
        ("JPEG", "image/jpeg", "image/jpeg"),
        ("WEBP", "image/webp", "image/jpeg"),
        ("GIF", "image/gif", "image/png"),
        ("BMP", "image/bmp", "image/png"),
    ],
)
def test_each_kind_is_known_by_its_bytes_and_redrawn(
    form: str, media_type: str, kept: str
) -> None:
    content = file_of(form)
    assert media_type_of(content) == media_type
    made = redrawn(content)
    assert (made["media_type"], made["width"], made["height"]) == (kept, 8, 4)
    assert opened(made).size == (8, 4)


def test_a_photo_stands_upright_and_tells_no_place() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by a quarter
    exif.get_ifd(0x8825)[2] = (48.0, 8.0, 11.0)
    exif[0x010F] = "canary camera"
    made = redrawn(file_of("JPEG", exif=exif, comment=b"canary comment"))
    assert (made["width"], made["height"]) == (4, 8)
    assert b"canary" not in b64decode(made["content"])
    assert not opened(made).getexif()


def test_text_beside_a_picture_goes() -> None:
    info = PngInfo()
    info.add_text("Comment", "canary", zip=False)
    made = redrawn(file_of("PNG", pnginfo=info) + b"canary after the end")
    assert b"canary" not in b64decode(made["content"])


def test_a_large_picture_becomes_smaller_and_keeps_its_shape() -> None:
    made = redrawn(file_of("JPEG", (5000, 2500)))
    assert (made["width"], made["height"]) == (2048, 1024)


def test_what_can_be_seen_through_stays_so() -> None:
    made = redrawn(file_of("PNG", mode="RGBA"))
    assert (opened(made).mode, made["media_type"]) == ("RGBA", "image/png")


def test_of_a_moving_picture_the_first_is_kept() -> None:
    file = io.BytesIO()
    frames = [Image.new("RGB", (8, 4), colour) for colour in ("red", "blue")]
    frames[0].save(file, "GIF", save_all=True, append_images=frames[1:])
    assert opened(redrawn(file.getvalue())).convert("RGB").getpixel((0, 0)) == (
        255,
        0,
        0,
    )


def test_noise_that_is_too_large_without_loss_is_kept_as_a_photo() -> None:
    noise = Image.effect_noise((2048, 2048), 90).convert("RGB")
    file = io.BytesIO()
    noise.save(file, "BMP")
    made = redrawn(file.getvalue())
    assert made["media_type"] == "image/jpeg"
    assert len(b64decode(made["content"])) < 4_500_000


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (bomb(60_000), HAS_MANY_PIXELS),
        (bomb(9_000), HAS_MANY_PIXELS),
        (bomb(100), IS_DAMAGED),
        (file_of("PNG")[:40], IS_DAMAGED),
        (file_of("JPEG", (200, 200))[:300], IS_DAMAGED),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 100, IS_DAMAGED),
        (b"BM<script>", IS_DAMAGED),
        (b"RIFF\0\0\0\0WEBP", IS_DAMAGED),
    ],
    ids=["bomb", "large", "short", "head", "half", "empty", "script", "no picture"],
)
def test_what_cannot_be_read_is_said(content: bytes, sentence: str) -> None:
    assert redrawn(content) == {"refused": sentence}


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"\0\0\0\x18ftypheic", IS_HEIC),
        (b"\0\0\0\x18ftypmif1", IS_HEIC),
        (b"\0\0\0\x18ftypavif", IS_OTHER),
        (file_of("TIFF"), IS_OTHER),
        (file_of("ICO", (16, 16)), IS_OTHER),
    ],
    ids=["heic", "heif", "avif", "tiff", "icon"],
)
def test_kinds_nobody_here_reads_are_named(content: bytes, sentence: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        media_type_of(content)
    assert str(caught.value) == sentence


@pytest.mark.parametrize("content", [b"", b"%PDF-1.7", b"<svg>", b"RIFF\0\0\0\0WAVE"])
def test_what_is_no_picture_is_none(content: bytes) -> None:
    assert media_type_of(content) is None


def test_a_process_of_its_own_makes_it() -> None:
    picture = prepare_picture(file_of("WEBP", (30, 20)))
    assert (picture.media_type, picture.width, picture.height) == ("image/jpeg", 30, 20)
    with pytest.raises(InvalidInputError, match="million pixels"):
        prepare_picture(bomb(60_000))
