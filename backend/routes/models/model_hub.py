"""What a hub of models has, and which hub is asked."""

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, Self

from msgspec import Struct

from backend.live.notices import Toast
from backend.routes.app_context import OpenContext
from backend.routes.pages import no_content
from backend.routes.sizes import memory_warning, size_text
from backend.services.notices import Tone
from backend.web.http import AppRouter, Request, Response
from backend.web.rendering import Template

if TYPE_CHECKING:
    from backend.llm.library.hub import FoundModels, HubModel, Repository, Variant


class ResultRow(Struct, frozen=True):
    """A repository that was found."""

    name: str
    about: Sequence[str]
    is_gated: bool

    @classmethod
    def of(cls, model: "HubModel") -> Self:
        """Show what the hub says of one."""
        about = [
            model.architecture,
            f"{model.weights / 1e9:.1f} B weights" if model.weights else "",
            f"reads {model.context:,} tokens" if model.context else "",
            f"{model.downloads:,} downloads",
        ]
        shown = [piece for piece in about if piece]
        return cls(model.repository, shown, model.is_gated)


class Results(Template, frozen=True):
    """A page of what was found."""

    template: ClassVar[str] = "models/_results.html"
    words: str
    results: Sequence[ResultRow]
    next_page: str
    is_first: bool


class VariantRow(Struct, frozen=True):
    """A model in one size."""

    name: str
    quantisation: str
    size: str
    parts: int
    sees: bool
    warning: str

    @classmethod
    def of(cls, variant: "Variant") -> Self:
        """Show whether it fits this computer."""
        return cls(
            variant.name,
            variant.quantisation,
            size_text(variant.bytes),
            variant.parts,
            variant.sees,
            memory_warning(variant.bytes),
        )


class Variants(Template, frozen=True):
    """What can be downloaded from a repository."""

    template: ClassVar[str] = "models/_variants.html"
    repository: str
    licence: str
    is_gated: bool
    page: str
    variants: Sequence[VariantRow]
    incomplete: Sequence[str]


router = AppRouter[OpenContext]()


@router.get("/models/search")
async def search(request: Request, app: OpenContext) -> Response:
    """Look for models on the hub."""
    words, page = request.query.get("q", ""), request.query.get("page", "")
    found = await app.services.library.search(words, page)
    return app.pages.fragment(_results(found, words, page))


@router.get("/models/repository")
async def repository(request: Request, app: OpenContext) -> Response:
    """Show what can be downloaded from a repository."""
    library = app.services.library
    found = await library.repository(request.query.get("name", "").strip())
    address = await asyncio.to_thread(library.hub)
    return app.pages.fragment(_variants(found, f"{address}/{found.repository}"))


@router.put("/models/hub")
def keep_hub(request: Request, app: OpenContext) -> Response:
    """Ask another hub from now on."""
    form = request.form()
    app.services.library.keep_hub(form.get("address", ""), form.get("token", ""))
    app.pages.announce(Toast("Saved.", tone=Tone.SUCCESS))
    return no_content()


def _results(found: "FoundModels", words: str, page: str) -> Results:
    rows = [ResultRow.of(model) for model in found.models]
    return Results(words, rows, found.next_page, is_first=not page)


def _variants(found: "Repository", page: str) -> Variants:
    return Variants(
        repository=found.repository,
        licence=found.licence,
        is_gated=found.is_gated,
        page=page,
        variants=[VariantRow.of(variant) for variant in found.variants],
        incomplete=found.incomplete,
    )
