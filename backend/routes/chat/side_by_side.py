"""The same question to several models: the form, and the answers side by side."""

import asyncio
from collections.abc import Sequence
from functools import partial
from typing import ClassVar

from msgspec.structs import replace

from backend.ids import NEW, new_id
from backend.routes.app_context import OpenContext
from backend.routes.model_picker import Picker, chosen_in, picker_of
from backend.routes.pages import no_content, path_of
from backend.services.chat.side_by_side import MOST
from backend.services.engines.engines import Choice
from backend.web.http import AppRouter, Request, Response
from backend.web.rendering import Template


class Several(Template, frozen=True):
    """The form that asks which models answer.

    Attributes:
        action: Where it is sent.
        path: The page it was opened from.
        question: What was asked; None for what is typed in it.
        draft_id: Under which that is kept while it is typed.
        folder_id: Where a new conversation begins; "" for no folder.
    """

    template: ClassVar[str] = "conversations/_several.html"
    action: str
    path: str
    pickers: Sequence[Picker]
    question: str | None = None
    draft_id: str = ""
    draft: str = ""
    submission: str = ""
    folder_id: str = ""


class Answers(Template, frozen=True):
    """A question, and all answers to it beside each other.

    Attributes:
        seq: Of the latest event when they were read.
        answers: What an answer is called, what wrote it, and how it looks.
    """

    template: ClassVar[str] = "messages/_answers.html"
    conversation_id: str
    question_id: str
    seq: int
    question: Template
    answers: Sequence[tuple[str, str, Template]]


class SideBySideView(Template, frozen=True):
    """The page of the answers to a question."""

    template: ClassVar[str] = "messages/_side_by_side.html"
    log: Answers


router = AppRouter[OpenContext]()


@router.get("/conversations/:id/several")
async def ask_form(request: Request, app: OpenContext) -> Response:
    """Ask which models answer the next question, as far as it was typed."""
    place = request.path_params["id"]
    draft = await asyncio.to_thread(app.services.drafts.get, place)
    folder_id = request.query.get("folder", "") if place == NEW else ""
    form = Several(
        action=f"/conversations/{place}/several",
        path=path_of(place, folder_id),
        pickers=await _pickers(app, await _first_of(app, place, folder_id)),
        draft_id=place,
        draft=draft,
        submission=new_id(),
        folder_id=folder_id,
    )
    return app.pages.show(request, "Ask several models", form)


@router.post("/conversations/:id/several")
async def ask(request: Request, app: OpenContext) -> Response:
    """Ask several models a new question."""
    form = request.form()
    exchange = await app.services.side_by_side.ask(
        request.path_params["id"],
        form.get("text", ""),
        _choices(request),
        form.get("submission", ""),
        form.get("folder", ""),
    )
    return await _shown(request, app, exchange.question.id)


@router.get("/messages/:id/several")
async def answer_form(request: Request, app: OpenContext) -> Response:
    """Ask which models answer a question that was asked."""
    question_id = request.path_params["id"]
    question = await asyncio.to_thread(app.services.messages.get, question_id)
    place = question.conversation_id
    form = Several(
        action=f"/messages/{question_id}/several",
        path=f"/conversations/{place}?around={question_id}",
        pickers=await _pickers(app, None),
        question=question.text,
    )
    return app.pages.show(request, "Ask several models", form)


@router.post("/messages/:id/several")
async def answer(request: Request, app: OpenContext) -> Response:
    """Let several models answer a question that was asked."""
    question_id = request.path_params["id"]
    await app.services.side_by_side.answer(question_id, _choices(request))
    return await _shown(request, app, question_id)


@router.get("/messages/:id/answers")
async def show(request: Request, app: OpenContext) -> Response:
    """Show the answers to a question side by side."""
    return await _shown(request, app, request.path_params["id"])


@router.get("/messages/:id/answers/log")
async def show_again(request: Request, app: OpenContext) -> Response:
    """Show them as they are now."""
    return app.pages.fragment(await _answers(app, request.path_params["id"]))


@router.post("/messages/:id/stop")
async def stop(request: Request, app: OpenContext) -> Response:
    """Stop one answer, and let the others go on."""
    await app.services.answers.stop_these([request.path_params["id"]])
    return no_content()


async def _shown(request: Request, app: OpenContext, question_id: str) -> Response:
    view = SideBySideView(await _answers(app, question_id))
    shown = app.pages.show(request, "Answers side by side", view)
    return replace(shown, headers={"HX-Push-Url": f"/messages/{question_id}/answers"})


async def _answers(app: OpenContext, question_id: str) -> Answers:
    question = await asyncio.to_thread(app.services.messages.get, question_id)
    seq = app.feed.seq
    read = partial(app.services.side_by_side.answers, question_id)
    found = await app.feed.read(read)
    return Answers(
        question.conversation_id,
        question_id,
        seq,
        app.feed.view(question),
        [(one.id, one.model or one.engine, app.feed.view(one)) for one in found],
    )


async def _first_of(app: OpenContext, place: str, folder_id: str) -> Choice | None:
    """Return what would answer the question alone."""
    if place == NEW:
        for_new = app.services.assistants.model_for_new
        if of_assistant := await asyncio.to_thread(for_new, folder_id):
            return of_assistant
    return await chosen_in(app, place)


async def _pickers(app: OpenContext, chosen: Choice | None) -> Sequence[Picker]:
    return [
        await picker_of(
            app, None if number else chosen, "", "No model", f"Model {number + 1}"
        )
        for number in range(MOST)
    ]


def _choices(request: Request) -> Sequence[Choice]:
    given = request.chosen("choice")
    return [choice for one in given if (choice := Choice.parse(one))]
