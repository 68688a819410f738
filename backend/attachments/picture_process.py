"""The process that decodes one picture and makes it anew: `pictures` starts it."""

import io
import warnings
from base64 import b64encode
from typing import Any, Final

from PIL import Image, ImageOps

from backend.attachments.pictures import (
    HAS_MANY_PIXELS,
    IS_DAMAGED,
    JPEG,
    MAX_KEPT_BYTES,
    MAX_PIXELS,
    MAX_SIDE,
    PNG,
)
from backend.runtime.confinement import confine
from backend.runtime.worker import answer, finish, take_content, take_job

_FORMATS: Final = ("PNG", "JPEG", "WEBP", "GIF", "BMP")
_LOSSLESS: Final = frozenset({"PNG", "GIF", "BMP"})
_CPU_S: Final = 30
_MEMORY_BYTES: Final = 1536 * 1024**2
_QUALITY: Final = 90
_SEE_THROUGH: Final = frozenset({"RGBA", "LA", "PA", "La", "RGBa"})


def redrawn(content: bytes) -> dict[str, Any]:
    """Return the first picture of a file: upright, not too large, with nothing beside.

    It is refused with a sentence where that cannot be.
    """
    warnings.simplefilter("ignore")  # a bomb is told by its size, before it is decoded
    try:
        with Image.open(io.BytesIO(content), formats=_FORMATS) as opened:
            if opened.width * opened.height > MAX_PIXELS:
                return {"refused": HAS_MANY_PIXELS}
            is_lossless = opened.format in _LOSSLESS
            # A JPEG can be decoded at a fraction of its size.
            opened.draft("RGB", (MAX_SIDE, MAX_SIDE))
            picture = _plain(ImageOps.exif_transpose(opened))
    except Image.DecompressionBombError:
        return {"refused": HAS_MANY_PIXELS}
    except (OSError, ValueError, SyntaxError):
        return {"refused": IS_DAMAGED}
    picture.thumbnail((MAX_SIDE, MAX_SIDE), Image.Resampling.LANCZOS)
    saved, media_type = _saved(picture, is_lossless=is_lossless)
    return {
        "content": b64encode(saved).decode(),
        "media_type": media_type,
        "width": picture.width,
        "height": picture.height,
    }


def _plain(picture: Image.Image) -> Image.Image:
    is_see_through = picture.mode in _SEE_THROUGH or "transparency" in picture.info
    plain = picture.convert("RGBA" if is_see_through else "RGB")
    plain.info = {}
    return plain


def _saved(picture: Image.Image, *, is_lossless: bool) -> tuple[bytes, str]:
    """Return what a screenshot loses nothing in, or a photo is small in."""
    if is_lossless or picture.mode == "RGBA":
        file = io.BytesIO()
        picture.save(file, "PNG")
        if file.tell() <= MAX_KEPT_BYTES:
            return file.getvalue(), PNG
    if picture.mode == "RGBA":
        # What cannot be seen through any more stands on white, as on paper.
        white = Image.new("RGB", picture.size, "white")
        white.paste(picture, mask=picture.getchannel("A"))
        picture = white
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=_QUALITY)
    return file.getvalue(), JPEG


def main() -> None:
    """Make the picture that is given anew."""
    content = take_content()
    take_job()
    Image.init()
    confine(cpu_s=_CPU_S, memory_bytes=_MEMORY_BYTES)
    answer(redrawn(content))
    finish()


if __name__ == "__main__":
    main()
