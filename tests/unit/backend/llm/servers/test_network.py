"""Servers near by are told from those far away."""

import asyncio
import socket

import pytest

from backend.llm.servers.network import is_near, is_near_address, is_near_name


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "LOCALHOST.",
        "model.localhost",
        "127.0.0.1",
        "127.1.2.3",
        "::1",
        "0.0.0.0",
        "10.1.2.3",
        "172.31.0.1",
        "192.168.1.5",
        "169.254.1.1",
        "100.64.0.1",
        "fe80::1%eth0",
        "fd12::1",
        "::ffff:192.168.1.5",
        "nas",
        "nas.local",
        "box.lan",
        "host.docker.internal",
        "box.home.arpa",
    ],
)
def test_near(host: str) -> None:
    assert is_near_name(host)


@pytest.mark.parametrize(
    "host",
    ["", "8.8.8.8", "172.32.0.1", "198.18.0.1", "2001:db8::1", "a.example", "local.ai"],
)
def test_far(host: str) -> None:
    assert not is_near_name(host)
    assert not is_near_address(host)


@pytest.mark.parametrize(
    ("addresses", "near"),
    [(["10.0.0.5"], True), (["10.0.0.5", "8.8.8.8"], False), ([], False)],
)
def test_a_name_is_where_its_addresses_are(
    monkeypatch: pytest.MonkeyPatch, addresses: list[str], near: bool
) -> None:
    def look_up(*_: object, **__: object) -> list[tuple[object, ...]]:
        if not addresses:
            raise socket.gaierror
        return [(socket.AF_INET, None, 0, "", (ip, 0)) for ip in addresses]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    assert asyncio.run(is_near("https://gpu.corp.example/v1")) is near
    assert asyncio.run(is_near("http://127.0.0.1:1/v1"))
