"""A handler is a function of its module; where it runs is decided in one place."""

import asyncio
import threading

import pytest

from backend.errors import ConflictError, StoreClosedError
from backend.web.http import AppRouter, Request, Response, whole_number

REQUEST = Request(method="GET", path="/")
router = AppRouter[list[threading.Thread]]()


@router.get("/plain")
def plain(_request: Request, app: list[threading.Thread]) -> Response:
    app.append(threading.current_thread())
    return Response(body="plain")


@router.post("/async")
async def on_loop(_request: Request, app: list[threading.Thread]) -> Response:
    app.append(threading.current_thread())
    return Response(body="async")


@router.put("/plain/conflict")
def conflict(_request: Request, _app: list[threading.Thread]) -> Response:
    raise ConflictError("Two of one name.")


@router.delete("/async/conflict")
async def conflict_on_loop(_: Request, _app: list[threading.Thread]) -> Response:
    raise ConflictError("Two of one name.")


def answer(path: str, threads: list[threading.Thread]) -> Response:
    async def ready(_request: Request) -> list[threading.Thread]:
        await asyncio.sleep(0)
        return threads

    (route,) = (route for route in router.routes(ready) if route.path == path)
    return asyncio.run(route.handler(REQUEST))  # type: ignore[arg-type]  # it is one


@pytest.mark.parametrize(
    ("path", "is_on_loop"), [("/plain", False), ("/async", True)], ids=str
)
def test_a_plain_handler_runs_once_in_a_thread_and_an_async_one_on_the_loop(
    path: str, *, is_on_loop: bool
) -> None:
    threads: list[threading.Thread] = []
    assert answer(path, threads).body == path[1:]
    assert [thread is threading.current_thread() for thread in threads] == [is_on_loop]


@pytest.mark.parametrize("path", ["/plain/conflict", "/async/conflict"])
def test_what_a_handler_raises_reaches_who_answers_errors(path: str) -> None:
    with pytest.raises(ConflictError, match="one name"):
        answer(path, [])


def test_no_handler_runs_without_what_it_works_with() -> None:
    async def ready(_request: Request) -> list[threading.Thread]:
        raise StoreClosedError("It cannot be opened.")

    for route in router.routes(ready):
        with pytest.raises(StoreClosedError):
            asyncio.run(route.handler(REQUEST))  # type: ignore[arg-type]  # it is one


def test_handlers_stay_functions_that_can_be_called() -> None:
    threads: list[threading.Thread] = []
    assert plain(REQUEST, threads).body == "plain"
    assert threads == [threading.current_thread()]
    registered = [
        (route.method, route.path)
        for route in router.routes(lambda _request: asyncio.sleep(0, threads))
    ]
    assert registered == [
        ("GET", "/plain"),
        ("POST", "/async"),
        ("PUT", "/plain/conflict"),
        ("DELETE", "/async/conflict"),
    ]


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("7", 7),
        ("007", 7),
        ("9" * 18, 10**18 - 1),
        *((wrong, None) for wrong in ("", "-1", "1.0", " 1", "²", "٣", "9" * 19)),
    ],
)
def test_a_number_is_ascii_digits_that_sqlite_can_hold(
    text: str, number: int | None
) -> None:
    assert whole_number(text) == number
    asked = Request(method="GET", path="/", query={"n": text})
    assert asked.number("n") == (number or 0)
    assert asked.number("missing") == 0
