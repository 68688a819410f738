"""What a person sets is read as it was meant, or it is said what cannot be."""

from pathlib import Path

import pytest

from backend.errors import InvalidInputError
from backend.llm.options import Effort, EngineOptions, Parameters
from backend.services.engines.option_forms import read_options, without_login

BEFORE = EngineOptions(parameters=Parameters(seed=7), proxy="http://old:1", threads=2)


def test_what_a_form_has_not_stays() -> None:
    assert read_options({}, BEFORE) == BEFORE


def test_what_is_typed_is_read(tmp_path: Path) -> None:
    own = tmp_path / "own.pem"
    own.touch()
    form = {
        "temperature": "0,7",
        "top_p": "1",
        "max_tokens": " 200 ",
        "seed": "",
        "stop": "END\n\n  FIN ",
        "reasoning_effort": "high",
        "proxy": "proxy.example:3128",
        "ca_file": str(own),
        "context": "4096",
        "threads": "",
        "gpu_layers": "0",
        "idle_minutes": "5",
    }
    assert read_options(form, BEFORE) == EngineOptions(
        parameters=Parameters(
            temperature=0.7,
            top_p=1.0,
            max_tokens=200,
            stop=("END", "FIN"),
            reasoning_effort=Effort.HIGH,
        ),
        proxy="http://proxy.example:3128",
        ca_file=str(own),
        context=4096,
        gpu_layers=0,
        idle_minutes=5,
    )


@pytest.mark.parametrize(
    ("name", "typed", "words"),
    [
        ("temperature", "warm", "from 0.0 to 2.0"),
        ("temperature", "2.1", "from 0.0 to 2.0"),
        ("temperature", "nan", "from 0.0 to 2.0"),
        ("top_p", "-1", "from 0.0 to 1.0"),
        ("max_tokens", "0", "from 1 to"),
        ("max_tokens", "1.5", "from 1 to"),
        ("seed", "-1", "from 0 to"),
        ("stop", "a\nb\nc\nd\ne", "4 stop words"),
        ("reasoning_effort", "wild", "from the list"),
        ("proxy", "socks5://x", "address of a proxy"),
        ("proxy", "http://", "address of a proxy"),
        ("proxy", "http://x:99999", "address of a proxy"),
        ("ca_file", "/nowhere/own.pem", "no certificate file"),
        ("context", "10", "from 256"),
    ],
)
def test_what_cannot_be_is_said(name: str, typed: str, words: str) -> None:
    with pytest.raises(InvalidInputError, match=words):
        read_options({name: typed}, BEFORE)


@pytest.mark.parametrize(
    ("proxy", "address", "login"),
    [
        ("", "", ""),
        ("http://proxy:3128", "http://proxy:3128", ""),
        ("http://me:p%40ss@proxy:3128/", "http://proxy:3128/", "me:p%40ss"),
    ],
)
def test_the_password_of_a_proxy_is_kept_apart(
    proxy: str, address: str, login: str
) -> None:
    assert without_login(proxy) == (address, login)
