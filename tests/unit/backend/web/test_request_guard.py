"""The guard's decision, case by case; the same from outside is in tests/security."""

import pytest

from backend.protocol import HEALTH_PATH
from backend.web.request_guard import Trust, Verdict, content_security_policy, judge

TRUST = Trust("secret", 5000)
OWN = {"host": ["127.0.0.1:5000"], "x-hearth-token": ["secret"]}
Head = dict[str, list[str]]


def decide(head: Head, method: str = "GET", path: str = "/") -> Verdict:
    return judge(TRUST, method, path, lambda name: head.get(name, []))


@pytest.mark.parametrize(
    ("change", "verdict"),
    [
        ({}, Verdict.PASS),
        ({"x-hearth-token": []}, Verdict.UNAUTHORISED),
        ({"x-hearth-token": ["Secret"]}, Verdict.UNAUTHORISED),
        ({"x-hearth-token": ["sécret"]}, Verdict.UNAUTHORISED),
        ({"x-hearth-token": ["secret", "secret"]}, Verdict.UNAUTHORISED),
        ({"x-hearth-token": [], "host": ["evil"]}, Verdict.UNAUTHORISED),
        ({"host": []}, Verdict.MISDIRECTED),
        ({"host": ["localhost:5000"]}, Verdict.MISDIRECTED),
        ({"host": ["127.0.0.1:5000"] * 2}, Verdict.MISDIRECTED),
        ({"origin": ["http://127.0.0.1:5000"]}, Verdict.PASS),
        ({"origin": ["https://127.0.0.1:5000"]}, Verdict.FORBIDDEN),
        ({"origin": ["null"]}, Verdict.FORBIDDEN),
        ({"sec-fetch-site": ["same-origin"]}, Verdict.PASS),
        ({"sec-fetch-site": ["same-site"]}, Verdict.FORBIDDEN),
        ({"sec-fetch-site": ["none"]}, Verdict.FORBIDDEN),
        ({"sec-fetch-site": ["none"], "sec-fetch-mode": ["navigate"]}, Verdict.PASS),
    ],
)
def test_a_request_is_judged_by_its_head(change: Head, verdict: Verdict) -> None:
    assert decide(OWN | change) is verdict


def test_a_navigation_from_nowhere_only_reads() -> None:
    head = OWN | {"sec-fetch-site": ["none"], "sec-fetch-mode": ["navigate"]}
    assert decide(head, "POST") is Verdict.FORBIDDEN


@pytest.mark.parametrize(
    ("method", "path", "verdict"),
    [
        ("GET", HEALTH_PATH, Verdict.PASS),
        ("HEAD", HEALTH_PATH, Verdict.UNAUTHORISED),
        ("POST", HEALTH_PATH, Verdict.UNAUTHORISED),
        ("GET", HEALTH_PATH + "/", Verdict.UNAUTHORISED),
        ("GET", HEALTH_PATH.upper(), Verdict.UNAUTHORISED),
        ("GET", "/" + HEALTH_PATH, Verdict.UNAUTHORISED),
    ],
)
def test_only_the_proof_needs_no_token(
    method: str, path: str, verdict: Verdict
) -> None:
    assert decide(OWN | {"x-hearth-token": []}, method, path) is verdict


def test_the_proof_is_for_our_own_host_and_origin_alone() -> None:
    bare = OWN | {"x-hearth-token": []}
    assert decide(bare | {"host": ["evil"]}, "GET", HEALTH_PATH) is Verdict.MISDIRECTED
    web = bare | {"origin": ["https://evil.example"]}
    assert decide(web, "GET", HEALTH_PATH) is Verdict.FORBIDDEN


def test_the_policy_allows_no_inline_script_and_no_other_origin() -> None:
    policy = content_security_policy("abc")
    assert policy.startswith("default-src 'none'; script-src 'nonce-abc';")
    for word in ("unsafe", "http", "*"):
        assert word not in policy


def test_the_policy_of_a_page_is_this_one() -> None:
    told = dict(
        part.strip().split(" ", 1) for part in content_security_policy("abc").split(";")
    )
    assert told == {
        "default-src": "'none'",
        "script-src": "'nonce-abc'",
        "style-src": "'self'",
        "img-src": "'self' data:",
        "font-src": "'self'",
        "connect-src": "'self'",
        "base-uri": "'none'",
        "form-action": "'self'",
        "frame-ancestors": "'none'",
        "require-trusted-types-for": "'script'",
        "trusted-types": "default",
    }
