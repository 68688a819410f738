"""The frame every page stands in, and the answers all routes share."""

import json
from collections.abc import Callable
from typing import ClassVar, Final
from urllib.parse import quote, urlencode

from msgspec.structs import replace

from backend.errors import GoneError, StoreClosedError
from backend.ids import NEW, is_temporary
from backend.live.notices import Toast
from backend.services.notices import Tone
from backend.services.search import MAX_QUERY_CHARS
from backend.web.http import Request, Response
from backend.web.rendering import Renderer, Template

HTMX_CONFIG: Final = json.dumps(
    {
        # Nothing in the page is ever evaluated, and nothing foreign asked.
        "allowEval": False,
        "allowScriptTags": False,
        # Only what a route puts beside its answer may land elsewhere in the page.
        "allowNestedOobSwaps": False,
        # What an element does is written at that element.
        "disableInheritance": True,
        "selfRequestsOnly": True,
        # Private pages are not kept by the browser side; Back asks the sidecar.
        "historyCacheSize": 0,
        "includeIndicatorStyles": False,
        "scrollIntoViewOnBoost": False,
        "responseHandling": [
            {"code": "204", "swap": False},
            {"code": "[23]..", "swap": True},
            {
                "code": "[45]..",
                "swap": True,
                "error": True,
                "target": "#toasts",
                "swapOverride": "beforeend",
            },
        ],
    }
)

MAX_ROWS: Final = 2_000
"""As many rows of a list come again at once."""

CLOSED_PATH: Final = "/unlock"
"""The page of a store that does not open."""


class Layout(Template, frozen=True):
    """A whole page around what it shows."""

    template: ClassVar[str] = "layout.html"
    title: str
    nonce: str
    seq: int
    main: Template
    htmx_config: str = HTMX_CONFIG
    max_query_chars: int = MAX_QUERY_CHARS


class ErrorView(Template, frozen=True):
    """A page that could not be shown."""

    template: ClassVar[str] = "errors/_view.html"
    sentence: str
    title: str = "Not available"


class Pages:
    """Answers with a fragment to htmx and with a whole page to a browser."""

    def __init__(
        self,
        renderer: Renderer,
        seq: Callable[[], int],
        announce: Callable[[Toast], object] = lambda _: None,
    ) -> None:
        """Answer with what is rendered; `announce` shows a message in every page."""
        self._renderer = renderer
        self._seq = seq
        self.announce = announce

    def show(self, request: Request, title: str, main: Template) -> Response:
        """Show something in the page's main part."""
        if request.is_htmx:
            return self.fragment(main)
        context = Layout(f"{title} — Hearth", request.nonce, self._seq(), main)
        return self.fragment(context)

    def render(self, context: Template) -> str:
        """Return the HTML of a context, for an event."""
        return self._renderer.render(context)

    def fragment(
        self, context: Template, headers: dict[str, str] | None = None
    ) -> Response:
        """Answer with a piece of a page."""
        return Response(body=self._renderer.render(context), headers=headers or {})

    def toast(self, toast: Toast, headers: dict[str, str] | None = None) -> Response:
        """Answer with a message only, put beside the page's other messages."""
        html = self._renderer.render(toast)
        body = f'<div hx-swap-oob="beforeend:#toasts">{html}</div>'
        return Response(body=body, headers=headers or {})

    def error(self, request: Request | None, sentence: str, status: int) -> Response:
        """Answer with an error: a page of its own, or a message in the page."""
        is_closed = status == StoreClosedError.status
        if request and request.is_document:
            if is_closed:
                return Response(status=303, headers={"Location": CLOSED_PATH})
            shown = self.show(request, "Not available", ErrorView(sentence))
            return replace(shown, status=status)
        if request and status == GoneError.status and _shows_temporary(request):
            # Its words stay in the page, which says it once for all that failed.
            gone = {"HX-Retarget": "#gone", "HX-Reswap": "innerHTML"}
            return Response(status=status, body=sentence, headers=gone)
        # The page of the closed store says it once for all.
        toast = "" if is_closed else self.render(Toast(sentence, tone=Tone.DANGER))
        return Response(status=status, body=toast)


def _shows_temporary(request: Request) -> bool:
    return is_temporary(request.shown_path.removeprefix("/conversations/"))


def no_content(headers: dict[str, str] | None = None) -> Response:
    """Answer that it was done and the page need not change."""
    return Response(status=204, headers=headers or {})


def undo_path(transaction_id: str, reopened: str = "") -> str:
    """Return what to POST to take an act back.

    Args:
        transaction_id: Of the act.
        reopened: The path of what was shown when it went, to be shown again.
    """
    query = f"?{urlencode({'open': reopened})}" if reopened else ""
    return f"/changes/{transaction_id}/undo{query}"


def path_of(conversation_id: str, folder_id: str = "") -> str:
    """Return the page of a conversation, also of a new one in a folder."""
    if conversation_id != NEW:
        return f"/conversations/{conversation_id}"
    return f"/folders/{quote(folder_id, safe='')}/new" if folder_id else "/"


def go_to(path: str) -> dict[str, str]:
    """Return the header that lets htmx show another page in the main part."""
    return {"HX-Location": json.dumps({"path": path, "target": "#main"})}


def page_size(request: Request, size: int) -> int:
    """Return how many rows of a list to show: as many as the page has of it already."""
    return min(max(request.number("count"), size), MAX_ROWS)
