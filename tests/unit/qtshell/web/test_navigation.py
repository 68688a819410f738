"""Where the page may go, as tables."""

import pytest

from qtshell.sidecar.origin import Origin
from qtshell.web.navigation import Verdict, classify_navigation, command_of

TRUSTED = Origin.of_sidecar(57220)
OWN = "http://127.0.0.1:57220"
KEY = "0123456789abcdef" * 2

BLOCKED = [
    "",
    " ",
    "about:blank",
    "about:srcdoc",
    "javascript:alert(1)",
    "JavaScript:alert(1)",
    " javascript:alert(1)",
    "java\nscript:alert(1)",
    "vbscript:msgbox(1)",
    "data:text/html,<script>alert(1)</script>",
    "data:image/svg+xml,<svg onload=alert(1)>",
    "blob:http://127.0.0.1:57220/a",
    "filesystem:http://127.0.0.1:57220/a",
    "file:///etc/passwd",
    "file://host/share",
    "file:\\\\host\\share",
    "FILE:///C:/Windows/System32/calc.exe",
    "\\\\host\\share",
    "//host/share",
    "/etc/passwd",
    "C:\\Windows\\calc.exe",
    "smb://host/share",
    "afp://host/share",
    "nfs://host/share",
    "ftp://host/file",
    "sftp://host/file",
    "ssh://host",
    "telnet://host",
    "ws://127.0.0.1:57220/",
    "wss://example.com/",
    "chrome://gpu",
    "chrome-extension://a/b",
    "devtools://devtools/bundled/inspector.html",
    "qrc:/a.html",
    "view-source:http://example.com/",
    "ms-msdt:/id PCWDiagnostic",
    "ms-settings:privacy",
    "ms-word:ofe|u|http://host/a.docx",
    "search-ms:query=a&crumb=location:\\\\host",
    "shell:startup",
    "steam://run/1",
    "vscode://file/etc/passwd",
    "tel:+491234",
    "sms:+491234",
    "intent://scan/#Intent;end",
    "ldap://host/a",
    "jar:http://host!/a",
    "mailto:",
    "mailto:nobody",
    "mailto:a@example.com?attach=/etc/passwd",
    "mailto:a@example.com?body=secret",
    "mailto:a@b@example.com",
    "http://",
    "http:///path",
    "http:example.com",
    "http://user@example.com/",
    "http://127.0.0.1:57220@example.com/",
    "http://user:pass@127.0.0.1:57220/",
    "http://example.com\\@127.0.0.1:57220/",
    "http://exam ple.com/",
    "http://example.com/\u202egpj.exe",
    "http://ex\u00e4mple.com/",
    "http://example.com:0/",
    "http://example.com:99999/",
    "http://example.com:80:80/",
    "http://-example.com/",
    "http://[::1/",
    "http://example.com/\x00",
    "http://example.com/\t",
    "https://example.com/" + "a" * 3_000,
    OWN + "/shell/",
    OWN + "/shell/../etc",
    OWN + "/shell/Pick",
    OWN + "/shell/a/b",
    OWN + "/shell/pick-model",
    OWN + f"/shell/{KEY}",
    OWN + f"/shell/{KEY}/",
    OWN + f"/shell/{KEY}/a/b",
    OWN + f"/shell/{KEY.upper()}/pick-model",
    OWN + f"/shell/{KEY[:-1]}0/pick-model",
    OWN + f"/shell//{KEY}/pick-model",
    OWN + "/shell//pick-model",
    OWN + "/events",
    OWN + "/events?since=1",
    OWN + "/api/v1/conversations/recent",
    OWN + "/assets/1/page.js",
    OWN + "/messages/1/edit?anew=1",
    OWN + "/messages/1/text",
    OWN + "/conversations",
    OWN + "/conversations/1/log#x",
    OWN + "/conversations/1/parameters/draft",
    OWN + "/notes/list",
    OWN + "/drafts/1",
]

NOT_OURS = [
    "http://127.0.0.1/",
    "http://127.0.0.1:57221/",
    "http://127.0.0.1:5722/",
    "https://127.0.0.1:57220/",
    "http://localhost:57220/",
    "http://127.0.0.1.example.com:57220/",
    "http://0.0.0.0:57220/",
    "http://[::1]:57220/",
    "http://127.1:57220/",
    "http://2130706433:57220/",
    "http://example.com/http://127.0.0.1:57220/",
    "http://example.com/?http://127.0.0.1:57220/",
    "https://example.com/a?b=c#d",
    "HTTPS://EXAMPLE.COM/",
    "https://xn--exmple-cua.com/",
    "mailto:someone@example.com",
]


def test_the_table_of_bad_addresses_is_long_enough() -> None:
    assert len(BLOCKED) >= 60


@pytest.mark.parametrize("url", BLOCKED)
def test_it_is_blocked(url: str) -> None:
    assert classify_navigation(url, TRUSTED, KEY) is Verdict.BLOCK


@pytest.mark.parametrize("url", NOT_OURS)
def test_what_is_not_exactly_ours_is_outside(url: str) -> None:
    assert classify_navigation(url, TRUSTED) is Verdict.EXTERNAL


@pytest.mark.parametrize(
    "rest", ["", "/", "/c/1?a=b#c", "?q=1", "#top", "/shell", "/notes/1", "/settings"]
)
def test_our_own_pages_stay_in_the_view(rest: str) -> None:
    assert classify_navigation(OWN + rest, TRUSTED) is Verdict.IN_VIEW


@pytest.mark.parametrize(
    ("rest", "name"),
    [
        (f"/shell/{KEY}/pick-model", "pick-model"),
        (f"/shell/{KEY}/open-logs?a=b", "open-logs"),
        (f"/shell/{KEY}/a#b", "a"),
    ],
)
def test_shell_paths_with_the_key_are_commands(rest: str, name: str) -> None:
    assert classify_navigation(OWN + rest, TRUSTED, KEY) is Verdict.COMMAND
    assert classify_navigation(OWN + rest, TRUSTED) is Verdict.BLOCK
    assert classify_navigation(OWN + rest, TRUSTED, "f" * 32) is Verdict.BLOCK
    assert command_of(OWN + rest) == name


def test_with_nobody_trusted_nothing_stays_in_the_view() -> None:
    assert classify_navigation(OWN + "/", None) is not Verdict.IN_VIEW
    assert (
        classify_navigation(OWN + f"/shell/{KEY}/a", None, KEY) is not Verdict.COMMAND
    )


def test_an_origin_is_scheme_host_and_port() -> None:
    assert Origin.of("HTTP://Example.com/a") == Origin("http", "example.com", 80)
    assert Origin.of("https://example.com") == Origin("https", "example.com", 443)
    assert str(TRUSTED) == OWN


@pytest.mark.parametrize("page", ["parameters", "several", "several?folder=1"])
def test_a_page_about_a_conversation_can_be_loaded_again(page: str) -> None:
    url = f"{OWN}/conversations/1/{page}"
    assert classify_navigation(url, TRUSTED) is Verdict.IN_VIEW
