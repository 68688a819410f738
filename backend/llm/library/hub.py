"""Reads what a hub of models says of its repositories and of the files in them.

The shapes are those of huggingface.co, which mirrors keep: `/api/models` lists
repositories, `/api/models/<id>?blobs=true` tells the files of one with their sizes and
hashes. Everything in them comes from strangers.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any, Final

from msgspec import Struct
from msgspec.structs import replace

from backend.llm.builtin.projectors import is_projector, quantisation_of, sees_with

_REPOSITORY: Final = re.compile(r"^(?!\.)[\w.-]{1,96}/[\w.-]{1,96}$", re.ASCII)
_COMMIT: Final = re.compile(r"^[0-9a-f]{40}$")
_SHA256: Final = re.compile(r"^[0-9a-f]{64}$")
_PART: Final = re.compile(r"^(.*)-(\d{5})-of-(\d{5})$")
_RESERVED: Final = re.compile(
    r"^(con|prn|aux|nul|com\d|lpt\d)(\.|$)|[<>:\"|?*\\\x00-\x1f\x7f]|[. ]$",
    re.IGNORECASE,
)
"""What Windows takes for a device or no name at all: a folder may be shared with it."""
_NEXT: Final = re.compile(r'<([^>]+)>;\s*rel="?next"?')
_LONGEST_NAME: Final = 200
_MOST_MODELS: Final = 100


class HubModel(Struct, frozen=True, kw_only=True):
    """A repository as a search shows it.

    Attributes:
        architecture: "" when the hub does not say.
        context: What it was trained with, in tokens; 0 when the hub does not say.
        weights: How many numbers it is made of; 0 when the hub does not say.
        is_gated: Its terms must be accepted on the hub first.
    """

    repository: str
    downloads: int = 0
    architecture: str = ""
    context: int = 0
    weights: int = 0
    is_gated: bool = False


class FoundModels(Struct, frozen=True):
    """One page of a search; `next_page` is "" at its end."""

    models: tuple[HubModel, ...]
    next_page: str = ""


class RemoteFile(Struct, frozen=True, kw_only=True):
    """A file of a repository.

    Attributes:
        path: Where it is in the repository.
        sha256: What its bytes must come to.
    """

    path: str
    bytes: int
    sha256: str

    @property
    def name(self) -> str:
        """Its name in a folder here."""
        return PurePosixPath(self.path).name


class Variant(Struct, frozen=True, kw_only=True):
    """A model in one size: a file, or all parts of one, and what it sees with.

    Attributes:
        quantisation: As in "Q4_K_M"; "" when its name does not say.
        files: That of the model first, its projector last.
        sees: It has a projector.
    """

    name: str
    quantisation: str
    files: tuple[RemoteFile, ...]
    sees: bool = False

    @property
    def parts(self) -> int:
        """How many files the model itself has."""
        return len(self.files) - self.sees

    @property
    def bytes(self) -> int:
        """Of all its files."""
        return sum(file.bytes for file in self.files)


class Repository(Struct, frozen=True, kw_only=True):
    """What can be downloaded from a repository.

    Attributes:
        commit: The state that was looked at; files are asked for by it.
        licence: As the hub calls it; "" when it does not say.
        incomplete: Names of models of which parts are missing.
    """

    repository: str
    commit: str
    licence: str
    is_gated: bool
    variants: tuple[Variant, ...]
    incomplete: tuple[str, ...] = ()


class NotAHubError(ValueError):
    """What answered does not speak as a hub of models does."""


def read_search(body: str, link: str = "") -> FoundModels:
    """Read a page of a search; an entry that is none is passed over.

    Args:
        body: The JSON of the answer.
        link: Its header `Link`, which names the next page.

    Raises:
        NotAHubError: It is no list.
    """
    data = _json(body)
    if not isinstance(data, list):
        raise NotAHubError("no list of models")
    models = [model for one in data[:_MOST_MODELS] if (model := _model(one))]
    following = _NEXT.search(link)
    return FoundModels(tuple(models), following[1] if following else "")


def read_repository(body: str) -> Repository:
    """Read which models a repository holds.

    Raises:
        NotAHubError: It is no repository, or tells no commit.
    """
    payload = _json(body)
    data = payload if isinstance(payload, dict) else {}
    name, commit = _text(data, "id"), _text(data, "sha")
    if not is_repository(name) or not _COMMIT.match(commit):
        raise NotAHubError("no repository")
    siblings = data.get("siblings")
    entries = siblings if isinstance(siblings, list) else []
    files = [file for one in entries if (file := _file(one))]
    projectors = [file for file in files if is_projector(file.name)]
    variants, incomplete = _variants(file for file in files if file not in projectors)
    variants = [_with_projector(one, variants, projectors) for one in variants]
    return Repository(
        repository=name,
        commit=commit,
        licence=_licence(data),
        is_gated=bool(data.get("gated")),
        variants=tuple(sorted(variants, key=lambda variant: variant.bytes)),
        incomplete=tuple(incomplete),
    )


def _with_projector(
    variant: Variant, variants: Sequence[Variant], projectors: Sequence[RemoteFile]
) -> Variant:
    """Return a model with what it sees with; the smallest one takes the least room."""
    names = [one.name for one in variants]
    its = [file for file in projectors if sees_with(variant.name, file.name, names)]
    if not its:
        return variant
    smallest = min(its, key=lambda file: file.bytes)
    return replace(variant, files=(*variant.files, smallest), sees=True)


def is_repository(name: str) -> bool:
    """Whether a name is one of a repository, as in "owner/model"."""
    return (
        bool(_REPOSITORY.match(name))
        and ".." not in name
        and not any(_RESERVED.search(part) for part in name.split("/"))
    )


def _variants(files: Iterable[RemoteFile]) -> tuple[list[Variant], list[str]]:
    whole, parts = list[Variant](), dict[tuple[str, int], dict[int, RemoteFile]]()
    for file in files:
        name = file.name[: -len(".gguf")]
        part = _PART.match(name)
        if part is None:
            quantisation = quantisation_of(name)
            whole.append(Variant(name=name, quantisation=quantisation, files=(file,)))
        else:
            parts.setdefault((part[1], int(part[3])), {})[int(part[2])] = file
    incomplete = list[str]()
    for (name, count), found in parts.items():
        if sorted(found) != list(range(1, count + 1)):
            incomplete.append(name)
            continue
        ordered = tuple(found[number] for number in sorted(found))
        quantisation = quantisation_of(name)
        whole.append(Variant(name=name, quantisation=quantisation, files=ordered))
    return whole, incomplete


def _file(payload: object) -> RemoteFile | None:
    """Return a model's file; None for any other, and for one without size and hash."""
    data = payload if isinstance(payload, Mapping) else {}
    lfs = data.get("lfs")
    large = lfs if isinstance(lfs, Mapping) else {}
    path, sha256 = _text(data, "rfilename"), _text(large, "sha256")
    size = _count(large.get("size", data.get("size")))
    is_model = path.lower().endswith(".gguf") and _is_safe(path)
    if not is_model or not _SHA256.match(sha256) or not size:
        return None
    return RemoteFile(path=path, bytes=size, sha256=sha256)


def _is_safe(path: str) -> bool:
    """Whether a path stays inside its folder, here and on other systems."""
    parts = path.split("/")
    return len(path) <= _LONGEST_NAME and not any(
        part in ("", ".", "..") or _RESERVED.search(part) for part in parts
    )


def _model(payload: object) -> HubModel | None:
    data = payload if isinstance(payload, Mapping) else {}
    name = _text(data, "id") or _text(data, "modelId")
    if not is_repository(name):
        return None
    gguf = data.get("gguf")
    header = gguf if isinstance(gguf, Mapping) else {}
    return HubModel(
        repository=name,
        downloads=_count(data.get("downloads")),
        architecture=_text(header, "architecture")[:_LONGEST_NAME],
        context=_count(header.get("context_length")),
        weights=_count(header.get("total")),
        is_gated=bool(data.get("gated")),
    )


def _licence(data: Mapping[str, Any]) -> str:
    card = data.get("cardData")
    tags = data.get("tags")
    named = (
        tag.removeprefix("license:")
        for tag in (tags if isinstance(tags, list) else [])
        if isinstance(tag, str) and tag.startswith("license:")
    )
    licence_text = _text(card, "license") if isinstance(card, Mapping) else ""
    return (licence_text or next(named, ""))[:_LONGEST_NAME]


def _count(value: object) -> int:
    return value if type(value) is int and value > 0 else 0


def _text(data: Mapping[str, Any], key: str) -> str:
    value = data.get(key)
    return value if isinstance(value, str) else ""


def _json(body: str) -> Any:  # noqa: ANN401 whatever a stranger sent
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as exc:
        raise NotAHubError("no JSON") from exc
