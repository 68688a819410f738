"""Addresses as people write them."""

import pytest

from backend.errors import InvalidInputError
from backend.llm.servers.address import (
    clean_base_url,
    is_exposed,
    place_of,
    read_address,
    server_of,
    shown,
    stored,
    without_secrets,
)
from backend.llm.wire.client import endpoint


@pytest.mark.parametrize(
    ("typed", "used"),
    [
        ("http://127.0.0.1:11434", "http://127.0.0.1:11434/v1"),
        ("http://127.0.0.1:11434/", "http://127.0.0.1:11434/v1"),
        (" http://127.0.0.1:1234/v1/ ", "http://127.0.0.1:1234/v1"),
        ("localhost:8080", "http://localhost:8080/v1"),
        ("https://openrouter.ai/api", "https://openrouter.ai/api/v1"),
        ("https://a.example/v1/chat/completions", "https://a.example/v1"),
        ("https://a.example/v1beta/openai", "https://a.example/v1beta/openai"),
        ("http://[::1]:8080", "http://[::1]:8080/v1"),
    ],
)
def test_an_address_is_taken_with_or_without_its_version(typed: str, used: str) -> None:
    assert clean_base_url(typed) == used


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "http://",
        "file:///etc/passwd",
        "ftp://a.example",
        "http://user:pass@a.example",
        "http://a.example/?x=1",
        "http://a.example/#x",
        "http://a.example:99999",
        "http://a.example:0",
        "http://[::1",
    ],
)
def test_what_is_no_address_is_refused(typed: str) -> None:
    with pytest.raises(InvalidInputError):
        clean_base_url(typed)


HOSTS = [
    ("localhost:1234", "localhost:1234"),
    ("  http://host:80/ ", "host:80"),
    ("http:/host", "host"),
    ("http:host:81", "host:81"),
    ("HTTP:\\\\host", "host"),
    ("https:// host", "host"),
    ("\u201chttp://10.0.0.1:11434\u201d", "10.0.0.1:11434"),
    ("<http://host>,", "host"),
    ("[::1]:8080", "[::1]:8080"),
    ("8080", "127.0.0.1:8080"),
    (":8080", "127.0.0.1:8080"),
    ("0.0.0.0:8000", "127.0.0.1:8000"),
    ("http://[::]:8000", "[::1]:8000"),
    ("localhost\uff1a1234", "localhost:1234"),
    ("host\u200b.example", "host.example"),
    ("m\u00fcnchen.example", "m\u00fcnchen.example"),
    ("http://host/?q=1#/chat", "host"),
]


@pytest.mark.parametrize(("typed", "netloc"), HOSTS)
def test_an_address_is_read_as_people_write_it(typed: str, netloc: str) -> None:
    assert read_address(typed).netloc == netloc


URL = "http://h:8000/v1"
LINES = [
    "export OPENAI_BASE_URL={}",
    "OPENAI_BASE_URL={}",
    "set OPENAI_BASE_URL={}",
    '$env:OPENAI_BASE_URL = "{}"',
    'base_url="{}"',
    "base_url='{}',",
    'client = OpenAI(base_url="{}", api_key="none")',
    '  "baseURL": "{}",',
    '{{\\"url\\": \\"{}\\"}}',
    "base_url: {}",
    "OPENAI_BASE_URL=`{}`; python run.py",
    "curl {}/chat/completions",
    "curl -s '{}/models' -H 'Authorization: Bearer sk-1' | jq .",
    "curl {}/chat/completions \\ -H 'Content-Type: application/json'",
    "POST {}/chat/completions",
    "GET {}/models HTTP/1.1",
    "POST h:8000/v1/chat/completions HTTP/1.1",
    "OLLAMA_HOST=h:8000",
    "--api-base h:8000/v1",
    "[the server]({})",
    "Open {}.",
    "The server runs at \u201c{}\u201d:",
    "INFO: Uvicorn running on {} (Press CTRL+C to quit)",
]


@pytest.mark.parametrize("line", LINES)
def test_a_line_of_documentation_is_the_one_address_in_it(line: str) -> None:
    address = read_address(line.format(URL))
    assert address.bases("http")[0] == URL


FORMS = [
    ("http://h", ["/v1", ""]),
    ("http://h/v1", ["/v1"]),
    ("http://h//v1//", ["/v1"]),
    ("http://h/V1", ["/v1", "/V1"]),
    ("http://h/v1/models", ["/v1"]),
    ("http://h/v1/completions", ["/v1"]),
    ("http://h/v1/chat/completions", ["/v1"]),
    ("http://h/api/tags", ["/v1", ""]),
    ("http://h/api", ["/api/v1", "/api", "/v1"]),
    ("http://h/#/chat", ["/v1", ""]),
    ("http://h/chat", ["/v1", ""]),
    ("http://h/inference", ["/inference/v1", "/inference", "/v1"]),
    ("http://h/v1beta/openai", ["/v1beta/openai", "/v1beta"]),
    ("https://api.perplexity.ai", [""]),
    ("openrouter.ai", ["/api/v1"]),
    ("api.openai.com/v1", ["/v1"]),
    ("name.openai.azure.com", ["/openai/v1"]),
]


@pytest.mark.parametrize(("typed", "paths"), FORMS)
def test_the_likely_forms_of_an_address_are_tried(typed: str, paths: list[str]) -> None:
    address = read_address(typed)
    bases = [f"http://{address.netloc}{path}" for path in paths]
    assert list(address.bases("http")) == bases


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("", "not the address"),
        ("http://", "not the address"),
        ("Not a url at all", "not the address"),
        ("ftp://a.example", "not the address"),
        ("file:///etc/passwd", "not the address"),
        ("http://a.example:99999", "not the address"),
        ("a.example:0", "not the address"),
        ("http://[::1", "not the address"),
        ("a..example", "not the address"),
        ("http://user:pass@a.example", "name and password"),
        ("http://a.example/?key=sk-1", "Leave the key out"),
        ("curl https://a.example/v1?key=$KEY", "Leave the key out"),
        ("export BASE=http://me:secret@a.example", "name and password"),
        ("export BASE=https://${HOST}/v1", "not the address"),
        ("export BASE=", "not the address"),
        ("curl http://a.example/v1 http://b.example/v1", "more than one address"),
        ("h:8000 or h:8001", "more than one address"),
    ],
)
def test_an_address_that_cannot_be_used_says_why(typed: str, why: str) -> None:
    with pytest.raises(InvalidInputError, match=why):
        read_address(typed)


@pytest.mark.parametrize(
    ("typed", "without_key", "with_key"),
    [
        ("localhost:1", "http https", "http https"),
        ("127.0.0.2:1", "http https", "http https"),
        ("192.168.1.2:1", "http https", "https http"),
        ("nas:1", "http https", "https http"),
        ("nas.local", "http https", "https http"),
        ("api.example.com", "https http", "https http"),
        ("8.8.8.8", "https http", "https http"),
        ("http://api.example.com", "http", "https http"),
        ("http://localhost", "http", "http"),
        ("https://localhost", "https", "https"),
    ],
)
def test_a_key_and_a_far_name_go_by_https_first(
    typed: str, without_key: str, with_key: str
) -> None:
    address = read_address(typed)
    assert " ".join(address.schemes(with_key=False)) == without_key
    assert " ".join(address.schemes(with_key=True)) == with_key


@pytest.mark.parametrize(
    ("base", "is_readable"),
    [
        ("http://127.0.0.1/v1", False),
        ("http://[::1]/v1", False),
        ("http://localhost:1/v1", False),
        ("https://a.example/v1", False),
        ("http://a.example/v1", True),
        ("http://192.168.1.2/v1", True),
        ("http://localhost.example/v1", True),
    ],
)
def test_only_http_to_another_computer_is_readable(
    base: str, is_readable: bool
) -> None:
    assert is_exposed(base) is is_readable


@pytest.mark.parametrize("base", ["http://h/v1", "http://h", "https://h/inference"])
def test_a_base_is_the_same_after_it_was_stored(base: str) -> None:
    assert clean_base_url(stored(base)) == base
    assert shown(stored(base)) == base


def test_one_server_is_known_by_every_form_of_its_address() -> None:
    forms = [
        "http://localhost:11434",
        "http://127.0.0.1:11434/v1",
        "http://[::1]:11434/v1/",
        "http://LOCALHOST:11434/.",
    ]
    assert len({server_of(form) for form in forms}) == 1
    assert server_of("https://a.example") == server_of("https://a.example:443/v1")
    assert server_of("http://localhost:1") != server_of("http://localhost:2")


DATED = "https://n.openai.azure.com/openai/deployments/d/chat/completions?api-version=1"


def test_the_version_of_a_dated_address_stays_behind_it() -> None:
    address = read_address(DATED)
    base = address.bases("https")[0]
    assert base == "https://n.openai.azure.com/openai/deployments/d?api-version=1"
    assert clean_base_url(stored(base)) == base
    assert endpoint(base, "/models").endswith("/deployments/d/models?api-version=1")
    assert server_of(base)[2] == "/openai/deployments/d"
    assert address.bases("https")[-1] == "https://n.openai.azure.com/v1"


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("http://127.0.0.1:1", "this computer"),
        ("http://[::1]:1/v1", "this computer"),
        ("http://10.0.0.3/v1", "your network"),
        ("http://nas:1/v1", "your network"),
        ("https://api.openai.com/v1", "the internet (api.openai.com)"),
    ],
)
def test_where_a_server_is_is_said(url: str, place: str) -> None:
    assert place_of(url) == place


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("", ""),
        ("localho", "localho"),
        (" http://127.0.0.1:8080/v1 ", "http://127.0.0.1:8080/v1"),
        ("https://api.example.com", "https://api.example.com"),
        ("[::1]:8080", "[::1]:8080"),
        ("http://me:secret@host", ""),
        ("http://host/v1?key=secret", ""),
        ("curl http://host", ""),
        ("export KEY=secret", ""),
        ("sk-proj-0123456789", ""),
        ("eyJhbGciOiJIUzI1NiJ9.e30." + "a" * 43, ""),
    ],
)
def test_of_an_address_that_is_typed_no_secret_is_kept(typed: str, kept: str) -> None:
    assert without_secrets(typed) == kept
