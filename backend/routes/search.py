"""Search: one page that follows what is typed into the sidebar's field."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, Final
from urllib.parse import urlencode

from msgspec import Struct
from msgspec.structs import replace

from backend.routes.app_context import OpenContext
from backend.services.search import (
    LIMIT,
    MAX_QUERY_CHARS,
    Group,
    Reach,
    Scope,
    Span,
    reach_of,
)
from backend.web.http import AppRouter, Request, Response
from backend.web.rendering import Template

if TYPE_CHECKING:
    from backend.store.search.hits import Hit

_UNTITLED: Final = {
    Scope.CONVERSATIONS: "New conversation",
    Scope.NOTES: "Untitled note",
}
_SCOPES: Final = {
    Scope.ALL: "Everything",
    Scope.CONVERSATIONS: "Titles",
    Scope.NOTES: "Notes",
    Scope.ASSISTANTS: "Assistants",
    Scope.FILES: "Files",
    Scope.MESSAGES: "Messages",
}
_SPANS: Final = {
    Span.ANY: "Any time",
    Span.WEEK: "Past 7 days",
    Span.MONTH: "Past 30 days",
    Span.YEAR: "Past year",
}
_SCOPE_NAMES: Final = {scope.value: scope for scope in Scope}
_SPAN_NAMES: Final = {span.value: span for span in Span}
_BY_TIME: Final = {Scope.FILES, Scope.MESSAGES}
_ICONS: Final = {
    Scope.CONVERSATIONS: "message-square",
    Scope.NOTES: "notebook-pen",
    Scope.ASSISTANTS: "sparkles",
    Scope.FILES: "file-text",
    Scope.MESSAGES: "message-square",
}


class Filter(Struct, frozen=True):
    """One choice of a filter."""

    name: str
    path: str
    is_chosen: bool


class HitItem(Template, frozen=True):
    """Something found, and where it leads.

    Attributes:
        is_title: What was found is the title, or stands under it.
    """

    template: ClassVar[str] = "search/_hit.html"
    hit: "Hit"
    path: str
    title: str
    icon_name: str
    is_title: bool


class ConversationHits(Template, frozen=True):
    """What was found in one conversation, under its title."""

    template: ClassVar[str] = "search/_talk.html"
    title: str
    items: Sequence[HitItem]


class Section(Template, frozen=True):
    """What was found of one kind.

    Attributes:
        more: Where there is more of it; "" when this is all that is shown.
        note: Says which of very many are shown.
    """

    template: ClassVar[str] = "search/_section.html"
    name: str
    items: Sequence[HitItem | ConversationHits]
    more: str = ""
    note: str = ""


class SearchView(Template, frozen=True):
    """The field's words, the filters, and what was found.

    Attributes:
        reach: What of the query could be looked for.
        is_preparing: What an earlier version wrote is not all found yet.
    """

    template: ClassVar[str] = "search/_view.html"
    query: str
    scope: Scope
    span: Span
    scopes: Sequence[Filter]
    spans: Sequence[Filter]
    sections: Sequence[Section]
    reach: Reach
    is_filtered: bool
    is_preparing: bool
    everything: str


router = AppRouter[OpenContext]()


@router.get("/search")
def show(request: Request, app: OpenContext) -> Response:
    """Show what is found, or the empty field."""
    app.services.notes.fold_drafts()
    query = request.query.get("q", "")[:MAX_QUERY_CHARS]
    scope = _SCOPE_NAMES.get(request.query.get("kind", ""), Scope.ALL)
    span = _SPAN_NAMES.get(request.query.get("when", ""), Span.ANY)
    groups = app.services.search.search(query, scope, span)
    is_preparing = app.services.search.unprepared()
    view = _view(query, scope, span, groups, is_preparing=is_preparing)
    answer = app.pages.show(request, "Search", view)
    if not request.is_htmx:
        return answer
    # One entry in the history for one search, however much is typed.
    was_here = request.shown_path == "/search"
    name = "HX-Replace-Url" if was_here else "HX-Push-Url"
    return Response(body=answer.body, headers={name: _path(query, scope, span)})


def hit_items(groups: Sequence[Group], query: str = "") -> list[HitItem]:
    """Return what was found, without its kinds."""
    return [_item(group.scope, hit, query) for group in groups for hit in group.hits]


def by_talk(items: Sequence[HitItem]) -> list[HitItem | ConversationHits]:
    """Put the messages of one conversation together where its first one stands."""
    talks: dict[str, list[HitItem]] = {}
    for item in items:
        talks.setdefault(item.hit.conversation_id, []).append(item)
    return [
        ConversationHits(
            found[0].title, [replace(item, is_title=True) for item in found]
        )
        if len(found) > 1
        else found[0]
        for found in talks.values()
    ]


def _view(
    query: str,
    scope: Scope,
    span: Span,
    groups: Sequence[Group],
    *,
    is_preparing: bool,
) -> SearchView:
    return SearchView(
        query=query,
        scope=scope,
        span=span,
        scopes=[
            Filter(name, _path(query, one, span), one is scope)
            for one, name in _SCOPES.items()
        ],
        spans=[
            Filter(name, _path(query, scope, one), one is span)
            for one, name in _SPANS.items()
        ],
        sections=[_section(query, scope, span, group) for group in groups],
        reach=reach_of(query),
        is_preparing=is_preparing,
        is_filtered=(scope, span) != (Scope.ALL, Span.ANY),
        everything=_path(query, Scope.ALL, Span.ANY),
    )


def _section(query: str, scope: Scope, span: Span, group: Group) -> Section:
    found = hit_items([group], query)
    items = by_talk(found) if group.scope is Scope.MESSAGES else found
    if not group.has_more:
        return Section(_SCOPES[group.scope], items)
    if group.scope is scope or len(found) >= LIMIT:
        which = "newest" if group.scope in _BY_TIME else "best"
        note = f"The {which} {LIMIT}. Add a word to find fewer."
        return Section(_SCOPES[group.scope], items, note=note)
    return Section(_SCOPES[group.scope], items, _path(query, group.scope, span))


def _item(scope: Scope, hit: "Hit", query: str) -> HitItem:
    match scope:
        case Scope.NOTES:
            path = f"/notes/{hit.id}"
        case Scope.ASSISTANTS:
            path = f"/assistants/{hit.id}/edit"
        case Scope.MESSAGES | Scope.FILES:
            place = f"/conversations/{hit.conversation_id}"
            asked = urlencode({"around": hit.id, "q": query})
            path = f"{place}?{asked}#message-{hit.id}"
        case _:
            path = f"/conversations/{hit.id}"
    title = hit.title or _UNTITLED.get(scope, "New conversation")
    if hit.file:
        title = f"{hit.file}, {hit.place} · {title}"
    is_title = scope is Scope.CONVERSATIONS
    return HitItem(hit, path, title, _ICONS[scope], is_title)


def _path(query: str, scope: Scope, span: Span) -> str:
    parameters = {"q": query}
    if scope is not Scope.ALL:
        parameters["kind"] = scope.value
    if span is not Span.ANY:
        parameters["when"] = span.value
    return f"/search?{urlencode(parameters)}"
