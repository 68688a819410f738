"""Drafts: what is typed and not yet sent or saved."""

from typing import Final

from backend.errors import NotFoundError, StoreFullError, StoreReadOnlyError
from backend.ids import DraftedForm
from backend.llm.servers.address import without_secrets
from backend.routes.app_context import OpenContext
from backend.routes.pages import no_content
from backend.services.assistants.forms import PARAMETERS
from backend.web.http import AppRouter, Request, Response

router = AppRouter[OpenContext]()

_FIELDS: Final = {
    DraftedForm.FOLDER: ("instructions", "assistant"),
    DraftedForm.FOLDER_NAME: ("name",),
    DraftedForm.SERVER: ("name", "url", "models"),
    DraftedForm.SETUP: ("instructions", *PARAMETERS),
    DraftedForm.TITLE: ("title",),
}
"""What is kept of each form: never a key."""
_NO_FORM: Final = "There is no such form."


@router.get("/drafts/:id")
def draft(request: Request, app: OpenContext) -> Response:
    """Return what was typed."""
    text = app.services.drafts.get(request.path_params["id"])
    return Response(body=text, content_type="text/plain; charset=utf-8")


@router.put("/drafts/:id")
def save_draft(request: Request, app: OpenContext) -> Response:
    """Keep what is being typed."""
    text = request.form().get("text", "")
    try:
        app.services.drafts.save(request.path_params["id"], text)
    except (StoreFullError, StoreReadOnlyError) as exc:
        # Shown above the page, once; the text stays in the composer.
        return Response(status=exc.status)
    return no_content()


@router.put("/drafts/:id/form")
def save_form(request: Request, app: OpenContext) -> Response:
    """Keep a form about a row while it is being filled in."""
    kind, _, row_id = request.path_params["id"].partition(":")
    form = {each.value: each for each in DraftedForm}.get(kind)
    if form is None:
        raise NotFoundError(_NO_FORM)
    typed = request.form()
    fields = {name: typed.get(name, "") for name in _FIELDS[form]}
    if form is DraftedForm.SERVER:
        fields["url"] = without_secrets(fields["url"])
    app.services.drafts.save_form(form, row_id, fields)
    return no_content()
