"""Only the proof is answered without the token, the exact host and our origin."""

import re
import socket

import pytest

from backend.interface.protocol import HEALTH_PATH, LOOPBACK, new_token
from backend.web.http import Route
from backend.web.request_guard import DEFAULT_HEADERS
from tests.helpers.sidecar import Sidecar

pytestmark = pytest.mark.sidecar

METHODS = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE", "TRACE")
SEALED = DEFAULT_HEADERS["content-security-policy"]
UNKNOWN = ("/", "/nope", "/assets", "/assets/x/y.js", "/.env", "/docs", "/openapi.json")


def host_of(sidecar: Sidecar) -> str:
    return f"host: {sidecar.host}"


def token_of(sidecar: Sidecar) -> str:
    return f"x-hearth-token: {sidecar.token}"


def paths_of(routes: list[Route]) -> list[str]:
    return sorted({re.sub(r":\w+", "x", route.path) for route in routes})


def wrong_tokens(sidecar: Sidecar) -> dict[str, list[str]]:
    right = token_of(sidecar)
    return {
        "none": [],
        "wrong": [f"x-hearth-token: {new_token()}"],
        "empty": ["x-hearth-token:"],
        "two": [right, right],
    }


@pytest.mark.parametrize("method", METHODS)
def test_every_path_gives_the_same_401_without_the_token(
    sidecar: Sidecar, routes: list[Route], method: str
) -> None:
    seen = set()
    for path in [*paths_of(routes), *UNKNOWN]:
        if (method, path) == ("GET", HEALTH_PATH):
            continue
        for lines in wrong_tokens(sidecar).values():
            answer = sidecar.ask(method, path, host_of(sidecar), *lines)
            seen.add((answer.status, answer.body))
    assert len(seen) == 1, seen
    status, body = seen.pop()
    assert status == 401
    assert len(body) <= 64


def test_the_proof_alone_needs_no_token(sidecar: Sidecar) -> None:
    target = f"{HEALTH_PATH}?nonce=abc"
    assert sidecar.ask("GET", target, host_of(sidecar)).status == 200
    for method in METHODS[1:]:
        assert sidecar.ask(method, target, host_of(sidecar)).status == 401


def test_no_route_takes_a_websocket(sidecar: Sidecar, routes: list[Route]) -> None:
    lines = (
        host_of(sidecar),
        token_of(sidecar),
        "upgrade: websocket",
        "connection: upgrade",
        "sec-websocket-version: 13",
        "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==",
    )
    for path in [*paths_of(routes), *UNKNOWN, "/ws", "/socket", "/websocket"]:
        head = "\r\n".join([f"GET {path} HTTP/1.1", *lines])
        with socket.create_connection((LOOPBACK, sidecar.port), 5) as connection:
            connection.sendall(f"{head}\r\n\r\n".encode())
            # Robyn takes what follows an upgrade for a body, and waits for its end.
            connection.shutdown(socket.SHUT_WR)
            assert re.match(rb"HTTP/1\.1 [2-5]\d\d ", connection.recv(64)), path


def host_cases(port: int) -> dict[str, list[str]]:
    own = f"127.0.0.1:{port}"
    return {
        "missing": [],
        "empty": ["host:"],
        "twice": [f"host: {own}", f"host: {own}"],
        "two": [f"host: {own}", "host: evil.example"],
        "name": [f"host: localhost:{port}"],
        "six": [f"host: [::1]:{port}"],
        "no port": ["host: 127.0.0.1"],
        "other port": [f"host: 127.0.0.1:{port + 1}"],
        "trailing dot": [f"host: 127.0.0.1.:{port}"],
        "decimal": [f"host: 2130706433:{port}"],
        "rebound": [f"host: evil.example:{port}"],
        "user": [f"host: x@{own}"],
        "not ascii": [f"host: 127.0.0.1\xa0:{port}"],
        "forwarded": ["host: evil.example", f"x-forwarded-host: {own}"],
    }


@pytest.mark.parametrize("case", host_cases(1))
def test_only_the_exact_host_is_answered(sidecar: Sidecar, case: str) -> None:
    lines = host_cases(sidecar.port)[case]
    assert sidecar.ask("GET", "/", token_of(sidecar), *lines).status >= 400
    assert sidecar.ask("GET", HEALTH_PATH, *lines).status >= 400


def test_an_absolute_uri_does_not_change_the_host(sidecar: Sidecar) -> None:
    answer = sidecar.ask(
        "GET", f"http://{sidecar.host}/", token_of(sidecar), "host: evil.example"
    )
    assert answer.status >= 400


def test_http_1_0_without_a_host_is_refused(sidecar: Sidecar) -> None:
    reply = sidecar.send_raw(f"GET / HTTP/1.0\r\n{token_of(sidecar)}\r\n\r\n".encode())
    assert b" 421 " in reply.split(b"\r\n")[0]


ELSEWHERE = {
    "null origin": ["origin: null"],
    "web page": ["origin: https://evil.example", "sec-fetch-site: cross-site"],
    "other port": ["origin: http://127.0.0.1:1"],
    "name": ["origin: http://localhost"],
    "two origins": ["origin: http://127.0.0.1", "origin: http://127.0.0.1"],
    "same site": ["sec-fetch-site: same-site"],
    "cross site": ["sec-fetch-site: cross-site"],
    "twice": ["sec-fetch-site: same-origin", "sec-fetch-site: same-origin"],
    "none, no navigation": ["sec-fetch-site: none", "sec-fetch-mode: cors"],
}


@pytest.mark.parametrize("case", ELSEWHERE)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_requests_from_elsewhere_are_refused(
    sidecar: Sidecar, method: str, case: str
) -> None:
    answer = sidecar.ask(
        method, "/", host_of(sidecar), token_of(sidecar), *ELSEWHERE[case]
    )
    assert answer.status == 403


def test_our_own_page_and_the_shell_are_answered(sidecar: Sidecar) -> None:
    head = (host_of(sidecar), token_of(sidecar))
    typed = ("sec-fetch-site: none", "sec-fetch-mode: navigate")
    own = (f"origin: http://{sidecar.host}", "sec-fetch-site: same-origin")
    assert sidecar.ask("GET", "/", *head).status == 200
    assert sidecar.ask("GET", "/", *head, *typed).status == 200
    assert sidecar.ask("GET", "/", *head, *own).status == 200
    assert sidecar.ask("POST", "/", *head, *typed).status == 403


def test_no_answer_has_a_cors_header_and_all_are_hardened(
    sidecar: Sidecar, routes: list[Route]
) -> None:
    head = (host_of(sidecar), token_of(sidecar))
    for path in [*paths_of(routes), *UNKNOWN]:
        if path == "/events":
            continue
        for lines in (head, head[:1], (*head, "origin: https://evil.example")):
            answer = sidecar.ask("GET", path, *lines)
            assert not any(n.startswith("access-control") for n in answer.headers)
            assert answer.headers["x-content-type-options"] == "nosniff"
            assert answer.headers["referrer-policy"] == "no-referrer"
            assert answer.headers["x-frame-options"] == "DENY"


def test_what_no_handler_answers_may_do_nothing(sidecar: Sidecar) -> None:
    head = (host_of(sidecar), token_of(sidecar))
    for method in METHODS:
        for path, lines in (("/nope", head), ("/", head[:1])):
            answer = sidecar.ask(method, path, *lines)
            assert answer.status in {401, 404}
            assert answer.headers["content-security-policy"] == SEALED
            assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        ("FOO / HTTP/1.1\r\nhost: x\r\n\r\n", b"405"),
        ("FOO /nope HTTP/1.1\r\nhost: x\r\n\r\n", b"405"),
        ("nonsense\r\n\r\n", b"400"),
    ],
)
def test_what_never_reaches_the_guard_gets_nothing_of_ours(
    sidecar: Sidecar, raw: str, status: bytes
) -> None:
    reply = sidecar.send_raw(raw.encode(), timeout=1)
    start, _, body = reply.partition(b"\r\n\r\n")
    assert status in start.split(b"\r\n")[0]
    assert body in {b"", b"Method not allowed"}
    assert b"text/html" not in start
    assert b"set-cookie" not in start


def test_the_event_stream_is_hardened(sidecar: Sidecar) -> None:
    head = (host_of(sidecar), token_of(sidecar))
    answer = sidecar.ask("GET", "/events", *head, timeout=0.5)
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "default-src 'none'" in answer.headers["content-security-policy"]


def test_each_page_has_a_nonce_of_its_own(sidecar: Sidecar) -> None:
    policies = {sidecar.get("/").headers["content-security-policy"] for _ in range(3)}
    assert len(policies) == 3
    assert all("script-src 'nonce-" in policy for policy in policies)


@pytest.mark.parametrize("path", ["/docs", "/openapi.json", "/redoc"])
def test_nothing_lists_the_routes(sidecar: Sidecar, path: str) -> None:
    assert sidecar.get(path).status == 404
