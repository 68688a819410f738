"""Messages: editing, asking and answering again, images, deleting."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar

from backend.ids import edit_draft
from backend.live.message_feed import MessageFeed
from backend.live.message_views import QuestionView
from backend.live.notices import Toast
from backend.routes.pages import Pages, undo_path
from backend.services.images import Image
from backend.web.http import Request, Response, Router
from backend.web.rendering import Template

if TYPE_CHECKING:
    from backend.container import GetServices
    from backend.store.rows import AnyMessage


@dataclass(frozen=True)
class LoadedImage(Template):
    """An image the user asked for, shown from memory."""

    template: ClassVar[str] = "messages/_image.html"
    image: Image


@dataclass(frozen=True)
class Edit(Template):
    """The form for another text of a question.

    Attributes:
        draft_id: Under which it is kept while it is typed.
        is_draft: It goes on with what was typed before and not saved.
    """

    template: ClassVar[str] = "messages/_edit.html"
    message: "AnyMessage"
    text: str
    draft_id: str
    is_draft: bool


@dataclass(frozen=True)
class Changed(Template):
    """A message as it is now, and what was done to it."""

    template: ClassVar[str] = "messages/_changed.html"
    message: Template
    toast: Toast


def build_router(
    get_services: "GetServices", pages: Pages, broadcast: MessageFeed
) -> Router:
    """Return the routes of messages."""
    router = Router()

    @router.get("/messages/:id")
    async def show(request: Request) -> Response:
        services = await get_services()
        message = await services.conversations.message(request.path_params["id"])
        return pages.fragment(_focused(message))

    @router.get("/messages/:id/edit")
    async def edit_form(request: Request) -> Response:
        services = await get_services()
        message = await services.conversations.message(request.path_params["id"])
        draft_id = edit_draft(message.id)
        if "anew" in request.query:
            await services.conversations.save_draft(draft_id, "")
        draft = await services.conversations.draft(draft_id)
        is_draft = draft not in {"", message.text}
        return pages.fragment(Edit(message, draft or message.text, draft_id, is_draft))

    @router.put("/messages/:id")
    async def edit(request: Request) -> Response:
        services = await get_services()
        message, edited = await services.conversations.edit(
            request.path_params["id"], request.form().get("text", "")
        )
        toast = Toast("Saved. The answer was not changed.", undo=undo_path(edited))
        return pages.fragment(Changed(_focused(message), toast))

    @router.post("/messages/:id/ask")
    async def ask_again(request: Request) -> Response:
        services = await get_services()
        again = await services.conversations.ask_again(
            request.path_params["id"], request.form().get("text", "")
        )
        undo = undo_path(again.transaction_id)
        toast = Toast(_asked_again(len(again.removed)), undo=undo)
        return pages.fragment(Changed(_focused(again.question), toast))

    @router.post("/messages/:id/retry")
    async def retry(request: Request) -> Response:
        services = await get_services()
        earlier = await services.conversations.message(request.path_params["id"])
        begun = await services.conversations.answer_again(earlier.id, keep_text=False)
        if not earlier.text:
            return Response()
        words = "Writing it again. The earlier answer is kept in its history."
        return pages.toast(Toast(words, undo=undo_path(begun)))

    @router.post("/messages/:id/continue")
    async def go_on(request: Request) -> Response:
        services = await get_services()
        earlier = await services.conversations.message(request.path_params["id"])
        await broadcast.prepare(earlier)
        await services.conversations.answer_again(earlier.id, keep_text=True)
        return Response()

    def _focused(message: "AnyMessage") -> Template:
        view = broadcast.view(message)
        return (
            replace(view, is_focused=True) if isinstance(view, QuestionView) else view
        )

    @router.post("/messages/:id/images")
    async def load_image(request: Request) -> Response:
        services = await get_services()
        message = await services.conversations.message(request.path_params["id"])
        url = request.form().get("url", "")
        image = await services.images.load(message.text, url)
        return pages.fragment(LoadedImage(image))

    @router.delete("/messages/:id")
    async def delete(request: Request) -> Response:
        services = await get_services()
        removed = await services.conversations.delete_message(request.path_params["id"])
        sentence = f"Deleted “{removed.title or 'an empty message'}”."
        return pages.toast(Toast(sentence, undo=undo_path(removed.transaction_id)))

    @router.get("/messages/:id/text")
    async def text(request: Request) -> Response:
        services = await get_services()
        message = await services.conversations.message(request.path_params["id"])
        return Response(body=message.text, content_type="text/plain; charset=utf-8")

    return router


def _asked_again(removed: int) -> str:
    if not removed:
        return "Asked again. The earlier answer is kept in its history."
    what = "The message" if removed == 1 else f"The {removed} messages"
    is_ = "is" if removed == 1 else "are"
    return f"Asked again. {what} that followed {is_} in the trash."
