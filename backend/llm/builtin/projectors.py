"""Knows the file a model sees with, which lies beside it."""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from backend.llm.builtin.gguf_header import Header, HeaderError, read_header

_PROJECTOR: Final = "mmproj"
_QUANTISATION: Final = re.compile(
    r"(?:^|[-_.])((?:UD-)?(?:IQ\d\w*|Q\d+(?:_[A-Z0-9]+)*|TQ\d_\d|BF16|F16|F32|MXFP4\w*))$",
    re.IGNORECASE,
)


def quantisation_of(name: str) -> str:
    """Return how weights are stored, as the name of a file says; "" if it does not."""
    found = _QUANTISATION.search(name)
    return found[1].upper() if found else ""


def is_projector(name: str) -> bool:
    """Whether a file is what a model sees with, going by its name."""
    return _PROJECTOR in name.lower()


def sees_with(model: str, projector: str, models: Iterable[str]) -> bool:
    """Whether a model sees with a projector that lies beside it and other models.

    One that names some of them is theirs; another serves all of them.
    """
    plain = projector.lower().removesuffix(".gguf").replace(_PROJECTOR, "")
    quantisation = quantisation_of(plain).lower()
    named = plain.removesuffix(quantisation).strip("-_.")
    its = [one for one in models if named in one.lower()]
    return not its or model in its


def projector_beside(path: Path, header: Header) -> Path | None:
    """Return what a model sees with, the smallest of several; None for nothing.

    Its width tells apart what only lies in the same folder.

    Raises:
        OSError: The folder cannot be read.
    """
    beside = [one for one in path.parent.glob("*.gguf") if one.is_file()]
    models = [one.stem for one in beside if not is_projector(one.name)]
    width = header.number(f"{header.text('general.architecture')}.embedding_length")
    fitting = [
        one
        for one in beside
        if is_projector(one.name)
        and sees_with(path.stem, one.name, models)
        and _width(one) == width
    ]
    return min(fitting, key=lambda one: one.stat().st_size, default=None)


def _width(projector: Path) -> int:
    """Return how wide what it makes of a picture is; 0 for what makes none."""
    try:
        return read_header(projector).number("clip.vision.projection_dim")
    except (OSError, HeaderError):
        return 0
