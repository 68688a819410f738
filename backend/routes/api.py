"""What the shell and the command line ask for, in JSON (`interface.api_types`)."""

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from backend.errors import ConflictError, NotFoundError
from backend.interface.api_types import (
    ActionRun,
    AnswerNews,
    AskedQuestion,
    BackupFolder,
    Done,
    EndedAnswer,
    EnginePause,
    MessageMatches,
    QuickAction,
    QuickActionList,
    QuickDraft,
    RecentConversation,
    RecentConversations,
    SavedNote,
    SearchHit,
    SearchHits,
    SidecarStatus,
)
from backend.interface.stored_values import ActionKind
from backend.routes.app_context import AppContext, OfflineContext, OpenContext
from backend.routes.chat.conversations import UNTITLED
from backend.services.notes import SAVED
from backend.web.http import AppRouter, Request, Response, as_json

if TYPE_CHECKING:
    from backend.services.chat.conversations import Exchange
    from backend.store.search.hits import Hit

MAX_WAIT_S: Final = 25.0
"""How long a request may wait for news; the shell gives up a little later."""

_QUICK: Final = "quick"
"""The draft of what is typed in the quick ask window."""
_RECENT: Final = 5

router = AppRouter[OpenContext]()
always = AppRouter[AppContext]()
offline = AppRouter[OfflineContext]()


@router.post("/api/v1/ask")
async def ask(request: Request, app: OpenContext) -> Response:
    """Begin a conversation; a question that cannot be asked now is kept."""
    form = request.form()
    text, submission = form.get("text", ""), form.get("submission", "")
    conversations = app.services.conversations
    try:
        exchange = await conversations.begin(text, None, submission)
    except ConflictError:
        await asyncio.to_thread(conversations.keep_for_later, text)
        raise
    return as_json(_asked(exchange))


@router.post("/api/v1/notes")
def save_note(request: Request, app: OpenContext) -> Response:
    """Keep a text as a note."""
    note = app.services.notes.create(request.form().get("text", ""))
    return as_json(SavedNote(id=note.id, outcome=SAVED))


@router.get("/api/v1/search")
def search(request: Request, app: OpenContext) -> Response:
    """Find words in conversations, messages and notes."""
    groups = app.services.search.search(request.query.get("q", ""))
    hits = [
        SearchHit(
            kind=hit.kind.value,
            id=hit.id,
            title=hit.file or hit.title or UNTITLED,
            snippet=_beside_title(hit),
        )
        for group in groups
        for hit in group.hits
    ]
    return as_json(SearchHits(hits=tuple(hits)))


@router.get("/api/v1/conversations/:id/find")
def find(request: Request, app: OpenContext) -> Response:
    """Say which messages of a conversation hold some words."""
    found = app.services.search.in_conversation(
        request.path_params["id"], request.query.get("q", "")
    )
    return as_json(MessageMatches(messages=tuple(found)))


@router.get("/api/v1/activity")
async def show_activity(request: Request, app: OpenContext) -> Response:
    """Tell how answers go, waiting for news."""
    services = app.services
    news = await services.activity.news(request.number("since"), _wait_s(request))
    ended = []
    for answer in news.ended:
        with suppress(NotFoundError):  # deleted meanwhile
            about = await asyncio.to_thread(
                services.conversations.get, answer.conversation_id
            )
            ended.append(
                EndedAnswer(
                    conversation_id=about.id, title=about.title, seconds=answer.seconds
                )
            )
    return as_json(AnswerNews(seq=news.seq, growing=news.growing, ended=tuple(ended)))


@router.get("/api/v1/status")
async def show_status(_request: Request, app: OpenContext) -> Response:
    """Tell how things are."""
    chosen = await app.services.engines.default()
    news = await app.services.activity.news(0, 0)
    model = chosen.model if chosen else ""
    sync = await asyncio.to_thread(app.services.devices.summary)
    words = sync.words or "off"
    return as_json(SidecarStatus(model=model, answering=news.growing, sync=words))


@router.get("/api/v1/sync")
def show_sync(_request: Request, app: OpenContext) -> Response:
    """Tell how the exchange with other computers is."""
    return as_json(app.services.devices.summary())


@router.post("/api/v1/sync/paused")
def pause_sync(request: Request, app: OpenContext) -> Response:
    """Exchange nothing for now, or go on."""
    app.services.devices.pause(is_paused=request.form().get("paused") == "yes")
    return as_json(app.services.devices.summary())


@always.post("/api/v1/sync/metered")
async def note_connection(request: Request, app: AppContext) -> Response:
    """Hear from the shell what the system says of the connection, open or not."""
    is_metered = request.form().get("metered") == "yes"
    app.store.connection_is(is_metered=is_metered)
    return as_json(Done())


@always.post("/api/v1/window")
async def note_window(request: Request, app: AppContext) -> Response:
    """Hear from the shell whether somebody may see the window, open or not."""
    app.store.window_is(is_in_view=request.form().get("view") == "yes")
    return as_json(Done())


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
    question = _asked(made.exchange) if made.exchange else None
    return as_json(
        ActionRun(
            name=made.action.name,
            result=made.action.result,
            text=made.text,
            outcome=made.outcome,
            error=made.error,
            conversation_id=question.conversation_id if question else "",
            message_id=question.message_id if question else "",
        )
    )


@router.get("/api/v1/conversations/recent")
def list_recent(_request: Request, app: OpenContext) -> Response:
    """Tell the newest conversations."""
    found = [
        RecentConversation(id=each.id, title=each.title or UNTITLED)
        for each in app.services.conversations.recent(_RECENT)
    ]
    return as_json(RecentConversations(conversations=tuple(found)))


@router.get("/api/v1/quick")
def show_draft(_request: Request, app: OpenContext) -> Response:
    """Tell what was typed and not asked yet."""
    return as_json(QuickDraft(draft=app.services.drafts.get(_QUICK)))


@router.post("/api/v1/quick/draft")
def save_draft(request: Request, app: OpenContext) -> Response:
    """Keep what is being typed."""
    app.services.drafts.save(_QUICK, request.form().get("text", ""))
    return as_json(Done())


@router.post("/api/v1/quick")
async def quick_ask(request: Request, app: OpenContext) -> Response:
    """Ask what was typed, in a conversation of its own or one that goes on."""
    conversations, form = app.services.conversations, request.form()
    text, submission = form.get("text", ""), form.get("submission", "")
    if conversation_id := form.get("conversation", ""):
        ask = conversations.ask
        exchange = await ask(conversation_id, text, submission, draft=_QUICK)
    else:
        exchange = await conversations.begin(text, None, submission, draft=_QUICK)
    return as_json(_asked(exchange))


@router.post("/api/v1/pause")
async def pause(request: Request, app: OpenContext) -> Response:
    """Close all engines until further notice, or open them again."""
    engines = app.services.engines
    if request.form().get("paused") == "yes":
        await engines.pause()
    else:
        engines.resume()
    return as_json(EnginePause(paused=engines.is_paused))


@offline.get("/api/v1/backups/folder")
def show_backup_folder(_request: Request, app: OfflineContext) -> Response:
    """Tell where backups are, as long as there are any."""
    return as_json(BackupFolder(path=str(app.offline.backups.shown_folder)))


def _asked(exchange: "Exchange") -> AskedQuestion:
    """Return where a question and its answer are."""
    return AskedQuestion(
        conversation_id=exchange.conversation.id, message_id=exchange.answer.id
    )


def _beside_title(hit: "Hit") -> str:
    """Return the words around what was found, without a title that is shown anyway."""
    snippet = " ".join("".join(piece.text for piece in hit.snippet).split())
    title = " ".join(hit.title.split())
    if hit.kind.value == "note":
        # The text of a note begins with its title, and its first line may be it again.
        while title and (snippet == title or snippet.startswith(f"{title} ")):
            snippet = snippet.removeprefix(title).lstrip()
    return snippet if snippet != title else ""


def _wait_s(request: Request) -> float:
    return min(float(request.number("wait")), MAX_WAIT_S)
