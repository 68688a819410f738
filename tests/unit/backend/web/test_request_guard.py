"""The guard's decision, case by case; the same from outside is in tests/security."""

import pytest

from backend.interface.protocol import HEALTH_PATH
from backend.web.request_guard import (
    Credentials,
    RequestVerdict,
    content_security_policy,
    judge,
)

TRUST = Credentials("secret", 5000)
OWN = {"host": ["127.0.0.1:5000"], "x-hearth-token": ["secret"]}
Head = dict[str, list[str]]


def decide(head: Head, method: str = "GET", path: str = "/") -> RequestVerdict:
    return judge(TRUST, method, path, lambda name: head.get(name, []))


@pytest.mark.parametrize(
    ("change", "verdict"),
    [
        ({}, RequestVerdict.PASS),
        ({"x-hearth-token": []}, RequestVerdict.UNAUTHORISED),
        ({"x-hearth-token": ["Secret"]}, RequestVerdict.UNAUTHORISED),
        ({"x-hearth-token": ["sécret"]}, RequestVerdict.UNAUTHORISED),
        ({"x-hearth-token": ["secret", "secret"]}, RequestVerdict.UNAUTHORISED),
        ({"x-hearth-token": [], "host": ["evil"]}, RequestVerdict.UNAUTHORISED),
        ({"host": []}, RequestVerdict.MISDIRECTED),
        ({"host": ["localhost:5000"]}, RequestVerdict.MISDIRECTED),
        ({"host": ["127.0.0.1:5000"] * 2}, RequestVerdict.MISDIRECTED),
        ({"origin": ["http://127.0.0.1:5000"]}, RequestVerdict.PASS),
        ({"origin": ["https://127.0.0.1:5000"]}, RequestVerdict.FORBIDDEN),
        ({"origin": ["null"]}, RequestVerdict.FORBIDDEN),
        ({"sec-fetch-site": ["same-origin"]}, RequestVerdict.PASS),
        ({"sec-fetch-site": ["same-site"]}, RequestVerdict.FORBIDDEN),
        ({"sec-fetch-site": ["none"]}, RequestVerdict.FORBIDDEN),
        (
            {"sec-fetch-site": ["none"], "sec-fetch-mode": ["navigate"]},
            RequestVerdict.PASS,
        ),
    ],
)
def test_a_request_is_judged_by_its_head(change: Head, verdict: RequestVerdict) -> None:
    assert decide(OWN | change) is verdict


def test_a_navigation_from_nowhere_only_reads() -> None:
    head = OWN | {"sec-fetch-site": ["none"], "sec-fetch-mode": ["navigate"]}
    assert decide(head, "POST") is RequestVerdict.FORBIDDEN


@pytest.mark.parametrize(
    ("method", "path", "verdict"),
    [
        ("GET", HEALTH_PATH, RequestVerdict.PASS),
        ("HEAD", HEALTH_PATH, RequestVerdict.UNAUTHORISED),
        ("POST", HEALTH_PATH, RequestVerdict.UNAUTHORISED),
        ("GET", HEALTH_PATH + "/", RequestVerdict.UNAUTHORISED),
        ("GET", HEALTH_PATH.upper(), RequestVerdict.UNAUTHORISED),
        ("GET", "/" + HEALTH_PATH, RequestVerdict.UNAUTHORISED),
    ],
)
def test_only_the_proof_needs_no_token(
    method: str, path: str, verdict: RequestVerdict
) -> None:
    assert decide(OWN | {"x-hearth-token": []}, method, path) is verdict


def test_the_proof_is_for_our_own_host_and_origin_alone() -> None:
    bare = OWN | {"x-hearth-token": []}
    assert (
        decide(bare | {"host": ["evil"]}, "GET", HEALTH_PATH)
        is RequestVerdict.MISDIRECTED
    )
    web = bare | {"origin": ["https://evil.example"]}
    assert decide(web, "GET", HEALTH_PATH) is RequestVerdict.FORBIDDEN


def test_the_policy_allows_no_inline_script_and_no_other_origin() -> None:
    policy = content_security_policy("abc")
    assert policy.startswith("default-src 'none'; script-src 'nonce-abc';")
    for word in ("unsafe", "http", "*"):
        assert word not in policy


def test_the_policy_of_a_page_is_this_one() -> None:
    data = dict(
        part.strip().split(" ", 1) for part in content_security_policy("abc").split(";")
    )
    assert data == {
        "default-src": "'none'",
        "script-src": "'nonce-abc'",
        "style-src": "'self'",
        "img-src": "'self' data:",
        "font-src": "'self'",
        "connect-src": "'self'",
        "worker-src": "'self'",
        "base-uri": "'none'",
        "form-action": "'self'",
        "frame-ancestors": "'none'",
        "require-trusted-types-for": "'script'",
        "trusted-types": "default",
    }
