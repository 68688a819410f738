"""Answers for every address at which nothing is."""

from typing import Final

from backend.errors import NotFoundError
from backend.web.http import AppRouter, Request, Response
from backend.web.request_guard import DEFAULT_HEADERS

_SENTENCE: Final = "There is nothing at this address. It may have been deleted."
_POLICY: Final = "content-security-policy"


router = AppRouter[None]()


@router.get("/*path")
async def show_unknown(request: Request, _app: None) -> Response:
    """Answer where no other route does."""
    if request.is_document or request.is_htmx:
        raise NotFoundError(_SENTENCE)
    return Response(
        status=NotFoundError.status,
        body="Not found",
        content_type="text/plain",
        headers={_POLICY: DEFAULT_HEADERS[_POLICY]},
    )
