"""Errors tell nothing, headers cannot be split, and no path leads to a file."""

import itertools
import json
from pathlib import Path

import pytest

from backend.interface.protocol import MAX_TEXT_CHARS
from backend.web.assets import Assets
from backend.web.http import MAX_BODY_BYTES, Route
from tests.helpers.misbehaving_sidecar import CANARY
from tests.helpers.sidecar import Sidecar

pytestmark = pytest.mark.sidecar


def test_a_bug_is_answered_with_a_number_and_logged_without_its_text(
    odd_sidecar: Sidecar,
) -> None:
    answer = odd_sidecar.get("/odd/boom")
    assert answer.status == 500
    assert CANARY not in answer.text
    number = answer.text.split("under ")[1][:8]
    assert number in odd_sidecar.log
    assert "RuntimeError" in odd_sidecar.log
    assert "misbehaving_sidecar.py" in odd_sidecar.log
    assert CANARY not in odd_sidecar.log
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_an_expected_error_says_its_sentence_with_its_status(
    odd_sidecar: Sidecar,
) -> None:
    answer = odd_sidecar.get("/odd/conflict")
    assert answer.status == 409
    assert "Two &lt;things&gt; of one name." in answer.text
    answer = odd_sidecar.get("/api/odd/conflict")
    assert answer.status == 409
    assert json.loads(answer.body)["error"] == "Two <things> of one name."


@pytest.mark.parametrize("path", ["/odd/split", "/odd/not-ascii"])
def test_a_response_cannot_be_split(odd_sidecar: Sidecar, path: str) -> None:
    answer = odd_sidecar.get(path)
    assert answer.status == 500
    assert "set-cookie" not in answer.headers
    assert "content-security-policy" in answer.headers


@pytest.mark.parametrize(
    ("path", "decoded"),
    [
        ("/odd/echo/a%20b?q=1+2", "a b|1 2"),
        ("/odd/echo/%2541?q=%2541", "%41|%41"),
        ("/odd/echo/%C3%A9?q=%F0%9F%94%A5", "é|🔥"),
        ("/odd/echo/a%2Fb?q=a&q=b", "a/b|b"),
    ],
)
def test_addresses_are_decoded_exactly_once(
    odd_sidecar: Sidecar, path: str, decoded: str
) -> None:
    answer = odd_sidecar.get(path)
    assert (answer.status, answer.text) == (200, decoded)


def test_an_address_that_is_no_utf8_is_refused(odd_sidecar: Sidecar) -> None:
    assert odd_sidecar.get("/odd/echo/%ff").status == 422


def test_a_body_above_the_limit_is_refused(odd_sidecar: Sidecar) -> None:
    limit = MAX_BODY_BYTES
    assert odd_sidecar.post("/odd/length", b"a" * limit).text == str(limit)
    refused = odd_sidecar.post("/odd/length", b"a" * (limit + 1))
    assert refused.status == 413
    assert f"{MAX_TEXT_CHARS:,} characters" in refused.text


def traversals() -> list[str]:
    """Return 200 strings that lead out of a folder where one is served."""
    ups = ["..", "%2e%2e", "..%00", "..;", "%252e%252e", "..%c0%af", "....", "..%5c"]
    seps = ["/", "%2f", "%5c", "%252f", "//"]
    ends = ["etc/passwd", "app.css", "backend/app.py", "CON"]
    made = [
        sep.join([up, up, up, end])
        for up, sep, end in itertools.product(ups, seps, ends)
    ]
    odd = ["CON", "AUX", "NUL", "nul.js", "%00", "app.css%00", "app.css::$DATA"]
    odd += ["%5c%5chost%5cshare%5cx", "//host/share/x", "file:///etc/passwd", "C:%5cx"]
    odd += [f"{name}/{end}" for name in ("x", ".", "~", "%7e") for end in ends]
    odd += [f"vendor/{name}" for name in ("htmx.js", "..", "../app.css", "vendor.py")]
    odd += [f"x/{up}{sep}vendor.py" for up in ("..", "%2e%2e") for sep in seps]
    return (made + odd)[:200]


def test_no_path_leads_out_of_the_assets(sidecar: Sidecar, routes: list[Route]) -> None:
    tails = traversals()
    assert len(tails) >= 190
    taking = {r.path.split("/:")[0] for r in routes if "/:" in r.path} | {"/assets", ""}
    host, token = f"host: {sidecar.host}", f"x-hearth-token: {sidecar.token}"
    for prefix, tail in itertools.product(sorted(taking), tails):
        answer = sidecar.ask("GET", f"{prefix}/{tail}", host, token)
        # The draft of an unknown conversation is an empty one.
        is_nothing = answer.status == 200 and answer.body == b""
        refused = answer.status in {400, 401, 404, 405, 422}
        assert refused or is_nothing, (prefix, tail)
        assert b"root:" not in answer.body


def test_a_link_among_the_assets_is_not_served(tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("secret")
    web = tmp_path / "web"
    web.mkdir()
    (web / "own.js").write_text("1")
    (web / "linked.js").symlink_to(tmp_path / "secret.txt")
    (web / "vendor.py").write_text("2")
    assets = Assets.load(web)
    assert assets.names() == ["own.js"]
