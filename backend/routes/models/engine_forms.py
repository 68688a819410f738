"""What a form of engines says when it was not done; what is typed in it stays."""

from collections.abc import Awaitable, Callable, Mapping
from functools import wraps
from typing import ClassVar, TypeAlias

from backend.errors import HearthError
from backend.live.notices import Toast
from backend.routes.app_context import OpenContext
from backend.services.engines.connecting import (
    NotConnectedError,
    ServerQuestion,
    shown_target,
)
from backend.services.notices import Tone
from backend.web.http import Request, Response
from backend.web.rendering import Template

_Handle: TypeAlias = Callable[[Request, OpenContext], Awaitable[Response]]


class FormQuestion(Template, frozen=True):
    """What else a form asks, shown in it beside the message why it was not done.

    Attributes:
        place: The id of the element in the form that shows it; "" for none.
        target: The address to use instead; "" for none.
    """

    template: ClassVar[str] = "engines/_form_question.html"
    place: str
    asks_model: bool
    model: str
    asks_clear: bool
    may_send_in_clear: bool
    target: str
    target_shown: str

    @classmethod
    def of(cls, error: HearthError, form: Mapping[str, str]) -> "FormQuestion":
        """Return what to ask after an error; what was answered stays answered."""
        question, target = ServerQuestion.NOTHING, ""
        if isinstance(error, NotConnectedError):
            question, target = error.question, error.target
        model, clear = form.get("model", ""), may_send_in_clear(form)
        return cls(
            place=form.get("question", ""),
            asks_model=bool(model) or question is ServerQuestion.MODEL,
            model=model,
            asks_clear=clear or question is ServerQuestion.IN_CLEAR,
            may_send_in_clear=clear,
            target=target,
            target_shown=shown_target(target),
        )


def may_send_in_clear(form: Mapping[str, str]) -> bool:
    """Whether a form allows to send the key without encryption."""
    return form.get("in_clear") == "yes"


def address_in(form: Mapping[str, str]) -> str:
    """Return the address in a form, or the one it was offered instead."""
    return form.get("moved") or form.get("url", "")


def in_form(handle: _Handle) -> _Handle:
    """Let an error of a handler ask in the form what is missing."""

    @wraps(handle)
    async def answer(request: Request, app: OpenContext) -> Response:
        try:
            return await handle(request, app)
        except HearthError as exc:
            if not request.is_htmx:
                raise  # the shell shows it in a dialog
            toast = app.pages.render(Toast(str(exc), tone=Tone.DANGER))
            question = app.pages.render(FormQuestion.of(exc, request.form()))
            return Response(status=exc.status, body=toast + question)

    return answer
