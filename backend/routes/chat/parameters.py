"""How one conversation is answered: instructions, temperature, longest answer ..."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from backend.live.notices import Toast
from backend.llm.options import Effort, Parameters
from backend.routes.app_context import OpenContext
from backend.routes.pages import go_to, no_content, path_of, undo_path
from backend.services.chat.setups.parameters import MAX_OWN_CHARS
from backend.services.notices import Tone
from backend.web.http import AppRouter, Request, Response
from backend.web.rendering import Template


@dataclass(frozen=True)
class ParameterPage(Template):
    """The form in which they are set.

    Attributes:
        path: The path of the conversation.
        folder_id: Where a new one begins; "" for no folder.
    """

    template: ClassVar[str] = "conversations/_parameters.html"
    conversation_id: str
    parameters: Parameters
    instructions: str
    path: str
    folder_id: str = ""
    efforts: Sequence[str] = tuple(Effort)
    max_chars: int = MAX_OWN_CHARS


router = AppRouter[OpenContext]()


@router.get("/conversations/:id/parameters")
async def show(request: Request, app: OpenContext) -> Response:
    """Show how a conversation is answered."""
    conversation_id = request.path_params["id"]
    kept = app.services.parameters
    parameters = await asyncio.to_thread(kept.of, conversation_id)
    instructions = await asyncio.to_thread(kept.instructions, conversation_id)
    folder_id = request.query.get("folder", "")
    path = path_of(conversation_id, folder_id)
    page = ParameterPage(conversation_id, parameters, instructions, path, folder_id)
    return app.pages.show(request, "How this conversation is answered", page)


@router.put("/conversations/:id/parameters")
async def change(request: Request, app: OpenContext) -> Response:
    """Answer a conversation otherwise from the next question on."""
    conversation_id = request.path_params["id"]
    keep = app.services.parameters.set
    form = request.form()
    kept = await asyncio.to_thread(keep, conversation_id, form)
    app.pages.announce(Toast("Saved.", tone=Tone.SUCCESS, undo=undo_path(kept)))
    return no_content(go_to(path_of(conversation_id, form.get("folder", ""))))
