"""Model files in Hearth's own folder: what they are, and a trash for them."""

import json
import shutil
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Final

from msgspec import Struct, to_builtins
from msgspec.structs import replace

from backend.errors import ConflictError, NotFoundError
from backend.ids import new_id, now_ms
from backend.llm.builtin.gguf_header import Header, HeaderError, read_header
from backend.llm.builtin.model_file import kind_of, sibling_parts
from backend.llm.builtin.projectors import is_projector, quantisation_of, sees_with
from backend.llm.library.checksums import checksum_file, kept_checksum
from backend.runtime.regular_files import open_regular
from backend.sqlite.files import make_private_dir, replace_file

KEPT_DAYS: Final = 30
_TRASH: Final = ".trash"
"""No owner on a hub is called so: models lie in folders of their owners' names."""
_FORMER_TRASH: Final = "trash"
_NOTE: Final = "deleted.json"
_MOST_FILES: Final = 1_000
_FILE_TYPES: Final = {
    0: "F32", 1: "F16", 2: "Q4_0", 3: "Q4_1", 7: "Q8_0", 8: "Q5_0", 9: "Q5_1",
    10: "Q2_K", 11: "Q3_K_S", 12: "Q3_K_M", 13: "Q3_K_L", 14: "Q4_K_S", 15: "Q4_K_M",
    16: "Q5_K_S", 17: "Q5_K_M", 18: "Q6_K", 19: "IQ2_XXS", 20: "IQ2_XS", 21: "Q2_K_S",
    22: "IQ3_XS", 23: "IQ3_XXS", 24: "IQ1_S", 25: "IQ4_NL", 26: "IQ3_S", 27: "IQ3_M",
    28: "IQ2_S", 29: "IQ2_M", 30: "IQ4_XS", 31: "IQ1_M", 32: "BF16", 36: "TQ1_0",
    37: "TQ2_0", 38: "MXFP4",
}  # fmt: skip
"""llama.cpp's names of `general.file_type` (`llama_ftype` in its `llama.h`)."""


class InstalledModel(Struct, frozen=True, kw_only=True):
    """A model file, and what its header says of it.

    Attributes:
        family: What it was made from; "" when the header does not say.
        size_label: As in "8B"; "" likewise.
        quantisation: As in "Q4_K_M"; "" likewise.
        context: How much it was trained to read, in tokens; 0 likewise.
        licence: "" likewise.
        bytes: Of all its parts, and of its projectors.
        projectors: What it sees with: files beside it, which all sizes of it share.
        checkable: Its files, when it is known of all what they were when they came.
    """

    path: Path
    name: str
    family: str = ""
    size_label: str = ""
    quantisation: str = ""
    context: int = 0
    licence: str = ""
    bytes: int = 0
    projectors: tuple[Path, ...] = ()
    checkable: tuple[Path, ...] = ()


class DeletedModel(Struct, frozen=True, kw_only=True):
    """A model in the trash.

    Attributes:
        folder: Where it was, in the folder of models.
        file: The name of its first file.
        deleted_at: When it was deleted, in ms.
    """

    id: str
    folder: str
    file: str
    bytes: int
    deleted_at: int

    @property
    def name(self) -> str:
        """What it is called."""
        return self.file.removesuffix(".gguf")


def describe(path: Path) -> InstalledModel:
    """Return what a model file is.

    Raises:
        OSError: It cannot be read.
        HeaderError: It is no GGUF file.
    """
    return _described(path, read_header(path, is_brief=True))


def _described(path: Path, header: Header) -> InstalledModel:
    parts = _parts(path)
    name = parts[0].name[: -len(".gguf")].removesuffix(f"-00001-of-{len(parts):05}")
    architecture = header.text("general.architecture")
    file_type = _FILE_TYPES.get(header.number("general.file_type"), "")
    return InstalledModel(
        path=path,
        name=name,
        family=header.text("general.basename") or header.text("general.name"),
        size_label=header.text("general.size_label"),
        quantisation=quantisation_of(name)
        or ("general.file_type" in header.values and file_type)
        or "",
        context=header.number(f"{architecture}.context_length"),
        licence=header.text("general.license"),
        bytes=_bytes_of(path),
    )


def installed_in(models: Path) -> list[InstalledModel]:
    """Return the models in a folder, by their names."""
    found = list[InstalledModel]()
    for path in sorted(models.rglob("*.gguf"))[:_MOST_FILES]:
        is_first = _parts(path)[0] == path
        if not is_first or models / _TRASH in path.parents or path.is_symlink():
            continue
        with suppress(OSError, HeaderError):
            if model := _model(path, _bytes_of(path), path.stat().st_mtime_ns):
                found.append(_with_projectors(model))
    return sorted(found, key=lambda model: model.name.lower())


@lru_cache(maxsize=_MOST_FILES)
def _model(path: Path, count: int, changed_ns: int) -> InstalledModel | None:  # noqa: ARG001 size and time tell a file from what it was
    """Return what a file is, None for no model: a page asks often while one comes."""
    header = read_header(path, is_brief=True)
    return None if kind_of(header) else _described(path, header)


def delete(models: Path, path: Path) -> str:
    """Move a model into the trash of its folder; return what brings it back.

    Raises:
        NotFoundError: It is not in the folder, or no longer.
        OSError: It cannot be moved.
    """
    if not path.is_file() or not path.resolve().is_relative_to(models.resolve()):
        raise NotFoundError("This model file is no longer there.")
    id = new_id()
    trash = models / _TRASH / id
    trash.mkdir(parents=True)  # not every disk knows permissions
    only_its = (file for file, is_shared in _projectors(path) if not is_shared)
    files = [file for file in (*_parts(path), *only_its) if file.is_file()]
    sums = [one for one in map(checksum_file, files) if one.is_file()]
    note = DeletedModel(
        id=id,
        folder=str(path.parent.resolve().relative_to(models.resolve())),
        file=path.name,
        bytes=sum(file.stat().st_size for file in files),
        deleted_at=now_ms(),
    )
    # The note comes first: what is moved can always be moved back.
    replace_file(trash / _NOTE, json.dumps(to_builtins(note)))
    for file in (*files, *sums):
        file.rename(trash / file.name)
    return id


def restore(models: Path, id: str) -> Path:
    """Move a model out of the trash; return where it is.

    Raises:
        NotFoundError: It is not in the trash, or no longer.
        ConflictError: Another file is in its place.
        OSError: It cannot be moved.
    """
    note = next((model for model in deleted(models) if model.id == id), None)
    if note is None:
        raise NotFoundError("This model is no longer in the trash.")
    trash, folder = models / _TRASH / id, models / note.folder
    parts = [part for part in trash.iterdir() if part.name != _NOTE]
    if any((folder / part.name).exists() for part in parts):
        raise ConflictError("Another file has the name of this model. Move it first.")
    folder.mkdir(parents=True, exist_ok=True)
    for part in parts:
        part.rename(folder / part.name)
    shutil.rmtree(trash)
    return folder / note.file


def deleted(models: Path) -> list[DeletedModel]:
    """Return what is in the trash, the latest first."""
    notes = (_note(path) for path in (models / _TRASH).glob(f"*/{_NOTE}"))
    found = [note for note in notes if note]
    return sorted(found, key=lambda model: model.deleted_at, reverse=True)


def forget(models: Path, id: str = "") -> None:
    """Remove one model, or with no id all of them, from the trash for good."""
    for model in deleted(models):
        if id in ("", model.id):
            shutil.rmtree(models / _TRASH / model.id, ignore_errors=True)


def adopt_former_trash(models: Path) -> None:
    """Take over what was deleted when the trash had the name of an owner.

    Raises:
        OSError: It cannot be moved.
    """
    for path in (models / _FORMER_TRASH).glob(f"*/{_NOTE}"):
        if note := _note(path):
            make_private_dir(models / _TRASH)
            path.parent.rename(models / _TRASH / note.id)


def forget_old(models: Path, now_ms: int) -> None:
    """Remove for good what has been in the trash for `KEPT_DAYS`."""
    for model in deleted(models):
        if now_ms - model.deleted_at > KEPT_DAYS * 86_400_000:
            forget(models, model.id)


def _bytes_of(path: Path) -> int:
    return sum(part.stat().st_size for part in _parts(path))


def _with_projectors(model: InstalledModel) -> InstalledModel:
    its = tuple(file for file, _ in _projectors(model.path))
    size = model.bytes + sum(file.stat().st_size for file in its)
    files = (*_parts(model.path), *its)
    checkable = files if all(map(kept_checksum, files)) else ()
    return replace(model, projectors=its, bytes=size, checkable=checkable)


def _projectors(path: Path) -> list[tuple[Path, bool]]:
    """Return what a model sees with, and whether another model does as well."""
    beside = sorted(path.parent.glob("*.gguf"))
    own = _parts(path)
    models = [file.stem for file in beside if not is_projector(file.name)]
    others = [file.stem for file in map(path.with_stem, models) if file not in own]
    return [
        (file, any(sees_with(one, file.name, models) for one in others))
        for file in beside
        if is_projector(file.name) and sees_with(path.stem, file.name, models)
    ]


def _parts(path: Path) -> list[Path]:
    return sibling_parts(path) or [path]


def _note(path: Path) -> DeletedModel | None:
    """Read what was noted of a model; None when it cannot be what Hearth wrote."""
    with suppress(OSError, ValueError, TypeError):
        with open_regular(path) as file:
            note = DeletedModel(**json.loads(file.read(64 * 1024)))
        folder = Path(note.folder)
        if path.parent.name == note.id and not {"..", "/"} & {*folder.parts, note.file}:
            return None if folder.is_absolute() or "/" in note.file else note
    return None
