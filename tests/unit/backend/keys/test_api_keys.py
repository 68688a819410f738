"""API keys with every kind of keyring a computer can have."""

import importlib
import logging

import pytest
from keyring.backend import KeyringBackend
from keyring.errors import KeyringLocked

from backend.keys import keyring
from backend.keys.api_keys import KeyStore, origin_of
from backend.keys.keyring import find_os_vault, is_trusted
from tests.helpers.fake_keyrings import BROKEN, FailingVault, HangingVault, WorkingVault

KEY = "sk-canary-123"
URL = "https://api.example.org/v1"


def library_keyring(module: str, name: str = "Keyring") -> KeyringBackend:
    found = getattr(importlib.import_module(f"keyring.backends.{module}"), name)()
    assert isinstance(found, KeyringBackend)
    return found


def test_a_working_keyring_keeps_keys_over_restarts() -> None:
    vault = WorkingVault()
    KeyStore(lambda: vault).set("e1", f" {KEY}\n", URL)
    store = KeyStore(lambda: vault)
    assert store.get("e1", URL) == KEY
    assert store.get("e2", URL) == ""
    assert store.explain() == ""
    assert [service for service, _ in vault.kept] == ["Hearth"]
    store.delete("e1")
    store.delete("e1")
    assert not vault.kept


def test_a_key_is_given_out_only_for_its_origin() -> None:
    store = KeyStore(WorkingVault)
    store.set("e1", KEY, "https://api.example.org")
    assert store.get("e1", "https://api.example.org:443/other/v1") == KEY
    for other in (
        "http://api.example.org/v1",
        "https://api.example.org:8443/v1",
        "https://evil.example/v1",
        "https://api.example.org.evil.example/v1",
    ):
        assert store.get("e1", other) == ""


WHY = {
    "locked": "locked",
    "denied": "denies",
    "missing": "has no secure keyring",
    "hanging": "does not answer",
    "odd": "denies",
}


@pytest.mark.parametrize(("kind", "why"), WHY.items(), ids=WHY)
def test_without_a_keyring_keys_live_in_memory_and_the_user_is_told(
    kind: str, why: str, caplog: pytest.LogCaptureFixture
) -> None:
    find = (BROKEN | {"odd": lambda: FailingVault(KeyError("x"))})[kind]
    caplog.set_level(logging.DEBUG)
    vault = find()
    store = KeyStore(lambda: vault, patience_s=0.1)
    store.set("e1", KEY, URL)
    assert store.get("e1", URL) == KEY
    assert why in store.explain()
    store.delete("e1")
    assert store.get("e1", URL) == ""
    assert KeyStore(find, patience_s=0.1).get("e1", URL) == ""
    assert KEY not in caplog.text


def test_a_keyring_that_is_unlocked_later_is_used() -> None:
    vault = FailingVault(KeyringLocked())
    store = KeyStore(lambda: vault)
    store.set("e1", KEY, URL)
    vault.error = None
    assert store.explain() == ""
    store.set("e1", KEY, URL)
    assert KeyStore(lambda: vault).get("e1", URL) == KEY


def test_a_keyring_that_answers_late_is_used_again() -> None:
    vault = HangingVault()
    store = KeyStore(lambda: vault, patience_s=0.05)
    assert store.get("e1", URL) == ""
    late = store._keyring.late
    assert late is not None
    vault.unlocked.set()
    late.result(1)
    assert store.explain() == ""


def test_a_swapped_keyring_has_no_key_and_takes_a_new_one() -> None:
    KeyStore(WorkingVault).set("e1", KEY, URL)
    other = WorkingVault()
    store = KeyStore(lambda: other)
    assert store.get("e1", URL) == ""
    store.set("e1", "sk-new", URL)
    assert store.get("e1", URL) == "sk-new"


def test_only_keyrings_known_to_encrypt_are_trusted() -> None:
    assert is_trusted(library_keyring("SecretService"))
    assert not is_trusted(library_keyring("fail"))
    assert not is_trusted(library_keyring("null"))
    assert not is_trusted(WorkingVault())


def test_a_plaintext_keyring_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    plaintext = library_keyring("null")
    monkeypatch.setattr("keyring.core._keyring_backend", plaintext)
    assert find_os_vault() is None
    assert "no secure keyring" in KeyStore().explain()


def test_a_chain_is_searched_for_a_trusted_keyring(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    trusted = library_keyring("SecretService")
    chain = library_keyring("chainer", "ChainerBackend")
    monkeypatch.setattr(type(chain), "backends", [library_keyring("null"), trusted])
    monkeypatch.setattr("keyring.core._keyring_backend", chain)
    assert find_os_vault() is trusted


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://a.org/v1", "https://a.org:443"),
        ("http://A.org", "http://a.org:80"),
        ("127.0.0.1:11434/v1", "http://127.0.0.1:11434"),
    ],
)
def test_an_origin_is_scheme_host_and_port(url: str, origin: str) -> None:
    assert origin_of(url) == origin
    assert keyring.SERVICE == "Hearth"
