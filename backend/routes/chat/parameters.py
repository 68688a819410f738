"""How one conversation is answered: instructions, temperature, longest answer ..."""

import asyncio
from collections.abc import Sequence
from typing import ClassVar

from backend.ids import DraftedForm, form_draft
from backend.live.notices import Toast
from backend.llm.options import Effort, Parameters
from backend.routes.app_context import OpenContext
from backend.routes.pages import go_to, no_content, path_of, undo_path
from backend.services.assistants.forms import drafted_parameters
from backend.services.chat.setups.parameters import MAX_OWN_CHARS
from backend.services.notices import Tone
from backend.web.http import AppRouter, Request, Response
from backend.web.rendering import Template


class ParameterPage(Template, frozen=True):
    """The form in which they are set.

    Attributes:
        path: The path of the conversation.
        folder_id: Where a new one begins; "" for no folder.
        draft_id: Under which the form is kept while it is filled in.
        is_draft: Whether it was filled in before and not saved.
    """

    template: ClassVar[str] = "conversations/_parameters.html"
    conversation_id: str
    parameters: Parameters
    instructions: str
    path: str
    draft_id: str
    is_draft: bool
    folder_id: str = ""
    efforts: Sequence[str] = tuple(Effort)
    max_chars: int = MAX_OWN_CHARS


router = AppRouter[OpenContext]()


@router.get("/conversations/:id/parameters")
def show(request: Request, app: OpenContext) -> Response:
    """Show how a conversation is answered."""
    page = _page(request, app)
    return app.pages.show(request, "How this conversation is answered", page)


@router.delete("/conversations/:id/parameters/draft")
def start_over(request: Request, app: OpenContext) -> Response:
    """Forget what was typed into the form."""
    app.services.drafts.drop_form(DraftedForm.SETUP, request.path_params["id"])
    return app.pages.fragment(_page(request, app))


@router.put("/conversations/:id/parameters")
async def change(request: Request, app: OpenContext) -> Response:
    """Answer a conversation otherwise from the next question on."""
    conversation_id = request.path_params["id"]
    keep = app.services.parameters.set
    form = request.form()
    kept = await asyncio.to_thread(keep, conversation_id, form)
    drop = app.services.drafts.drop_form
    await asyncio.to_thread(drop, DraftedForm.SETUP, conversation_id)
    app.pages.announce(Toast("Saved.", tone=Tone.SUCCESS, undo=undo_path(kept)))
    return no_content(go_to(path_of(conversation_id, form.get("folder", ""))))


def _page(request: Request, app: OpenContext) -> ParameterPage:
    """Return the form as it was filled in last."""
    conversation_id = request.path_params["id"]
    folder_id = request.query.get("folder", "")
    kept = app.services.parameters
    before = (kept.of(conversation_id), kept.instructions(conversation_id))
    typed = app.services.drafts.form(DraftedForm.SETUP, conversation_id)
    parameters, instructions = before
    if typed:
        parameters, instructions = drafted_parameters(typed), typed["instructions"]
    return ParameterPage(
        conversation_id,
        parameters,
        instructions,
        path_of(conversation_id, folder_id),
        draft_id=form_draft(DraftedForm.SETUP, conversation_id),
        is_draft=(parameters, instructions) != before,
        folder_id=folder_id,
    )
