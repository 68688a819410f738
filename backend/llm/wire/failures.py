"""Reads what servers say when something failed, in all the shapes they say it in.

Everything here is pure and treats a server's words as data that may be hostile.
"""

import html
import json
import re
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Final

from backend.errors import EngineFault

_DEPTH: Final = 6
_ENTRIES: Final = 3
_PLAIN_CHARS: Final = 2000
_WORDS: Final = (
    "error",
    "errors",
    "message",
    "msg",
    "detail",
    "details",
    "error_description",
    "description",
    "title",
    "reason",
)
_CODES: Final = ("code", "type", "status", "error_code", "error_type")
_TITLE: Final = re.compile(r"<title[^>]*>([^<]{1,200})", re.IGNORECASE)
_PAGE: Final = re.compile(r"\s*(?:<!doctype|<\w+[\s>])", re.IGNORECASE)

_MARKS: Final = {
    EngineFault.CONTEXT_TOO_LONG: r"""
        exceed_context_size | context_length_exceeded | string_above_max_length
        | context [ _-] (?:window|size)
        | (?:maximum|available|total|model's|loaded) [\w ]{0,20} context
        | context [\w ]{0,20} [ ] (?:length|limit|overflow|exceed|too)
        | (?:fit|exceed)\w* [\w ]{0,20} [ ] context | max(?:imum)?[ ]model[ ]len
        | (?:prompt|input|message|conversation)s?[ ](?:is[ ]|are[ ])?too[ ]
          (?:long|large)
        | reduce[ ]the[ ]length[ ]of | too[ ]many[ ](?:input[ ])?tokens
        | tokens?[ ]to[ ]keep[ ]from[ ]the | must[ ]have[ ]less[ ]than[ ]\d+[ ]tokens
        | (?:input|prompt)\W?[ ](?:tokens?|length) [\w ()]{0,30} [ ](?:exceed|must[ ]be)
        | inputs\W+tokens | tokens?[ ](?:limit|count) [\w ()]{0,20} [ ]exceed
        """,
    EngineFault.NO_CREDIT: r"""
        insufficient[_ ](?:quota|credit|balance|funds) | your[ ]current[ ]quota
        | credit[ ]balance | (?:out[ ]of|no|enough)[ ]credits? | payment[ ]required
        | billing | enough[ ]balance | spending[ ]limit
        """,
    EngineFault.MODEL_MISSING: r"""
        model[_ ]not[_ ](?:found|exist) | no[ ]such[ ]model | unknown[ ]model
        | invalid[ ]model | not[ ]a[ ]valid[ ]model | no[ ]models?[ ](?:is[ ])?loaded
        | model[ ][^.]{0,200}(?:not[ ]found|does[ ]not[ ]exist|n't[ ]exist)
        """,
    EngineFault.RATE_LIMITED: r"rate[_ ]limit | too[ ]many[ ]requests",
    EngineFault.UNAUTHORISED: r"""
        (?:invalid|incorrect|missing|no|expired|bad|wrong)[_ ](?:\w+[_ ])?
        (?:api[_ ]?key|token|credentials?) | authentication | api[ ]key[ ]not[ ]valid
        | unauthori[sz]ed
        """,
    EngineFault.LOADING: r"""
        (?:is|still|currently)[ ](?:being[ ])?load | loading[ ](?:the[ ])?model
        | model[ ](?:is[ ])?(?:loading|starting|warming) | warming[ ]up
        | starting[ ]up | not[ ](?:yet[ ])?ready
        """,
}
_PATTERNS: Final = {
    fault: re.compile(pattern, re.IGNORECASE | re.VERBOSE)
    for fault, pattern in _MARKS.items()
}
_MARKS_ANYWHERE: Final = (
    EngineFault.CONTEXT_TOO_LONG,
    EngineFault.NO_CREDIT,
    EngineFault.MODEL_MISSING,
)
"""Faults that words tell better than a status."""
_NOT_REFUSED: Final = (EngineFault.RATE_LIMITED, EngineFault.UNAUTHORISED)


def classify_failure(status: int, body: str) -> tuple[EngineFault, str]:
    """Return what an answer with an error means, and the server's own words."""
    try:
        data = json.loads(body)
    except (ValueError, RecursionError):
        words = _words_of_text(body)
        return _classify(status, words, words), words
    return classify_error(data, status)


def classify_error(data: object, status: int) -> tuple[EngineFault, str]:
    """Return what an error means that came as JSON, and the server's own words."""
    words = error_words(data)
    # Only what the server says counts: some repeat the whole question beside it.
    return _classify(status, words, " ".join((words, *_codes(data)))), words


def error_status(data: object) -> int:
    """Return the HTTP status an error names; that of an unknown one if it does not."""
    for code in _codes(data):
        if code.isdecimal() and len(code) == len("500") and code[0] in "45":
            return int(code)
    return HTTPStatus.INTERNAL_SERVER_ERROR


def error_words(data: object) -> str:
    """Return what an error says, a code when it has no words; "" for nothing."""
    codes = (code for code in _codes(data) if not code.isdecimal())
    return plain_words(data) or next(codes, "")


def plain_words(data: object, depth: int = _DEPTH) -> str:
    """Return what an object says for people, wherever it says so; "" for nothing."""
    if isinstance(data, str):
        return data.strip()
    if not depth:
        return ""
    if isinstance(data, list):
        found = (plain_words(entry, depth - 1) for entry in data[:_ENTRIES])
        return "; ".join(filter(None, found))
    if not isinstance(data, Mapping):
        return ""
    words = next(
        filter(None, (plain_words(data.get(k), depth - 1) for k in _WORDS)), ""
    )
    place = data.get("loc")
    if words and isinstance(place, list) and len(place) > 1:
        words = f"{place[-1]}: {words}"  # FastAPI names the field beside its words
    return _with_words_passed_on(data, words, depth)


def _with_words_passed_on(data: Mapping[str, object], words: str, depth: int) -> str:
    """Add what the server behind said, where the one before it kept its words."""
    beside = data.get("metadata")
    raw = beside.get("raw") if isinstance(beside, Mapping) else None
    more = _words_of_raw(raw, depth - 1) if isinstance(raw, str) else ""
    return f"{words}: {more}" if words and more and more not in words else words


def _words_of_raw(raw: str, depth: int) -> str:
    try:
        return plain_words(json.loads(raw), depth)
    except (ValueError, RecursionError):
        return raw.strip()[:_PLAIN_CHARS]


def _words_of_text(body: str) -> str:
    """Return what a body says that is no JSON: a short text, or the title of a page."""
    if is_page(body):
        title = _TITLE.search(body)
        return html.unescape(title[1]).strip() if title else ""
    return body.strip()[:_PLAIN_CHARS]


def is_page(body: str) -> bool:
    """Whether a body is a web page."""
    return bool(_PAGE.match(body))


def _codes(data: object, depth: int = _DEPTH) -> Iterator[str]:
    if isinstance(data, list):
        data = data[0] if data else None
    if not isinstance(data, Mapping) or not depth:
        return
    yield from _codes(data.get("error"), depth - 1)
    for name in _CODES:
        code = data.get(name)
        if isinstance(code, str | int) and not isinstance(code, bool):
            yield str(code)


def _classify(status: int, words: str, marked: str) -> EngineFault:
    marks = [fault for fault, mark in _PATTERNS.items() if mark.search(marked)]
    if status < HTTPStatus.BAD_REQUEST:
        return EngineFault.GARBAGE
    certain = [fault for fault in marks if fault in _MARKS_ANYWHERE]
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        # It may speak of tokens, but of those in a minute.
        certain = [fault for fault in certain if fault is EngineFault.NO_CREDIT]
    if certain:
        return certain[0]
    return _by_status(status, words, marks)


def _by_status(status: int, words: str, marks: list[EngineFault]) -> EngineFault:
    match status:
        case HTTPStatus.UNAUTHORIZED | HTTPStatus.PROXY_AUTHENTICATION_REQUIRED:
            return EngineFault.UNAUTHORISED
        case HTTPStatus.FORBIDDEN | HTTPStatus.UNAVAILABLE_FOR_LEGAL_REASONS:
            is_key = EngineFault.UNAUTHORISED in marks or not words
            return EngineFault.UNAUTHORISED if is_key else EngineFault.FORBIDDEN
        case HTTPStatus.PAYMENT_REQUIRED:
            return EngineFault.NO_CREDIT
        case HTTPStatus.NOT_FOUND | HTTPStatus.METHOD_NOT_ALLOWED | HTTPStatus.GONE:
            missing = "model" in words.lower()
            return EngineFault.MODEL_MISSING if missing else EngineFault.GARBAGE
        case HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
            return EngineFault.CONTEXT_TOO_LONG
        case HTTPStatus.TOO_MANY_REQUESTS:
            return EngineFault.RATE_LIMITED
        case HTTPStatus.REQUEST_TIMEOUT | HTTPStatus.GATEWAY_TIMEOUT:
            return EngineFault.TIMEOUT
        case _:
            return _by_marks(status, marks)


def _by_marks(status: int, marks: list[EngineFault]) -> EngineFault:
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return marks[0] if marks else EngineFault.SERVER_ERROR
    faults = [fault for fault in marks if fault in _NOT_REFUSED]
    return faults[0] if faults else EngineFault.REJECTED
