"""What the tray and the quick ask window need, as JSON for the shell."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Final

from backend.api_types import (
    ActionRun,
    AnswerPicture,
    Done,
    QuickAction,
    QuickActionList,
    QuickDraft,
    RecentConversation,
    RecentConversations,
)
from backend.errors import NotFoundError
from backend.live.message_views import Answer
from backend.routes.api import asked
from backend.routes.app_context import OpenContext
from backend.routes.chat.conversations import UNTITLED
from backend.stored_values import ActionKind
from backend.web.http import AppRouter, Request, Response, as_json
from backend.web.markdown import Block
from backend.web.rendering import Template

DRAFT: Final = "quick"
"""The draft of what is typed in the quick ask window."""
RECENT: Final = 5
WAIT_S: Final = 10.0
"""How long a request may wait for an answer to grow."""


@dataclass(frozen=True)
class QuickAnswer(Template):
    """An answer as a rich text widget shows it: no buttons, no pictures."""

    template: ClassVar[str] = "actions/_answer.html"
    blocks: Sequence[Block]


router = AppRouter[OpenContext]()


@router.get("/api/v1/actions")
def list_actions(_request: Request, app: OpenContext) -> Response:
    """Tell the user's quick actions."""
    actions = [
        QuickAction(
            id=action.id,
            name=action.name,
            result=action.result,
            shortcut=action.shortcut,
            in_tray=bool(action.in_tray),
            asks_model=action.kind == ActionKind.PROMPT,
        )
        for action in app.services.actions.all()
    ]
    return as_json(QuickActionList(actions=tuple(actions)))


@router.post("/api/v1/actions/shortcuts")
async def refuse_shortcuts(request: Request, app: OpenContext) -> Response:
    """Take note which shortcuts the desktop refuses, and why."""
    app.services.actions.refuse_shortcuts(dict(request.form()))
    return as_json(Done())


@router.post("/api/v1/actions/:id/run")
async def run(request: Request, app: OpenContext) -> Response:
    """Run an action on what is copied and marked."""
    form = request.form()
    made = await app.services.actions.run(
        request.path_params["id"], form.get("clipboard", ""), form.get("selection", "")
    )
    question = asked(made.exchange) if made.exchange else None
    return as_json(
        ActionRun(
            name=made.action.name,
            result=made.action.result,
            text=made.text,
            outcome=made.outcome,
            conversation_id=question.conversation_id if question else "",
            message_id=question.message_id if question else "",
        )
    )


@router.get("/api/v1/conversations/recent")
def list_recent(_request: Request, app: OpenContext) -> Response:
    """Tell the newest conversations."""
    found = [
        RecentConversation(id=each.id, title=each.title or UNTITLED)
        for each in app.services.conversations.page(limit=RECENT)
    ]
    return as_json(RecentConversations(conversations=tuple(found)))


@router.get("/api/v1/quick")
def show_draft(_request: Request, app: OpenContext) -> Response:
    """Tell what was typed and not asked yet."""
    return as_json(QuickDraft(draft=app.services.conversations.draft(DRAFT)))


@router.post("/api/v1/quick/draft")
def save_draft(request: Request, app: OpenContext) -> Response:
    """Keep what is being typed."""
    app.services.conversations.save_draft(DRAFT, request.form().get("text", ""))
    return as_json(Done())


@router.post("/api/v1/quick")
async def ask(request: Request, app: OpenContext) -> Response:
    """Ask what was typed, in a conversation of its own or one that goes on."""
    conversations, form = app.services.conversations, request.form()
    text, submission = form.get("text", ""), form.get("submission", "")
    if conversation_id := form.get("conversation", ""):
        exchange = await conversations.ask(conversation_id, text, submission)
        await asyncio.to_thread(conversations.save_draft, DRAFT, "")
    else:
        exchange = await conversations.begin(text, None, submission, draft=DRAFT)
    return as_json(asked(exchange))


@router.get("/api/v1/quick/:id")
async def show_answer(request: Request, app: OpenContext) -> Response:
    """Tell how an answer looks, once it has more than is known."""
    services, painter = app.services, app.feed.painter
    message_id, known = request.path_params["id"], request.number("known")
    await painter.beyond(message_id, known, WAIT_S if known else 0)
    message = await asyncio.to_thread(services.conversations.message, message_id)
    view = app.feed.view(message)
    if not isinstance(view, Answer):
        raise NotFoundError("This answer is no longer there.")
    blocks = [*view.blocks.blocks, *view.tail.blocks]
    text = message.text
    if view.is_growing:
        # As much as the page shows, rendered.
        chars = await painter.beyond(message_id, 0, 0)
        text = (services.activity.now(message_id) or "")[:chars]
    return as_json(
        AnswerPicture(
            html=app.renderer.render(QuickAnswer(blocks)),
            text=text,
            size=len(text),
            note=view.note,
            model=message.model,
            is_growing=view.is_growing,
            outcome=""
            if view.is_growing
            else await services.actions.outcome(message_id),
        )
    )
