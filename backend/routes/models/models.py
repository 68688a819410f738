"""The library of models: what is here, what is on its way, and what can be had."""

import asyncio
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Self

from msgspec import Struct

from backend.errors import InvalidInputError
from backend.live.notices import Toast
from backend.routes.app_context import OpenContext
from backend.routes.models.engines import FileRow
from backend.routes.pages import no_content
from backend.routes.sizes import memory_warning, size_text
from backend.services.engines.model_files import fitting_size
from backend.web.http import AppRouter, Request, Response
from backend.web.rendering import Template

if TYPE_CHECKING:
    from backend.llm.library.curated import Suggestion
    from backend.llm.library.download import Download
    from backend.llm.library.installed import DeletedModel, InstalledModel
    from backend.services.engines.downloads import Progress
    from backend.services.engines.library import LibraryService
    from backend.services.engines.model_folders import ModelFolders


class ModelRow(Struct, frozen=True):
    """A model in Hearth's own folder.

    Attributes:
        about: What it is, piece by piece.
        warning: Why it may not run here; "" when it should.
        is_used: It answers already, or can be chosen.
        is_away: Its folder is not there now.
        is_checkable: It is known what it was when it came.
        checked: How much of it is read to check it; None when it is not.
    """

    name: str
    path: str
    about: Sequence[str]
    warning: str
    is_used: bool
    is_away: bool = False
    is_checkable: bool = False
    checked: int | None = None

    @classmethod
    def of(
        cls, model: "InstalledModel", used: set[str], checked: int | None = None
    ) -> Self:
        """Show what matters about one."""
        about = [
            model.family if model.family.lower() not in model.name.lower() else "",
            model.size_label,
            model.quantisation,
            f"reads {model.context:,} tokens" if model.context else "",
            model.licence,
            "with its file for images" if model.projectors else "",
            size_text(model.bytes),
        ]
        shown = [piece for piece in about if piece]
        path = str(model.path)
        return cls(
            name=model.name,
            path=path,
            about=shown,
            warning=memory_warning(model.bytes),
            is_used=path in used,
            is_checkable=bool(model.checkable),
            checked=checked,
        )


class DownloadRow(Struct, frozen=True):
    """A download and how far it is."""

    id: str
    name: str
    repository: str
    state: str
    percent: int
    progress: str
    error: str

    @classmethod
    def of(cls, download: "Download", progress: "Progress") -> Self:
        """Show how far it is, how fast, and how long it takes."""
        here, whole = progress.here, download.bytes
        words = [f"{size_text(here)} of {size_text(whole)}"]
        if download.state == "running":
            if progress.waiting:
                words.append(f"{progress.waiting}…")
            elif progress.speed > 0:
                words.append(f"{size_text(int(progress.speed))} a second")
                words.append(_time_left((whole - here) / progress.speed))
        return cls(
            id=download.id,
            name=download.name,
            repository=download.repository,
            state=download.state.value,
            percent=int(here * 100 / whole),
            progress=", ".join(words),
            error=download.error,
        )


class Here(Template, frozen=True):
    """What is on this computer and what is on its way."""

    template: ClassVar[str] = "models/_here.html"
    models: Sequence[ModelRow]
    downloads: Sequence[DownloadRow]
    deleted: Sequence["DeletedRow"]
    place: "FolderRow"


class FolderRow(Struct, frozen=True):
    """The folder for new models.

    Attributes:
        free: The room in it; "" where nobody tells.
        is_usual: It is Hearth's own.
    """

    path: str
    free: str
    is_away: bool
    is_usual: bool

    @classmethod
    def of(cls, folders: "ModelFolders") -> Self:
        """Show where they go."""
        folder, free = folders.all()[0], folders.free_bytes()
        return cls(
            str(folder),
            size_text(free) if free else "",
            folders.is_away(folder),
            folder == folders.default,
        )


class DeletedRow(Struct, frozen=True):
    """A model in the trash."""

    id: str
    name: str
    size: str

    @classmethod
    def of(cls, model: "DeletedModel") -> Self:
        """Show what deleting it for good would free."""
        return cls(model.id, model.name, size_text(model.bytes))


class ModelsView(Template, frozen=True):
    """The whole page."""

    template: ClassVar[str] = "models/_view.html"
    here: Here
    others: Sequence[FileRow]
    suggestions: Sequence["Suggestion"]
    fitting: str
    hub: str


router = AppRouter[OpenContext]()


@router.get("/models")
async def show(request: Request, app: OpenContext) -> Response:
    """Show the models on this computer, and where to get more."""
    found = await app.services.engines.files_found()
    view = ModelsView(
        here=await _here(app),
        others=[FileRow.of(file) for file in found],
        suggestions=app.services.library.suggestions(),
        fitting=fitting_size(),
        hub=await asyncio.to_thread(app.services.library.hub),
    )
    return app.pages.show(request, "Models", view)


@router.get("/models/here")
async def here(_request: Request, app: OpenContext) -> Response:
    """Show what is on this computer, and on its way."""
    return app.pages.fragment(await _here(app))


@router.post("/models/downloads")
async def download(request: Request, app: OpenContext) -> Response:
    """Begin to download a model."""
    form = request.form()
    begun = await app.services.library.download(
        form.get("repository", ""), form.get("variant", "")
    )
    sentence = f"{begun.name} is being downloaded. You can keep working."
    app.pages.announce(Toast(sentence))
    return no_content()


@router.post("/models/downloads/:id/pause")
async def pause(request: Request, app: OpenContext) -> Response:
    """Stop a download for now."""
    await app.services.library.downloads.pause(request.path_params["id"])
    return no_content()


@router.post("/models/downloads/:id/resume")
async def resume(request: Request, app: OpenContext) -> Response:
    """Go on with a download."""
    await app.services.library.downloads.resume(request.path_params["id"])
    return no_content()


@router.delete("/models/downloads/:id")
async def cancel(request: Request, app: OpenContext) -> Response:
    """Stop a download and forget what has arrived."""
    await app.services.library.downloads.cancel(request.path_params["id"])
    return no_content()


@router.post("/models/checks")
async def check(request: Request, app: OpenContext) -> Response:
    """Look whether a model is still what was downloaded."""
    await app.services.library.check(Path(request.form().get("path", "")))
    return no_content()


@router.delete("/models/checks")
async def stop_check(_request: Request, app: OpenContext) -> Response:
    """Stop looking."""
    await app.services.library.checks.cancel()
    return no_content()


@router.delete("/models/installed")
async def delete(request: Request, app: OpenContext) -> Response:
    """Move a model into the trash."""
    path = Path(request.query.get("path", ""))
    name, id = await app.services.library.delete(path)
    undo = f"/models/trash/{id}/restore"
    app.pages.announce(Toast(f"Deleted {name}.", undo=undo))
    return no_content()


@router.post("/models/trash/:id/restore")
async def restore(request: Request, app: OpenContext) -> Response:
    """Bring a model back from the trash."""
    await app.services.library.restore(request.path_params["id"])
    return no_content()


@router.delete("/models/trash/:id")
def forget(request: Request, app: OpenContext) -> Response:
    """Delete a model for good."""
    app.services.library.empty_trash(request.path_params["id"])
    return no_content()


@router.post("/models/files")
async def add_files(request: Request, app: OpenContext) -> Response:
    """Use model files that somebody dropped."""
    try:
        paths = [Path(one) for one in json.loads(request.form().get("paths", ""))]
    except (ValueError, TypeError, RecursionError) as exc:
        raise InvalidInputError("These are no files. Choose others.") from exc
    await app.services.library.add_files(paths)
    return no_content()


@router.post("/models/folder")
def choose_folder(request: Request, app: OpenContext) -> Response:
    """Keep new models in another folder."""
    app.services.library.choose_folder(request.form().get("path", ""))
    return no_content()


async def _here(app: OpenContext) -> Here:
    used = {
        offer.record.path: offer.record.name
        for offer in await app.services.engines.offers()
    }
    library = app.services.library
    downloads = [DownloadRow.of(*one) for one in library.downloads.all()]
    return await asyncio.to_thread(_here_with, library, downloads, used)


def _here_with(
    library: "LibraryService", downloads: Sequence[DownloadRow], used: Mapping[str, str]
) -> Here:
    here = [
        ModelRow.of(model, set(used), library.checks.percent(model.path))
        for model in library.installed()
    ]
    return Here(
        models=[*here, *_away(library.folders, used)],
        downloads=downloads,
        deleted=[DeletedRow.of(model) for model in library.deleted()],
        place=FolderRow.of(library.folders),
    )


def _away(folders: "ModelFolders", used: Mapping[str, str]) -> Iterator[ModelRow]:
    """Show what is used and lies in a folder that is not there now."""
    for folder in filter(folders.is_away, folders.all()):
        why = f"The folder {folder} is not there. Connect its disk to use this model."
        for path, name in used.items():
            if Path(path).is_relative_to(folder):
                yield ModelRow(name, path, (), why, is_used=True, is_away=True)


def _time_left(seconds: float) -> str:
    minutes = round(seconds / 60)
    if minutes < 1:
        return "less than a minute left"
    if minutes < 90:  # noqa: PLR2004 minutes are easier to read up to here
        return f"about {minutes} minute{'' if minutes == 1 else 's'} left"
    return f"about {round(minutes / 60)} hours left"
