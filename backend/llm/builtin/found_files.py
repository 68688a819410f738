"""Finds GGUF files other programs keep on this computer, to be used where they are.

Nothing is written there. A look is short: so many entries, so deep, so long. A link
that leads out of the folder is left alone, and only regular files are opened.
"""

import json
import os
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

from msgspec import Struct

from backend.llm.builtin.gguf_header import HeaderError, read_header
from backend.llm.builtin.model_file import kind_of, sibling_parts
from backend.llm.builtin.ollama_files import (
    MANIFESTS,
    is_manifest,
    model_name,
    weights_of,
)
from backend.runtime.regular_files import open_regular

MOST_ENTRIES: Final = 4096
MOST_FILES: Final = 100
MOST_DEPTH: Final = 7
LOOK_S: Final = 2.0
_SMALL_BYTES: Final = 1024 * 1024
_HUB_VARIABLES: Final = ("LLAMA_CACHE", "HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE")


class Place(Struct, frozen=True):
    """Where a program keeps models."""

    program: str
    folder: Path
    depth: int = MOST_DEPTH


class FoundFile(Struct, frozen=True):
    """A model that could be used in place."""

    program: str
    name: str
    path: str
    bytes: int


def places(
    home: Path | None = None,
    environment: Mapping[str, str] | None = None,
    platform: str = sys.platform,
) -> list[Place]:
    """Return where programs keep their models."""
    home = home or Path.home()
    variables = os.environ if environment is None else environment
    data, cache = _folders(home, variables, platform)
    faces = _cache(home, variables) / "huggingface"
    hub = _named(
        variables, _named(variables, faces, "HF_HOME") / "hub", *_HUB_VARIABLES
    )
    ollama = _named(variables, home / ".ollama" / "models", "OLLAMA_MODELS")
    found = [
        Place("LM Studio", _lm_studio(home)),
        Place("Ollama", ollama / MANIFESTS),
        Place("Ollama", Path("/usr/share/ollama/.ollama/models") / MANIFESTS),
        Place("Jan", data / "Jan" / "data" / "llamacpp" / "models"),
        Place("Jan", home / "jan" / "llamacpp" / "models"),
        Place("GPT4All", data / "nomic.ai" / "GPT4All", depth=1),
        Place("GPT4All", home / ".cache" / "gpt4all", depth=1),
        Place("Hugging Face", hub),
        Place("llama.cpp", cache / "llama.cpp", depth=1),
        Place("Downloads", home / "Downloads", depth=1),
    ]
    return list({place.folder: place for place in reversed(found)}.values())[::-1]


def find_in(place: Place, look_s: float = LOOK_S) -> list[FoundFile]:
    """Return the models of one place, by their names."""
    until = time.monotonic() + look_s
    found = dict[str, FoundFile]()
    for path in _files(place, until):
        with suppress(OSError, HeaderError, ValueError):
            weights = weights_of(path)
            if _is_inside(weights, place) and (model := _model(place, path, weights)):
                found.setdefault(os.path.realpath(weights), model)
        if len(found) >= MOST_FILES or time.monotonic() > until:
            break
    return sorted(found.values(), key=lambda model: model.name.lower())


def _files(place: Place, until: float) -> Iterator[Path]:
    """Walk a folder, the upper levels first."""
    folders, seen = [(place.folder, 1)], 0
    wants_manifests = place.folder.name == MANIFESTS
    while folders and time.monotonic() < until:
        folder, depth = folders.pop(0)
        with suppress(OSError), os.scandir(folder) as entries:
            for entry in entries:
                seen += 1
                if seen > MOST_ENTRIES:
                    return
                if entry.is_dir(follow_symlinks=False):
                    if depth < place.depth:
                        folders.append((Path(entry.path), depth + 1))
                elif wants_manifests or _is_model_name(entry.name):
                    yield Path(entry.path)


def _is_model_name(name: str) -> bool:
    lower = name.lower()
    is_part = lower.startswith(("mmproj", "incomplete"))
    return lower.endswith(".gguf") and not is_part


def _is_inside(path: Path, place: Place) -> bool:
    root = place.folder.parent if place.folder.name == MANIFESTS else place.folder
    return Path(os.path.realpath(path)).is_relative_to(os.path.realpath(root))


def _model(place: Place, path: Path, weights: Path) -> FoundFile | None:
    str(path).encode()  # a name that is no text could neither be shown nor stored
    header = read_header(weights, is_brief=True)
    is_model = header.text("general.architecture") and not kind_of(header)
    if not is_model or header.number("split.no"):
        return None
    parts = sibling_parts(path) if header.number("split.count") > 1 else [weights]
    name = model_name(path)
    if not is_manifest(path):
        name = name.removesuffix(f"-00001-of-{len(parts):05}")
    size = sum(part.stat().st_size for part in parts)
    return FoundFile(place.program, name, str(path), size)


def _folders(
    home: Path, variables: Mapping[str, str], platform: str
) -> tuple[Path, Path]:
    """Return where programs keep data, and what they may lose."""
    if platform == "darwin":
        library = home / "Library"
        return library / "Application Support", library / "Caches"
    if platform == "win32":
        roaming = _named(variables, home / "AppData" / "Roaming", "APPDATA")
        return roaming, _named(variables, home / "AppData" / "Local", "LOCALAPPDATA")
    data = _named(variables, home / ".local" / "share", "XDG_DATA_HOME")
    return data, _cache(home, variables)


def _cache(home: Path, variables: Mapping[str, str]) -> Path:
    return _named(variables, home / ".cache", "XDG_CACHE_HOME")


def _named(data: Mapping[str, str], otherwise: Path, *variables: str) -> Path:
    """Return the folder the first of these variables names that is set."""
    named = next(filter(None, map(data.get, variables)), "")
    return Path(named) if named else otherwise


def _lm_studio(home: Path) -> Path:
    base = home / ".lmstudio"
    if pointer := _small_text(home / ".lmstudio-home-pointer").strip():
        base = Path(pointer)
    elif (older := home / ".cache" / "lm-studio").is_dir():
        base = older
    with suppress(ValueError, AttributeError, TypeError):
        folder = json.loads(_small_text(base / "settings.json")).get("downloadsFolder")
        if folder:
            return Path(folder)
    return base / "models"


def _small_text(path: Path) -> str:
    try:
        with open_regular(path) as file:
            return file.read(_SMALL_BYTES).decode("utf-8", "replace")
    except OSError:
        return ""
